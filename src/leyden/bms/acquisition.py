"""From what the harness says to what may be believed: which readings are valid, and what they come to for each rack.

A flexible circuit tears, a plug comes loose, a sensor sticks at the end of its range: such a reading is left out of
minimum and maximum, and counted as missing, so that it neither trips a voltage rule by nonsense nor hides. A rack of
which anything is missing is not closed (a field case: contactors closed on 81 of 96 cells). One cell that jumps away
from its rack counts as missing too, but its value stands: it may be true, and then it is a cell in distress.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import exp

import numba
import numpy as np
from numpy.typing import NDArray

from leyden.model.readings import Floats

Flags = NDArray[np.bool_]
Singles = NDArray[np.float32]

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
    they were about a minute ago [degC]; nan where nothing has been seen yet. In single precision, as they pass through
    the processor's cache at every look."""

    usual_v: Singles
    """(rack, series)."""
    slow_degc: Singles
    """(rack, sensors)."""
    whole: bool = False
    """Whether every cell and sensor has been seen."""


def new_harness(racks: int, series: int, sensors: int) -> Harness:
    """Nothing seen yet; the numbers are the configuration, against which every later reading is counted."""
    return Harness(np.full((racks, series), np.nan, np.float32), np.full((racks, sensors), np.nan, np.float32))


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
    usual_v, slow_degc = np.empty_like(harness.usual_v), np.empty_like(harness.slow_degc)
    racks, kept_v, kept_degc = np.empty((10, len(usual_v))), exp(-dt_s / FALL_S), exp(-dt_s / RISE_S)
    limits = plausible.low_v, plausible.high_v, plausible.jump_v, plausible.cold_degc, plausible.hot_degc
    if harness.whole and _quick(
        voltage_v,
        degc,
        harness.usual_v,
        harness.slow_degc,
        modules,
        kept_v,
        kept_degc,
        limits,
        usual_v,
        slow_degc,
        racks,
    ):
        return Harness(usual_v, slow_degc, whole=True), Acquired(racks, _all(usual_v.shape), _all(slow_degc.shape))
    valid_v, valid_degc = np.empty(usual_v.shape, dtype=np.bool_), np.empty(slow_degc.shape, dtype=np.bool_)
    for r in range(len(usual_v)):
        _voltages(r, voltage_v[r], harness.usual_v[r], modules, kept_v, limits, usual_v[r], valid_v[r], racks)
        _degc(r, degc[r], harness.slow_degc[r], kept_degc, limits, slow_degc[r], valid_degc[r], racks)
    whole = not (np.isnan(usual_v).any() or np.isnan(slow_degc).any())
    return Harness(usual_v, slow_degc, whole), Acquired(racks, valid_v, valid_degc)


@lru_cache
def _all(shape: tuple[int, int]) -> Flags:
    """Every reading is valid, as it nearly always is."""
    valid = np.ones(shape, dtype=np.bool_)
    valid.flags.writeable = False
    return valid


@numba.njit(cache=True, error_model="numpy")
def _quick(
    voltage_v: Floats, degc: Floats, before_v: Singles, before_degc: Singles, modules: int, kept_v: float,
    kept_degc: float, plausible: tuple[float, float, float, float, float], usual_v: Singles, slow_degc: Singles,
    racks: Floats,
) -> bool:  # fmt: skip
    """The last three filled in at once, where everything is in range and nothing jumps; else False, and they say
    nothing."""
    low_ok, high_ok, jump, cold_ok, hot_ok = plausible
    for r in range(voltage_v.shape[0]):
        if not (_all_inside(voltage_v[r], low_ok, high_ok) and _all_inside(degc[r], cold_ok, hot_ok)):
            return False
        if not _quick_voltages(r, voltage_v[r], before_v[r], modules, kept_v, usual_v[r], racks) <= jump:
            return False
        _quick_degc(r, degc[r], before_degc[r], kept_degc, slow_degc[r], racks)
    return True


@numba.njit(cache=True)
def _all_inside(values: Floats, low: float, high: float) -> bool:
    """Whether every value is in range; nan is not."""
    inside = 0
    for k in range(values.shape[0]):
        inside += (values[k] >= low) & (values[k] <= high)
    return bool(inside == values.shape[0])


# No nan gets here (see _all_inside), so sums, minima and maxima may be taken in any order, many at a time.
@numba.njit(cache=True, fastmath=True, error_model="numpy")
def _quick_voltages(
    r: int, voltage_v: Floats, before_v: Singles, modules: int, kept: float, usual_v: Singles, racks: Floats
) -> float:
    """One rack whose readings are all in range; returns the furthest jump, which may still be too far."""
    series = voltage_v.shape[0]
    each = max(series // modules, 1)
    low, high, sum_v, module_low, module_high = np.inf, -np.inf, 0.0, np.inf, -np.inf
    for k in range(series):
        low, high = min(low, voltage_v[k]), max(high, voltage_v[k])
    for first in range(0, series, each):
        last, module_v = min(first + each, series), 0.0
        for k in range(first, last):
            module_v += voltage_v[k]
        sum_v += module_v
        mean_v = module_v / (last - first)
        module_low, module_high = min(module_low, mean_v), max(module_high, mean_v)
    mean_v, fall, rise = sum_v / series, 0.0, 0.0
    for k in range(series):
        away = voltage_v[k] - mean_v
        gone = before_v[k] - away
        usual_v[k] = away + kept * gone
        fall, rise = max(fall, gone), max(rise, -gone)
    racks[0, r], racks[1, r], racks[4, r], racks[5, r] = low, high, mean_v, sum_v
    racks[6, r], racks[7, r], racks[9, r] = module_high - module_low, 0.0, fall
    return float(max(fall, rise))


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def _quick_degc(r: int, degc: Floats, before_degc: Singles, kept: float, slow_degc: Singles, racks: Floats) -> None:
    """One rack whose sensors are all in range."""
    cold, hot, rise = np.inf, -np.inf, 0.0
    for k in range(degc.shape[0]):
        t, gone = degc[k], before_degc[k] - degc[k]
        slow_degc[k] = t + kept * gone
        cold, hot, rise = min(cold, t), max(hot, t), max(rise, -gone)
    racks[2, r], racks[3, r], racks[8, r] = cold, hot, rise


@numba.njit(cache=True)
def _degc(
    r: int, degc: Floats, before_degc: Singles, kept: float, plausible: tuple[float, float, float, float, float],
    slow_degc: Singles, valid: Flags, racks: Floats,
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
    r: int, voltage_v: Floats, before_v: Singles, modules: int, kept: float,
    plausible: tuple[float, float, float, float, float], usual_v: Singles, valid: Flags, racks: Floats,
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
