"""The jobs of the peers, done by Leyden: `python -m benchmarks.peers.ours JOB` prints seconds as JSON."""

import json
import sys

import numpy as np
from benchmarks.timing import best

from leyden.physics import converter_loss, load_cell
from leyden.physics.cell_sweep import Make, new_cells, sweep

YEAR_STEPS = 365 * 24 * 60


def some(name, racks, series):
    """Cells with a little spread, at half charge, in one container."""
    cell, rng, shape = load_cell(name), np.random.default_rng(1), (racks, series)
    capacity_ah = cell.capacity_ah * (1.0 + 0.01 * rng.standard_normal(shape))
    return new_cells(cell, Make(np.full(shape, 0.5), capacity_ah, 1.0 + 0.04 * rng.standard_normal(shape)), 1)


def liionpack():
    """4 strings of 8 cells on a bus, an hour at 10 s."""
    cells = some("lfp-280ah", 4, 8)
    power_w = np.repeat([5e3, -5e3], 180)[:, None]
    return {"s": best(lambda: sweep(cells, power_w, 10.0), 5), "steps": 360, "cells": 32}


def pybamm():
    """One cell by one second in a call of its own."""
    cells, power_w = some("lfp-280ah", 1, 1), np.full((1, 1), 100.0)
    return {"s": best(lambda: sweep(cells, power_w, 1.0), 500), "steps": 1, "cells": 1}


def simses():
    """One string of 240 cells, standing for 434 alike, behind a converter of 1 MW, a year at 60 s."""
    cells, wave = some("sony-us26650ftc1", 1, 240), 2.5e5 * np.sin(2.0 * np.pi * np.arange(YEAR_STEPS) / 720.0)

    def year():
        dc_w = wave + converter_loss(np.abs(wave), 1e6)
        return sweep(cells, dc_w[:, None] / 434.0, 60.0)

    return {"s": best(year, 2), "steps": YEAR_STEPS, "cells": 240}


if __name__ == "__main__":
    print(json.dumps({"liionpack": liionpack, "pybamm": pybamm, "simses": simses}[sys.argv[1]]()))
