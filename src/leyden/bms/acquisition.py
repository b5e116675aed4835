"""From what the harness says to what may be believed: which readings are valid, and what they come to for each rack.

A flexible circuit tears, a plug comes loose, a sensor sticks at the end of its range: such a reading is left out of
minimum and maximum, and counted as missing, so that it neither trips a voltage rule by nonsense nor hides. A rack of
which anything is missing is not closed (a field case: contactors closed on 81 of 96 cells). One cell that jumps away
from its rack counts as missing too, but its value stands: it may be true, and then it is a cell in distress.
"""

from dataclasses import dataclass
from math import exp

import numba
import numpy as np
from numpy.typing import NDArray

from leyden.model.readings import Floats

Flags = NDArray[np.bool_]

LOW_V, HIGH_V, COLD_DEGC, HOT_DEGC, MEAN_V, SUM_V, APART_V, MISSING, RISE, FALL = range(10)
"""Rows of `Acquired.racks`: lowest and highest cell voltage [V] and temperature [degC]; mean and sum of cell voltages
[V]; by how much the means of its modules differ [V]; how many readings are missing; the fastest rise of a temperature
[K over RISE_S]; the deepest sudden fall of a cell's voltage against its rack [V]."""

RISE_S = 60.0
"""Time constant over which a rise of temperature is taken."""
FALL_S = 5.0
"""Time constant over which a fall of voltage is sudden."""


@dataclass(frozen=True, slots=True)
class Plausible:
    """Between which values a reading can be true at all."""

    low_v: float = -2.0
    high_v: float = 5.0
    jump_v: float = 1.0
    """By how much one cell may depart from its rack at once."""
    cold_degc: float = -45.0
    hot_degc: float = 250.0


DEFAULT_PLAUSIBLE = Plausible()


@dataclass(frozen=True, slots=True, eq=False)
class Harness:
    """What acquisition remembers: each cell's usual distance from its rack's mean [V], and its sensors' temperatures as
    they were about a minute ago [degC]; nan where nothing has been seen yet."""

    usual_v: Floats
    """(rack, series)."""
    slow_degc: Floats
    """(rack, sensors)."""


def new_harness(racks: int, series: int, sensors: int) -> Harness:
    """Nothing seen yet; the numbers are the configuration, against which every later reading is counted."""
    return Harness(np.full((racks, series), np.nan), np.full((racks, sensors), np.nan))


@dataclass(frozen=True, slots=True, eq=False)
class Acquired:
    """What may be believed of one moment."""

    racks: Floats
    """(10, rack), rows LOW_V to FALL; nan where no reading of a rack is valid."""
    valid_v: Flags
    """(rack, series)."""
    valid_degc: Flags
    """(rack, sensors)."""

    def lowest(self, voltage_v: Floats, rack: int) -> int:
        """Which cell of a rack has the lowest voltage."""
        return int(np.argmin(np.where(self.valid_v[rack], voltage_v[rack], np.inf)))

    def highest(self, voltage_v: Floats, rack: int) -> int:
        """Which cell of a rack has the highest voltage."""
        return int(np.argmax(np.where(self.valid_v[rack], voltage_v[rack], -np.inf)))

    def coldest(self, degc: Floats, rack: int) -> int:
        """Which sensor of a rack is coldest."""
        return int(np.argmin(np.where(self.valid_degc[rack], degc[rack], np.inf)))

    def hottest(self, degc: Floats, rack: int) -> int:
        """Which sensor of a rack is hottest."""
        return int(np.argmax(np.where(self.valid_degc[rack], degc[rack], -np.inf)))


