"""State of power and of energy: what can be given or taken for how long, and how much is left.

The current that a cell can carry for a while without leaving its voltage limits follows from its circuit (G. Plett,
Battery Management Systems II, 2016, ch. 6): resistances that take their time have come to 1 - exp(-t/tau) of themselves
after t, and the open-circuit voltage has moved with the charge taken. The least of that, of the rating (already derated
for voltage and temperature) and of the charge that is left counts.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from leyden.model.readings import Floats
from leyden.physics import Cell

HORIZONS_S = (1.0, 10.0, 60.0, 900.0)
ROUNDS = 24  # of halving: the current is found to a millionth of its bound


class PowerBy(IntEnum):
    """What sets a state of power."""

    RATING = 0
    VOLTAGE = 1
    CHARGE = 2


@dataclass(frozen=True, slots=True, eq=False)
class CellsNow:
    """What is known of n cells (the weakest of each rack will do), all (n,)."""

    soc: Floats
    temperature_degc: Floats
    capacity_ah: Floats
    ohm_factor: Floats
    """Resistance against that of a new cell of this kind."""
    fast_a: Floats
    slow_a: Floats
    """Currents behind the circuit's two time constants; 0 after a rest."""


@dataclass(frozen=True, slots=True, eq=False)
class StateOfPower:
    """One direction, (horizon, n)."""

    current_a: Floats
    """Never negative."""
    power_w: Floats
    """Of one cell, at the end of the horizon, never negative."""
    by: NDArray[np.int64]
    """A PowerBy each."""


def state_of_power(
    cell: Cell, now: CellsNow, current_max_a: Floats, discharge: bool, soc_edge: float,
    horizons_s: tuple[float, ...] = HORIZONS_S,
) -> StateOfPower:  # fmt: skip
    """What cells can give (`discharge`) or take over each horizon, at most `current_max_a` (n,) and down or up to
    `soc_edge`. A cell of which anything is nan can do nothing."""
    sign = 1.0 if discharge else -1.0
    shape = (len(horizons_s), len(now.soc))
    left_c = 3600.0 * now.capacity_ah * np.maximum(sign * (now.soc - soc_edge), 0.0)
    by_charge_a = left_c / np.array(horizons_s)[:, None]
    bound_a = np.minimum(np.broadcast_to(current_max_a, shape), by_charge_a)
    low_a, high_a = np.zeros(shape), np.nan_to_num(bound_a, nan=0.0)
    everything = _holds(cell, now, high_a, sign, horizons_s)
    for _ in range(ROUNDS):
        middle_a = 0.5 * (low_a + high_a)
        holds = _holds(cell, now, middle_a, sign, horizons_s)
        low_a, high_a = np.where(holds, middle_a, low_a), np.where(holds, high_a, middle_a)
    current_a = np.where(everything, np.nan_to_num(bound_a, nan=0.0), low_a)
    by = np.where(everything, np.where(by_charge_a < current_max_a, PowerBy.CHARGE, PowerBy.RATING), PowerBy.VOLTAGE)
    volts = _end_v(cell, now, current_a, sign, horizons_s)
    power_w = np.where(current_a > 0.0, np.nan_to_num(current_a * volts, nan=0.0), 0.0)
    return StateOfPower(current_a, np.maximum(power_w, 0.0), by.astype(np.int64))


def _holds(
    cell: Cell, now: CellsNow, current_a: Floats, sign: float, horizons_s: tuple[float, ...]
) -> NDArray[np.bool_]:
    """Whether the voltage is inside the cell's limits at the end, and at once."""
    rating = cell.rating
    found = np.ones(current_a.shape, dtype=np.bool_)
    for times_s in (horizons_s, (0.0,) * len(horizons_s)):
        volts = _end_v(cell, now, current_a, sign, times_s)
        found &= (volts >= rating.voltage_min_v) if sign > 0.0 else (volts <= rating.voltage_max_v)
    return found


def _end_v(cell: Cell, now: CellsNow, current_a: Floats, sign: float, horizons_s: tuple[float, ...]) -> Floats:
    """Voltage after each horizon of a constant current, (horizon, n); hysteresis counts as wholly turned."""
    table, t = cell.impedance, np.array(horizons_s)[:, None]
    factor = now.ohm_factor * table.factor_at(now.temperature_degc)
    i_a = sign * current_a
    soc = now.soc - i_a * t / (3600.0 * now.capacity_ah)
    at_once = np.interp(soc, table.soc, table.r0_discharge_ohm if sign > 0.0 else table.r0_charge_ohm)
    fast, slow = np.exp(-t / table.tau1_s), np.exp(-t / table.tau2_s)
    drop = at_once * i_a
    drop = drop + np.interp(soc, table.soc, table.r1_ohm) * (i_a * (1.0 - fast) + now.fast_a * fast)
    drop = drop + np.interp(soc, table.soc, table.r2_ohm) * (i_a * (1.0 - slow) + now.slow_a * slow)
    end_v: Floats = cell.ocv.voltage_v(soc) - sign * cell.hysteresis.half_at(soc) - factor * drop
    return end_v


def state_of_energy(cell: Cell, soc: Floats, capacity_ah: Floats, soc_min: float, current_a: float) -> Floats:
    """Energy that cells give from `soc` (n,) down to `soc_min` at a constant discharge current, less its loss [Wh].

    Warm and sustained: what the open-circuit voltage holds, less the sustained resistance. nan gives nan.
    """
    held_v = cell.ocv.integral_v(soc) - cell.ocv.integral_v(np.full_like(soc, soc_min))
    lost_v = np.maximum(soc - soc_min, 0.0) * current_a * cell.resistance_ohm
    energy_wh: Floats = capacity_ah * np.where(np.isnan(soc), np.nan, np.maximum(held_v - lost_v, 0.0))
    return energy_wh
