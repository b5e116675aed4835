"""The laws of what stands on the site: pure functions over arrays, each with its source.

A `Cell` is a kind of cell, read from `cells/NAME.toml` by `load_cell`.
"""

from leyden.physics.cell import Cell
from leyden.physics.cell_file import CellFileError, load_cell

__all__ = ["Cell", "CellFileError", "load_cell"]