def acquired(
    harness: Harness, voltage_v: Floats, degc: Floats, modules: int, dt_s: float,
    plausible: Plausible = DEFAULT_PLAUSIBLE,
) -> tuple[Harness, Acquired]:  # fmt: skip
    """Judge voltages (rack, series) and temperatures (rack, sensors) as read, `dt_s` after the last ones.

    Where fewer or more arrive than the configuration has, every one of them counts as missing: nobody knows which is
    which.
    """
    if voltage_v.shape != harness.usual_v.shape:
        voltage_v = np.full(harness.usual_v.shape, np.nan)
    if degc.shape != harness.slow_degc.shape:
        degc = np.full(harness.slow_degc.shape, np.nan)
    usual_v, slow_degc, racks, valid_v, valid_degc = _judge(
        voltage_v, degc, harness.usual_v, harness.slow_degc, modules, exp(-dt_s / FALL_S), exp(-dt_s / RISE_S),
        (plausible.low_v, plausible.high_v, plausible.jump_v, plausible.cold_degc, plausible.hot_degc),
    )  # fmt: skip
    return Harness(usual_v, slow_degc), Acquired(racks, valid_v, valid_degc)


@numba.njit(cache=True)
def _judge(
    voltage_v: Floats, degc: Floats, before_v: Floats, before_degc: Floats, modules: int, kept_v: float,
    kept_degc: float, plausible: tuple[float, float, float, float, float],
) -> tuple[Floats, Floats, Floats, Flags, Flags]:  # fmt: skip
    """Rack by rack: quickly where everything is in range and known of before, else one reading after another."""
    low_ok, high_ok, jump, cold_ok, hot_ok = plausible
    racks = np.empty((10, voltage_v.shape[0]))
    usual_v, slow_degc = np.empty_like(before_v), np.empty_like(before_degc)
    valid_v, valid_degc = np.ones(before_v.shape, dtype=np.bool_), np.ones(before_degc.shape, dtype=np.bool_)
    for r in range(voltage_v.shape[0]):
        sound = _all_inside(voltage_v[r], before_v[r], low_ok, high_ok)
        if sound:
            sound = _quick_voltages(r, voltage_v[r], before_v[r], modules, kept_v, usual_v[r], racks) <= jump
        if not sound:
            _voltages(r, voltage_v[r], before_v[r], modules, kept_v, plausible, usual_v[r], valid_v[r], racks)
        if _all_inside(degc[r], before_degc[r], cold_ok, hot_ok):
            _quick_degc(r, degc[r], before_degc[r], kept_degc, slow_degc[r], racks)
        else:
            _degc(r, degc[r], before_degc[r], kept_degc, plausible, slow_degc[r], valid_degc[r], racks)
    return usual_v, slow_degc, racks, valid_v, valid_degc


@numba.njit(cache=True)
def _all_inside(values: Floats, before: Floats, low: float, high: float) -> bool:
    """Whether every value is in range and was known before."""
    inside = 0
    for k in range(values.shape[0]):
        inside += (values[k] >= low) & (values[k] <= high) & (before[k] == before[k])
    return bool(inside == values.shape[0])


