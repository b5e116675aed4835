"""What stands between a cell's open-circuit voltage and its terminals: a resistance, and two that take their time.

An equivalent circuit of second order (G. Plett, Battery Management Systems I, 2015, ch. 2): R0 acts at once; R1 and R2
act through time constants of seconds and of minutes, on the current filtered by them. Each resistance is a table over
charge, at 25 degC and for a new cell; R0 differs by direction; one factor over temperature scales them all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leyden.model.readings import Floats

TABLE_STEP = 0.01
TABLE_LOW, TABLE_HIGH = -0.05, 1.05
"""Tables for kernels stand at every percent of charge, a little beyond both ends."""


@dataclass(frozen=True, eq=False)
class Impedance:
    """Resistances [ohm] (n,) over rising `soc` (n,), time constants [s], and a factor (m,) over temperature (m,)."""

    soc: Floats
    r0_charge_ohm: Floats
    r0_discharge_ohm: Floats
    r1_ohm: Floats
    r2_ohm: Floats
    tau1_s: float
    tau2_s: float
    temperature_degc: Floats
    factor: Floats
    """1 at 25 degC."""

    def factor_at(self, temperature_degc: float | Floats) -> Floats:
        """By how much the resistances differ from those at 25 degC."""
        return np.asarray(np.interp(temperature_degc, self.temperature_degc, self.factor), dtype=np.float64)

    def sustained_ohm(self, soc: float = 0.5) -> float:
        """What a current that has lasted sees, as the mean of both directions."""
        both = 0.5 * (self.r0_charge_ohm + self.r0_discharge_ohm)
        return float(np.interp(soc, self.soc, both + self.r1_ohm + self.r2_ohm))


def plain(resistance_ohm: float) -> Impedance:
    """One resistance and nothing else: what a data sheet's single number can say."""
    flat, none = np.full(2, resistance_ohm), np.zeros(2)
    ends = np.array([0.0, 1.0])
    return Impedance(ends, flat, flat, none, none, 10.0, 200.0, np.array([25.0]), np.array([1.0]))


@dataclass(frozen=True, eq=False)
class Hysteresis:
    """The voltage at rest depends on where the charge came from: higher after charging, lower after discharging.

    One state from -1 (came from above) to 1 (came from below) that turns over while the charge moves by about
    `turn_soc` (Plett 2015, ch. 2.8); the voltage is off by the state times `half_v` (n,) over `soc` (n,).
    """

    soc: Floats
    half_v: Floats
    turn_soc: float

    def half_at(self, soc: float | Floats) -> Floats:
        """Half the gap between the two voltages [V]."""
        return np.asarray(np.interp(soc, self.soc, self.half_v), dtype=np.float64)


NO_HYSTERESIS = Hysteresis(np.array([0.0, 1.0]), np.zeros(2), 0.05)


@dataclass(frozen=True, eq=False)
class Entropy:
    """How the open-circuit voltage moves with temperature, `v_per_k` (n,) over `soc` (n,): the source of reversible
    heat, I T dU/dT."""

    soc: Floats
    v_per_k: Floats

    def at(self, soc: float | Floats) -> Floats:
        """dU/dT [V/K]."""
        return np.asarray(np.interp(soc, self.soc, self.v_per_k), dtype=np.float64)


R0_CHARGE, R0_DISCHARGE, R1, R2, HALF_V = range(5)
"""Rows of a circuit table."""


def circuit_table(impedance: Impedance, hysteresis: Hysteresis) -> Floats:
    """Resistances [ohm] and half the hysteresis gap [V] at every TABLE_STEP of charge, (5, k), for kernels."""
    at: Floats = TABLE_LOW + TABLE_STEP * np.arange(round((TABLE_HIGH - TABLE_LOW) / TABLE_STEP) + 1, dtype=np.float64)
    ohm: Sequence[Floats] = (
        impedance.r0_charge_ohm, impedance.r0_discharge_ohm, impedance.r1_ohm, impedance.r2_ohm
    )  # fmt: skip
    return np.ascontiguousarray(np.stack([*(np.interp(at, impedance.soc, row) for row in ohm), hysteresis.half_at(at)]))


NO_ENTROPY = Entropy(np.array([0.0, 1.0]), np.zeros(2))
