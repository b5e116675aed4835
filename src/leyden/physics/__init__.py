"""The laws of what stands on the site: pure functions over numbers and arrays, each with its source.

A `Cell` is a kind of cell, read from `cells/NAME.toml` by `load_cell`; `step_cells` moves thousands of them on by one
step of time, `share_power` finds the currents of racks in parallel. `converter_loss` is what a converter keeps for
itself, `follow` how it moves to where it is told. `year_value` and `ripple` drive loads, sun and wind.
"""

from leyden.physics.cell import Cell
from leyden.physics.cell_file import CellFileError, load_cell
from leyden.physics.cell_step import step_cells
from leyden.physics.converter_loss import ac_power, converter_loss, dc_power
from leyden.physics.follow import follow
from leyden.physics.parallel import share_power
from leyden.physics.year_profile import year_value

__all__ = [
    "Cell",
    "CellFileError",
    "ac_power",
    "converter_loss",
    "dc_power",
    "follow",
    "load_cell",
    "share_power",
    "step_cells",
    "year_value",
]
