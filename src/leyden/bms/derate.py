"""How much current is allowed each way: the least of what every source allows, falling at once and rising slowly."""

from dataclasses import dataclass
from enum import IntEnum

import numba
import numpy as np

from leyden.bms.acquisition import Flags
from leyden.bms.curve import Curve
from leyden.bms.judge import STOPS, Ints
from leyden.bms.limits import BmsLimits
from leyden.bms.protection import Action, Stops
from leyden.model.readings import Floats


class Source(IntEnum):
    """What a limit comes from."""

    RATING = 0
    """The continuous current: nothing narrows it."""
    CELL_VOLTAGE = 1
    COLD = 2
    HOT = 3
    SOC = 4
    COOLANT = 5
    PROTECTION = 6
    """A rule that stands."""
    INTERLOCK = 7
    OPENING = 8
    """A rack waits for its current to go, to open."""
    DISCONNECTED = 9
    """No rack is on the bus."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What sets a limit now."""

    source: Source = Source.RATING
    rack: int = -1
    """From 0; -1 where it is of the whole battery."""
    place: int = -1
    """The cell or sensor in its rack, from 0; -1 where there is none."""
    value: float = float("nan")
    """The voltage [V], temperature [degC], charge or flow that sets it."""
    rule: int = -1
    """Row of the protection table."""


RATED = Binding()


@dataclass(frozen=True, slots=True)
class Allowance:
    """A limit as a share of the full current: it falls at once and rises slowly."""

    share: float = 1.0
    hold_s: float = 0.0
    """Time left before it may rise."""

    def after(self, allowed: float, limits: BmsLimits, dt_s: float) -> "Allowance":
        """The limit `dt_s` later, where everything now allows `allowed`."""
        if allowed == 1.0 and self.share == 1.0:
            return self
        if not allowed > self.share:
            return Allowance(allowed if allowed == allowed else 0.0, limits.hold_s if allowed < 1.0 else 0.0)
        if self.hold_s > 0.0:
            return Allowance(self.share, self.hold_s - dt_s)
        return Allowance(min(allowed, self.share + limits.rise_per_s * dt_s))


WHOLE = Allowance()


@dataclass(frozen=True, slots=True)
class Extremes:
    """Of the racks that count: the worst values, and in which rack."""

    low_v: float
    high_v: float
    cold_degc: float
    hot_degc: float
    low_soc: float
    high_soc: float
    sum_v: float
    """Of the racks' voltages."""
    low_v_rack: int
    high_v_rack: int
    cold_rack: int
    hot_rack: int
    low_soc_rack: int
    high_soc_rack: int


def extremes(acquired: Floats, rack_soc: Floats, voltage_v: Floats, closed: Flags, everywhere: bool) -> Extremes:
    """Over the racks on the bus, or `everywhere`; nan wins over every number."""
    return Extremes(*_worst(acquired, rack_soc, voltage_v, closed, everywhere))


@numba.njit(cache=True)
def _worst(
    acquired: Floats, rack_soc: Floats, voltage_v: Floats, closed: Flags, everywhere: bool
) -> tuple[float, float, float, float, float, float, float, int, int, int, int, int, int]:
    low, high, cold, hot, empty, full, total_v = np.inf, -np.inf, np.inf, -np.inf, np.inf, -np.inf, 0.0
    at_low, at_high, at_cold, at_hot, at_empty, at_full = 0, 0, 0, 0, 0, 0
    for r in range(len(voltage_v)):
        if closed[r] or everywhere:
            v, w, t, u, s = acquired[0, r], acquired[1, r], acquired[2, r], acquired[3, r], rack_soc[r]
            if low == low and not v >= low:
                low, at_low = v, r
            if high == high and not w <= high:
                high, at_high = w, r
            if cold == cold and not t >= cold:
                cold, at_cold = t, r
            if hot == hot and not u <= hot:
                hot, at_hot = u, r
            if empty == empty and not s >= empty:
                empty, at_empty = s, r
            if full == full and not s <= full:
                full, at_full = s, r
            total_v += voltage_v[r]
    return low, high, cold, hot, empty, full, total_v, at_low, at_high, at_cold, at_hot, at_empty, at_full


