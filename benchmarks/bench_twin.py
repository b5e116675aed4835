"""What a second of the park's container costs: the kernels, the container, the whole twin, and reading it."""

import numpy as np
import pytest
from benchmarks.timing import best

from leyden.physics import cell_step as cells
from leyden.twin import ProfileOptions, TwinOptions
from tests.physics.plain import plain_step, some_cells
from tests.twin.parks import CELL, a_site, a_twin

pytestmark = pytest.mark.bench

PARK = TwinOptions(load={"line1": ProfileOptions("simbench-g3m", 3e6)})
RACKS, SERIES = 10, 384


def park():
    twin = a_twin(a_site(), PARK)
    twin.command("b1", {"setpoint_w": 5e5, "run": 1})
    twin.step(10.0)
    return twin


def bench_cells_of_a_container(benchmark):
    """3840 cells by one second, and how many times faster that is than plain numpy."""
    state, made = some_cells(CELL, RACKS, SERIES, seed=1)
    current_a, sums = np.full(RACKS, 40.0), np.zeros((cells.SUMS, RACKS))
    heat = (25.0, CELL.cooling_w_per_k, CELL.heat_capacity_j_per_k, 0.9998)
    benchmark(cells.step_cells, state, made, current_a, CELL.ocv.nodes, heat, 1.0, sums)
    plain_s = best(lambda: plain_step(CELL, state, made, current_a, 25.0, 1.0), 50)
    kernel_s = best(lambda: cells.step_cells(state, made, current_a, CELL.ocv.nodes, heat, 1.0, sums), 50)
    benchmark.extra_info["times faster than plain numpy"] = round(plain_s / kernel_s, 1)
    benchmark.extra_info["ns per cell"] = round(1e9 * kernel_s / (RACKS * SERIES), 1)
    assert kernel_s < plain_s


def bench_a_container(benchmark):
    """Converter, sharing, cells, books and battery management by one second; the aim is under 100 us."""
    battery = park().batteries["b1"]
    benchmark(battery.step, 1.0)


def bench_the_whole_twin(benchmark):
    """The park by one second: container, profiles with ripple, meters."""
    twin = park()
    benchmark(twin.step, 1.0)


def bench_read_after_a_step(benchmark):
    """Building all readings anew, every cell with them."""
    twin = park()

    def moved():
        twin.step(1.0)
        return (), {}

    benchmark.pedantic(twin.read, setup=moved, rounds=300)


def bench_read_again(benchmark):
    """Reading when nothing has changed."""
    benchmark(park().read)
