"""The laws of what stands on the site: pure functions over numbers and arrays, each with its source.

A `Cell` is a kind of cell, read from `cells/NAME.toml` by `load_cell`; `move_cells` moves thousands of them on by one
step of time and `look_at_cells` tells what they are then, `move_heat` takes their heat away, `share_both_ways` finds
the currents of racks in parallel. `converter_loss` is what a converter keeps for itself, `follow` how it moves to where
it is told. `year_value` and `ripple` drive loads, sun and wind.

The kernels are imported when they are first asked for: numba costs a second and 60 MB, which a site of real devices
has no use for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from leyden.physics.cell import Cell
from leyden.physics.cell_file import CellFileError, load_cell
from leyden.physics.converter_loss import ac_power, converter_loss, dc_power
from leyden.physics.follow import follow
from leyden.physics.year_profile import year_value

if TYPE_CHECKING:
    from leyden.physics.cell_step import look_at_cells, move_cells
    from leyden.physics.parallel import share_both_ways

_KERNELS = {
    "look_at_cells": "leyden.physics.cell_step",
    "move_cells": "leyden.physics.cell_step",
    "share_both_ways": "leyden.physics.parallel",
}

__all__ = [
    "Cell",
    "CellFileError",
    "ac_power",
    "converter_loss",
    "dc_power",
    "follow",
    "load_cell",
    "look_at_cells",
    "move_cells",
    "share_both_ways",
    "year_value",
]


def __getattr__(name: str) -> object:
    """A kernel, at its first use."""
    if name not in _KERNELS:
        raise AttributeError(f"module {__name__} has no {name}")
    return getattr(import_module(_KERNELS[name]), name)
