"""Half a gigawatt-hour cell by cell, on one thread: 112 containers of 12 racks of 416 cells, 559,104 in all.

Absolute times depend on the machine and its neighbours; so each figure comes with what plain numpy takes for the same
work in the same run, and with what merely copying that much memory takes.
"""

from functools import cache

import numpy as np
import pytest
from benchmarks.timing import best

from leyden.bms.soc_filter import new_filter, observed
from leyden.bms.soc_sweep import new_sweep, observe
from leyden.physics import load_cell
from leyden.physics.cell_sweep import Make, new_cells, sweep
from tests.physics.plain_sweep import PlainCells

pytestmark = pytest.mark.bench

CELL = load_cell("lfp-280ah")
CONTAINERS, RACKS, SERIES = 112, 12, 416
MANY = CONTAINERS * RACKS * SERIES
EVERY = 15
"""Seconds between two looks of the filter at a cell."""


def make(racks):
    """Cells with the spread of a healthy year."""
    rng, shape = np.random.default_rng(1), (racks, SERIES)
    soc = np.clip(0.6 + 0.01 * rng.standard_normal(shape), 0.0, 1.0)
    capacity_ah = CELL.capacity_ah * (1.0 + 0.01 * rng.standard_normal(shape))
    return Make(soc, capacity_ah, 1.0 + 0.04 * rng.standard_normal(shape))


def some_power(steps):
    """To and fro, so that charge stays where it is however long is measured: 2 MW of 4.5 MWh a container."""
    return 2e6 * np.sin(np.arange(steps) / 7.0)[:, None] * np.ones(CONTAINERS)


@cache
def numpy_ns():
    """Of a cell and step, by numpy in float64, a container of them: it fits the cache, in numpy's favour."""
    plain = PlainCells(CELL, make(RACKS))
    current_a, around = np.full(RACKS, 100.0), np.full(RACKS, 25.0)
    return 1e9 * best(lambda: plain.step(current_a, 1.0, around), 7) / (RACKS * SERIES)


def copy_ns(nbytes):
    """Of a cell, to copy that much memory once."""
    source, target = np.ones(nbytes, np.uint8), np.zeros(nbytes, np.uint8)
    return 1e9 * best(lambda: np.copyto(target, source), 20) / MANY


def tell(benchmark, ns, nbytes, against_ns):
    benchmark.extra_info["ns per cell and step"] = round(ns, 2)
    benchmark.extra_info["times faster than plain"] = round(against_ns / ns, 1)
    benchmark.extra_info["ns to copy its memory once"] = round(copy_ns(nbytes), 2)


def bench_all_cells_by_a_second(benchmark):
    """One step a call, as a twin that answers every second."""
    cells = new_cells(CELL, make(CONTAINERS * RACKS), CONTAINERS)
    steps = iter(some_power(100_000))

    def second():
        sweep(cells, next(steps)[None], 1.0)

    benchmark.pedantic(second, rounds=20)
    ns = 1e9 * best(second, 40) / MANY
    tell(benchmark, ns, cells.rows.nbytes, numpy_ns())
    assert ns < numpy_ns()


def bench_all_cells_by_a_minute_at_a_time(benchmark):
    """60 steps a call, as a study: a container stays in the cache while it goes through them."""
    cells = new_cells(CELL, make(CONTAINERS * RACKS), CONTAINERS)
    power_w = some_power(60)

    def minute():
        sweep(cells, power_w, 1.0)

    benchmark.pedantic(minute, rounds=3)
    ns = 1e9 * best(minute, 5) / (60 * MANY)
    tell(benchmark, ns, cells.rows.nbytes, numpy_ns())
    benchmark.extra_info["minutes for a day of 0.5 GWh"] = round(86400 * MANY * ns / 60e9, 1)
    benchmark.extra_info["seconds for a day in steps of 60 s"] = round(1440 * MANY * ns / 1e9, 1)
    assert ns < numpy_ns()


def filtering(every):
    """A second of the filter over all cells, looking at each rack once in `every` seconds."""
    made = make(CONTAINERS * RACKS)
    belief = new_sweep(CELL, made.soc, made.capacity_ah)
    rng = np.random.default_rng(2)
    seen_v = (3.29 + 0.002 * rng.standard_normal(made.soc.shape)).astype(np.float32)
    degc, current_a = np.full(made.soc.shape, 25.0, np.float32), np.full(CONTAINERS * RACKS, 1.0)
    turns = iter(range(10**9))

    def second():
        observe(belief, current_a, seen_v, degc, 1.0, next(turns), every)

    return second, belief


@cache
def single_filter_ns():
    """Of a look, by the float64 filter of one cell, over cells side by side."""
    belief = new_filter(np.full(SERIES, 0.5), np.full(SERIES, CELL.capacity_ah))
    given = np.full(SERIES, 1.0), np.full(SERIES, 3.29), np.full(SERIES, 25.0), 1.0
    return 1e9 * best(lambda: observed(belief, CELL, *given), 30) / SERIES


@pytest.mark.parametrize("every", [1, EVERY, 60])
def bench_the_filter_over_all_cells(benchmark, every):
    """Every second of every cell counts in the figure, looked at or not."""
    second, belief = filtering(every)
    benchmark.pedantic(second, rounds=10, warmup_rounds=1)
    ns = 1e9 * best(lambda: [second() for _ in range(every)], 3 if every > 1 else 10) / (every * MANY)
    tell(benchmark, ns, belief.blocks.nbytes, single_filter_ns())
    assert ns < single_filter_ns()


def bench_truth_and_filter_together(benchmark):
    """The twin's second and the estimator's over what it measures, one after the other, each cell looked at in turn."""
    made = make(CONTAINERS * RACKS)
    cells, belief = new_cells(CELL, made, CONTAINERS), new_sweep(CELL, made.soc, made.capacity_ah)
    power_w, turns = some_power(10_000), iter(range(10_000))

    def second():
        turn = next(turns)
        sweep(cells, power_w[turn : turn + 1], 1.0)
        observe(belief, cells.current_a, cells.voltage_v, cells.temperature_degc, 1.0, turn, EVERY)

    benchmark.pedantic(second, rounds=EVERY, warmup_rounds=1)
    ns = 1e9 * best(lambda: [second() for _ in range(EVERY)], 4) / (EVERY * MANY)
    tell(benchmark, ns, cells.rows.nbytes + belief.blocks.nbytes, numpy_ns())
    benchmark.extra_info["times real time"] = round(1e9 / (ns * MANY))
    assert np.mean(np.abs(belief.soc - cells.soc) < 2.0 * belief.soc_std) > 0.9
