"""Many cells by numpy alone, in float64 and as one would write it down: the oracle of `leyden.physics.cell_sweep`."""

from dataclasses import dataclass, field

import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from leyden.model.readings import Floats
from leyden.physics import Cell
from leyden.physics.cell_sweep import Bounds, Make


@dataclass
class PlainCells:
    """Racks of one container, every cell with all its states, nothing shared."""

    cell: Cell
    make: Make
    soc: Floats = field(init=False)
    fast_a: Floats = field(init=False)
    slow_a: Floats = field(init=False)
    turn: Floats = field(init=False)
    temperature_degc: Floats = field(init=False)
    voltage_v: Floats = field(init=False)
    heat_w: Floats = field(init=False)

    def __post_init__(self) -> None:
        shape = self.make.soc.shape
        self.soc = self.make.soc.astype(float)
        self.fast_a, self.slow_a, self.turn, self.heat_w = (np.zeros(shape) for _ in range(4))
        self.temperature_degc = np.full(shape, self.make.temperature_degc)
        self.voltage_v = self.cell.ocv.voltage_v(self.soc)

    def step(self, current_a: Floats, dt_s: float, surroundings_degc: Floats, warming_w: float = 0.0) -> None:
        """One step under the racks' currents (rack,), discharge positive."""
        cell, impedance, i = self.cell, self.cell.impedance, np.broadcast_to(current_a[:, None], self.soc.shape)
        self.soc = self.soc - i * dt_s / (3600.0 * self.make.capacity_ah)
        self.fast_a = i + (self.fast_a - i) * np.exp(-dt_s / impedance.tau1_s)
        self.slow_a = i + (self.slow_a - i) * np.exp(-dt_s / impedance.tau2_s)
        turned = np.exp(-np.abs(i) * dt_s / (3600.0 * cell.capacity_ah * cell.hysteresis.turn_soc))
        self.turn = np.where(i == 0.0, self.turn, -np.sign(i) + (self.turn + np.sign(i)) * turned)
        drop = self.resistance(i > 0.0) * i
        drop += self.scaled(impedance.r1_ohm) * self.fast_a + self.scaled(impedance.r2_ohm) * self.slow_a
        self.voltage_v = cell.ocv.voltage_v(self.soc) + self.turn * cell.hysteresis.half_at(self.soc) - drop
        self.heat_w = i * drop + i * (self.temperature_degc + 273.15) * cell.entropy.at(self.soc)
        settled = surroundings_degc[:, None] + (self.heat_w + warming_w) / cell.cooling_w_per_k
        left = np.exp(-dt_s * cell.cooling_w_per_k / cell.heat_capacity_j_per_k)
        self.temperature_degc = settled + (self.temperature_degc - settled) * left

    def scaled(self, ohm: Floats) -> Floats:
        """A table of resistance at every cell's charge, temperature and make."""
        at = np.interp(self.soc, self.cell.impedance.soc, ohm)
        scaled: Floats = at * self.make.resistance_factor * self.cell.impedance.factor_at(self.temperature_degc)
        return scaled

    def resistance(self, discharging: NDArray[np.bool_]) -> Floats:
        """R0 of every cell by direction [ohm]."""
        impedance = self.cell.impedance
        return np.where(discharging, self.scaled(impedance.r0_discharge_ohm), self.scaled(impedance.r0_charge_ohm))

    def shared(self, power_w: float, bounds: Bounds) -> Floats:
        """The racks' currents at which one bus gives a power, found by search within the given bounds."""
        asked = np.full(self.soc.shape, power_w > 0.0)
        ohm = self.resistance(asked).sum(axis=1)
        emf_v = (self.voltage_v + self.last_drop()).sum(axis=1)

        def currents(bus_v: float) -> Floats:
            clipped: Floats = np.clip((emf_v - bus_v) / ohm, bounds.low_a, bounds.high_a)
            return clipped

        high_v = emf_v.max() + 0.2 * emf_v.max()
        low_v = 0.6 * emf_v.min()
        bus_v = scipy.optimize.brentq(lambda v: v * currents(v).sum() - power_w, low_v, high_v, xtol=1e-12)
        self.last_a = currents(bus_v)
        return self.last_a

    last_a: Floats = field(default_factory=lambda: np.zeros(1))

    def last_drop(self) -> Floats:
        """What R0 took of each cell's voltage in the step before."""
        i = np.broadcast_to(self.last_a[:, None], self.soc.shape)
        drop: Floats = self.resistance(i > 0.0) * i
        return drop
