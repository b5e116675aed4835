"""What a second of the park's container costs: the kernels, the container, the whole twin, and reading it."""

import numpy as np
import pytest
from benchmarks.timing import best

from leyden.physics.heat import Chiller, HeatPath, move_heat
from leyden.twin import ProfileOptions, TwinOptions
from tests.physics.plain import Stepper, plain_step, some_cells
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
    """3840 cells by one second, resistances looked up anew, and how many times faster than plain numpy."""
    state, made = some_cells(CELL, RACKS, SERIES, seed=1)
    current_a, cells = np.full(RACKS, 40.0), Stepper(CELL, state, made)
    plain, voltages = state.copy(), np.full(RACKS, 40.0)

    def step():
        cells.move(current_a, 1e-3)
        cells.look(current_a)

    benchmark(step)
    plain_s = best(lambda: plain_step(CELL, plain, made, voltages, 1e-3), 50)
    kernel_s = best(step, 50)
    benchmark.extra_info["times faster than plain numpy"] = round(plain_s / kernel_s, 1)
    benchmark.extra_info["ns per cell"] = round(1e9 * kernel_s / (RACKS * SERIES), 1)
    assert kernel_s < plain_s


def bench_heat_of_a_container(benchmark):
    """Cells, modules and coolant by one second."""
    path = HeatPath(5405.0, 2.0, 300.0, 4.0, 0.1, 190.0, 0.025)
    cell, module, medium = np.full((RACKS, SERIES), 25.0), np.full((RACKS, 8), 25.0), np.full(1, 25.0)
    heat_w, chiller = np.full((RACKS, SERIES), 8.0), Chiller(20.0, 1e4, 4e4).numbers
    benchmark(move_heat, cell, module, medium, heat_w, 0.0, path.layers(1.0), chiller, 25.0, 1.0)


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