# No nan gets here (see _all_inside), so sums, minima and maxima may be taken in any order, many at a time.
@numba.njit(cache=True, fastmath=True)
def _quick_voltages(
    r: int, voltage_v: Floats, before_v: Floats, modules: int, kept: float, usual_v: Floats, racks: Floats
) -> float:
    """One rack whose readings are all in range; returns the furthest jump, which may still be too far."""
    series = voltage_v.shape[0]
    each = max(series // modules, 1)
    low, high, sum_v = np.inf, -np.inf, 0.0
    module_low, module_high = np.inf, -np.inf
    for first in range(0, series, each):
        last, module_v = min(first + each, series), 0.0
        for k in range(first, last):
            module_v += voltage_v[k]
            low, high = min(low, voltage_v[k]), max(high, voltage_v[k])
        sum_v += module_v
        module_low, module_high = (
            min(module_low, module_v / (last - first)),
            max(module_high, module_v / (last - first)),
        )
    mean_v, fall, rise = sum_v / series, 0.0, 0.0
    for k in range(series):
        away = voltage_v[k] - mean_v
        gone = before_v[k] - away
        usual_v[k] = away + kept * gone
        fall, rise = max(fall, gone), max(rise, -gone)
    racks[0, r], racks[1, r], racks[4, r], racks[5, r] = low, high, mean_v, sum_v
    racks[6, r], racks[7, r], racks[9, r] = module_high - module_low, 0.0, fall
    return float(max(fall, rise))


@numba.njit(cache=True, fastmath=True)
def _quick_degc(r: int, degc: Floats, before_degc: Floats, kept: float, slow_degc: Floats, racks: Floats) -> None:
    """One rack whose sensors are all in range."""
    cold, hot, rise = np.inf, -np.inf, 0.0
    for k in range(degc.shape[0]):
        t, gone = degc[k], before_degc[k] - degc[k]
        slow_degc[k] = t + kept * gone
        cold, hot, rise = min(cold, t), max(hot, t), max(rise, -gone)
    racks[2, r], racks[3, r], racks[8, r] = cold, hot, rise


@numba.njit(cache=True)
def _degc(
    r: int, degc: Floats, before_degc: Floats, kept: float, plausible: tuple[float, float, float, float, float],
    slow_degc: Floats, valid: Flags, racks: Floats,
) -> None:  # fmt: skip
    """One rack's sensors, one after another."""
    cold_ok, hot_ok = plausible[3], plausible[4]
    missing, cold, hot, rise = 0, np.inf, -np.inf, 0.0
    for k in range(degc.shape[0]):
        t, slow = degc[k], before_degc[k]
        ok = cold_ok <= t <= hot_ok
        valid[k] = ok
        if not ok:
            missing += 1
            slow_degc[k] = slow
            continue
        if slow != slow:
            slow = t
        cold, hot, rise = min(cold, t), max(hot, t), max(rise, t - slow)
        slow_degc[k] = t + kept * (slow - t)
    if missing == degc.shape[0]:
        cold, hot = np.nan, np.nan
    racks[2, r], racks[3, r], racks[8, r] = cold, hot, rise
    racks[7, r] += missing


@numba.njit(cache=True)
def _voltages(
    r: int, voltage_v: Floats, before_v: Floats, modules: int, kept: float,
    plausible: tuple[float, float, float, float, float], usual_v: Floats, valid: Flags, racks: Floats,
) -> None:  # fmt: skip
    """One rack's cells: a rough mean of what is in range, then each against it."""
    low_ok, high_ok, jump = plausible[0], plausible[1], plausible[2]
    series = voltage_v.shape[0]
    inside, total_v = 0, 0.0
    for k in range(series):
        v = voltage_v[k]
        ok = low_ok <= v <= high_ok
        valid[k] = ok
        if ok:
            inside += 1
            total_v += v
    mean_v = total_v / inside if inside > 0 else np.nan
    each = max(series // modules, 1)
    low, high, fall, missing, sum_v = np.inf, -np.inf, 0.0, 0, 0.0
    module_low, module_high = np.inf, -np.inf
    for first in range(0, series, each):
        last = min(first + each, series)
        module_v, in_module = 0.0, 0
        for k in range(first, last):
            away, usual = voltage_v[k] - mean_v, before_v[k]
            if not valid[k]:
                missing += 1
                usual_v[k] = usual
                continue
            if usual != usual:
                usual = away
            usual_v[k] = away + kept * (usual - away)
            if not abs(away - usual) <= jump:
                missing += 1
            v = voltage_v[k]
            low, high, fall = min(low, v), max(high, v), max(fall, usual - away)
            module_v += v
            in_module += 1
        sum_v += module_v
        if in_module > 0:
            module_low, module_high = min(module_low, module_v / in_module), max(module_high, module_v / in_module)
    if inside == 0:
        low, high = np.nan, np.nan
    racks[0, r], racks[1, r], racks[4, r], racks[5, r] = low, high, mean_v, sum_v
    racks[6, r] = module_high - module_low if module_high >= module_low else np.nan
    racks[7, r], racks[9, r] = missing, fall