Found = tuple[float, Binding]
"""A share of the full current, and what sets it."""
FREE: Found = (1.0, RATED)


def _free(limits: BmsLimits, curve: Curve, worst: Extremes, flow: float) -> bool:
    """Whether temperatures and coolant narrow nothing; nan does."""
    warm = curve.whole_from <= worst.cold_degc and worst.hot_degc <= curve.whole_to
    return warm and flow >= limits.by_flow.whole_from


def charge_allowed(limits: BmsLimits, worst: Extremes, flow: float) -> Found:
    """The least of what voltage, temperatures, charge and coolant allow into the battery."""
    curve, volts = limits.charge_by_temperature, limits.charge_by_voltage
    if limits.charge_by_soc is None and _free(limits, curve, worst, flow) and worst.high_v <= volts.whole_to:
        return FREE
    found = [
        (limits.charge_by_voltage.at(worst.high_v), Source.CELL_VOLTAGE, worst.high_v_rack, worst.high_v),
        (curve.at(worst.cold_degc), Source.COLD, worst.cold_rack, worst.cold_degc),
        (curve.at(worst.hot_degc), Source.HOT, worst.hot_rack, worst.hot_degc),
        (limits.by_flow.at(flow), Source.COOLANT, -1, flow),
    ]
    if limits.charge_by_soc is not None:
        found.append((limits.charge_by_soc.at(worst.high_soc), Source.SOC, worst.high_soc_rack, worst.high_soc))
    return _least(found)


def discharge_allowed(limits: BmsLimits, worst: Extremes, flow: float) -> Found:
    """The least of what voltage, temperatures, charge and coolant allow out of the battery."""
    curve, volts = limits.discharge_by_temperature, limits.discharge_by_voltage
    if limits.discharge_by_soc is None and _free(limits, curve, worst, flow) and worst.low_v >= volts.whole_from:
        return FREE
    found = [
        (limits.discharge_by_voltage.at(worst.low_v), Source.CELL_VOLTAGE, worst.low_v_rack, worst.low_v),
        (curve.at(worst.cold_degc), Source.COLD, worst.cold_rack, worst.cold_degc),
        (curve.at(worst.hot_degc), Source.HOT, worst.hot_rack, worst.hot_degc),
        (limits.by_flow.at(flow), Source.COOLANT, -1, flow),
    ]
    if limits.discharge_by_soc is not None:
        found.append((limits.discharge_by_soc.at(worst.low_soc), Source.SOC, worst.low_soc_rack, worst.low_soc))
    return _least(found)


def _least(found: list[tuple[float, Source, int, float]]) -> Found:
    share, source, rack, value = min(found)
    return (share, Binding(source, rack, value=value)) if share < 1.0 else FREE


def stopped(
    found: Found, way: Stops, verdict: Ints, standing: Flags, kinds: Ints, action: Action, on_bus: Flags
) -> Found:
    """What is left where rules that stand on a rack `on_bus` (rack,), or interlocks, stop a direction; which rule is
    told with its rack. A rack that has opened stops nobody else."""
    if action >= Action.STOP:
        return 0.0, Binding(Source.INTERLOCK)
    racks = np.flatnonzero(on_bus & ((verdict[STOPS] & int(way)) != 0))
    if not len(racks) or found[0] == 0.0:
        return found
    rack = int(racks[0])
    rules = np.flatnonzero(standing[:, rack] & ((kinds[2] & int(way)) != 0) & (kinds[3] >= int(Action.STOP)))
    return 0.0, Binding(Source.PROTECTION, rack, rule=int(rules[0]))
