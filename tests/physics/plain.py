"""The slow, obvious form of the kernels, as an oracle."""

import numpy as np

from leyden.model.readings import Floats
from leyden.physics import Cell
from leyden.physics import cell_step as cells


def some_cells(cell: Cell, racks: int, series: int, seed: int) -> tuple[Floats, Floats]:
    """State and make of cells of all sorts."""
    rng = np.random.default_rng(seed)
    shape = (racks, series)
    made = np.zeros((4, *shape))
    made[cells.CAPACITY] = 3600.0 * cell.capacity_ah * rng.uniform(0.7, 1.0, shape)
    made[cells.PER_CAPACITY] = 1.0 / made[cells.CAPACITY]
    made[cells.RESISTANCE] = cell.resistance_ohm * rng.uniform(1.0, 2.0, shape)
    made[cells.HEAT] = rng.uniform(0.0, 5.0, shape)
    state = np.zeros((4, *shape))
    state[cells.SOC] = rng.uniform(0.0, 1.0, shape)
    state[cells.TEMPERATURE] = rng.uniform(-20.0, 50.0, shape)
    state[cells.CHEMICAL] = cell.ocv.integral_v(state[cells.SOC])
    return state, made


def plain_step(
    cell: Cell, state: Floats, made: Floats, current_a: Floats, ambient_degc: float, dt_s: float
) -> tuple[tuple[float, float, float], Floats]:
    """One step by numpy alone; changes `state` and returns the totals and the sums of each rack."""
    soc, temperature_degc, voltage_v, chemical_v = state
    capacity_c, _, resistance_ohm, heat_w = made
    current = current_a[:, None]
    soc -= current * dt_s / capacity_c
    stored_j = (capacity_c * (cell.ocv.integral_v(soc) - chemical_v)).sum()
    chemical_v[:] = cell.ocv.integral_v(soc)
    ocv_v = cell.ocv.voltage_v(soc)
    voltage_v[:] = ocv_v - current * resistance_ohm
    made_w = current**2 * resistance_ohm + heat_w
    settled = ambient_degc + made_w / cell.cooling_w_per_k
    before = temperature_degc.copy()
    left = np.exp(-dt_s * cell.cooling_w_per_k / cell.heat_capacity_j_per_k)
    temperature_degc[:] = settled + (before - settled) * left
    made_j = made_w.sum() * dt_s
    cooled_j = made_j - cell.heat_capacity_j_per_k * (temperature_degc - before).sum()
    index = np.clip(((soc - cell.ocv.soc[0]) / 1e-3).astype(int), 0, len(cell.ocv.nodes) - 2)
    stiffness = 0.5 * cell.ocv.nodes[index, 1] / 1e-3 / capacity_c
    sums = np.stack(
        [
            ocv_v.sum(axis=1),
            stiffness.sum(axis=1),
            voltage_v.min(axis=1),
            voltage_v.max(axis=1),
            temperature_degc.min(axis=1),
            temperature_degc.max(axis=1),
        ]
    )
    return (float(stored_j), float(made_j), float(cooled_j)), sums
