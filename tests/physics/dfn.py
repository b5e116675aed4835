"""A cell that none of us made: records of a simulated LFP cell with real electrodes in it (tools/dfn_cell.py)."""

from functools import cache
from pathlib import Path

import numpy as np

from leyden.physics import load_cell
from leyden.physics.cell import Cell
from leyden.physics.cell_fit import CellFit, fit_cell
from leyden.physics.fitted_cell import fitted_cell
from leyden.physics.trace import Trace
from leyden.physics.trace_file import read_trace

FOLDER = Path(__file__).parents[1] / "data"
CAPACITY_AH = 2.3035
"""Between the voltage limits of the cell's authors."""
GRID_START_SOC = 0.55


@cache
def record(name: str) -> Trace:
    """`pulses`, `slow` or `grid`."""
    return read_trace(FOLDER / f"dfn_{name}.csv.gz")


@cache
def fit(with_slow: bool = False) -> CellFit:
    return fit_cell(record("pulses"), CAPACITY_AH, 1.0, record("slow") if with_slow else None)


@cache
def cell() -> Cell:
    """As fitted on the pulse test alone."""
    return fitted_cell("dfn", fit(), CAPACITY_AH, load_cell("lfp-280ah"))


def true_soc() -> np.ndarray:
    """Of the twelve hours of grid use; the record's first row is a step after the start."""
    grid = record("grid")
    first = grid.current_a[0] * (grid.time_s[1] - grid.time_s[0])
    return grid.soc(GRID_START_SOC - first / (3600.0 * CAPACITY_AH), CAPACITY_AH)
