"""The slow, obvious form of the kernels, as an oracle."""

from dataclasses import dataclass, field

import numpy as np

from leyden.model.readings import Floats
from leyden.physics import Cell
from leyden.physics import cell_step as cells


def some_cells(cell: Cell, racks: int, series: int, seed: int) -> tuple[Floats, Floats]:
    """State and make of cells of all sorts, none of which was ever under a current."""
    rng = np.random.default_rng(seed)
    shape = (racks, series)
    made = np.zeros((cells.MAKES, *shape))
    made[cells.CAPACITY] = 3600.0 * cell.capacity_ah * rng.uniform(0.7, 1.0, shape)
    made[cells.PER_CAPACITY] = 1.0 / made[cells.CAPACITY]
    made[cells.RESISTANCE] = rng.uniform(1.0, 2.0, shape)
    made[cells.HEAT] = rng.uniform(0.0, 5.0, shape)
    made[cells.SHORT] = rng.choice([0.0, 0.0, 0.5], shape)
    made[cells.BLEED] = rng.choice([0.0, 0.0, 0.03], shape)
    state = np.zeros((cells.STATES, *shape))
    state[cells.SOC] = rng.uniform(0.0, 1.0, shape)
    state[cells.TEMPERATURE] = rng.uniform(-20.0, 50.0, shape)
    state[cells.CHEMICAL] = cell.ocv.integral_v(state[cells.SOC])
    state[cells.VOLTAGE] = cell.ocv.voltage_v(state[cells.SOC])
    return state, made


@dataclass
class Stepper:
    """The kernels, with all that they need beside."""

    cell: Cell
    state: Floats
    made: Floats
    now: Floats = field(init=False)
    sums: Floats = field(init=False)
    heat_w: Floats = field(init=False)

    def __post_init__(self) -> None:
        shape = self.state.shape[1:]
        self.now, self.sums = np.zeros((cells.NOWS, *shape)), np.zeros((cells.RACK_SUMS, shape[0]))
        self.heat_w = np.zeros(shape)
        impedance = self.cell.impedance
        self.lags_s = impedance.tau1_s, impedance.tau2_s
        self.turn_soc = self.cell.hysteresis.turn_soc
        self.tables = self.cell.ocv.nodes, cells.circuit_nodes(self.cell), cells.factor_nodes(self.cell)
        self.look(np.zeros(shape[0]))

    def move(self, current_a: Floats, dt_s: float) -> tuple[float, float, float, float]:
        return cells.move_cells(
            self.state, self.made, self.now, current_a, self.lags_s, self.turn_soc, dt_s, self.heat_w
        )

    def look(self, current_a: Floats, anew: bool = True) -> float:
        return cells.look_at_cells(self.state, self.made, self.now, current_a, *self.tables, self.sums, anew)

    def held_j(self) -> float:
        return float(self.state[cells.INNER].sum())


def plain_step(cell: Cell, state: Floats, made: Floats, current_a: Floats, dt_s: float) -> Floats:
    """One step by numpy alone, without heat: `state` changes, and the mean heat of each cell is returned [W]."""
    soc, degc, volt, chemical, fast, slow, turned, inner = state
    impedance, hysteresis = cell.impedance, cell.hysteresis
    i = current_a[:, None] + (made[cells.SHORT] + made[cells.BLEED]) * volt

    def ohms() -> tuple[Floats, Floats, Floats]:
        factor, at = made[cells.RESISTANCE] * impedance.factor_at(degc), impedance.soc
        both = (impedance.r0_charge_ohm, impedance.r0_discharge_ohm)
        r0 = np.where(current_a[:, None] > 0.0, np.interp(soc, at, both[1]), np.interp(soc, at, both[0]))
        return factor * r0, factor * np.interp(soc, at, impedance.r1_ohm), factor * np.interp(soc, at, impedance.r2_ohm)

    r0, r1, r2 = ohms()
    half, slope = hysteresis.half_at(soc), cell.entropy.at(soc)
    tau1, tau2 = impedance.tau1_s, impedance.tau2_s
    left1, left2 = np.exp(-dt_s / tau1), np.exp(-dt_s / tau2)
    drop = r0 * i
    drop += r1 * (i + (fast - i) * (1 - left1) * tau1 / dt_s) + r2 * (i + (slow - i) * (1 - left2) * tau2 / dt_s)
    fast[:], slow[:] = i + (fast - i) * left1, i + (slow - i) * left2
    moved = np.abs(i) * dt_s / made[cells.CAPACITY] / hysteresis.turn_soc
    end, least = np.where(i > 0.0, -1.0, 1.0), np.maximum(moved, 1e-12)
    drop -= half * (end + (turned - end) * -np.expm1(-least) / least)
    turned[:] = end + (turned - end) * np.exp(-moved)
    held = 0.5 * (tau1 * r1 * fast**2 + tau2 * r2 * slow**2)
    held += 0.5 * made[cells.CAPACITY] * hysteresis.turn_soc * half * turned**2
    heat_w = i * drop - (held - inner) / dt_s + made[cells.SHORT] * volt**2
    heat_w += made[cells.HEAT] - i * (degc + 273.15) * slope
    inner[:] = held
    soc -= i * dt_s / made[cells.CAPACITY]
    chemical[:] = cell.ocv.integral_v(soc)
    r0, r1, r2 = ohms()
    emf = cell.ocv.voltage_v(soc) + turned * hysteresis.half_at(soc)
    volt[:] = emf - r0 * (current_a[:, None] + (made[cells.SHORT] + made[cells.BLEED]) * volt) - r1 * fast - r2 * slow
    return np.asarray(heat_w)
