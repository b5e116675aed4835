"""Watching over a battery that has a management of its own: narrower limits, alarms, a wish to stop, and nothing else.

What comes out has no word for closing a contactor, clearing a latch, heating or balancing: the device's own management
does these. Its limits are never widened; a limit of its that is not known is zero.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from leyden.bms.acquisition import Flags
from leyden.bms.derate import RATED, WHOLE, Allowance, Binding, Extremes, charge_allowed, discharge_allowed, stopped
from leyden.bms.interlocks import NO_EFFECTS
from leyden.bms.judge import LEVEL, TRIPPING, Ints, judged
from leyden.bms.levels import Level
from leyden.bms.limits import BmsLimits
from leyden.bms.protection import QUANTITIES, Quantity, Stops
from leyden.model.readings import Floats

NO_VERDICT: Ints = np.zeros((7, 1), dtype=np.int64)
NO_VERDICT.flags.writeable = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the device says of the battery as a whole; nan where it says nothing."""

    charge_limit_w: float
    discharge_limit_w: float
    soc: float
    cell_voltage_min_v: float
    cell_voltage_max_v: float
    cell_temperature_min_degc: float
    cell_temperature_max_degc: float
    current_a: float
    """Of all racks, discharge positive."""
    voltage_v: float = float("nan")
    """Of the DC bus: what a narrower current is in power; while it is not known, that is nothing."""
    racks: int = 1
    """That share the current."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """What we know beside it."""

    soc: float = float("nan")
    """Our own estimate."""
    soc_std: float = float("nan")


@dataclass(frozen=True, eq=False)
class Supervision:
    """Where the watching stands; made by `new_supervision`, moved on by `supervise`."""

    count_s: Floats
    standing: Flags
    verdict: Ints = field(default_factory=lambda: NO_VERDICT)
    charge: Allowance = WHOLE
    discharge: Allowance = WHOLE
    charge_limit_w: float = 0.0
    """Never more than the device allows, never negative."""
    discharge_limit_w: float = 0.0
    charge_by: Binding = RATED
    discharge_by: Binding = RATED
    stop_wanted: bool = False
    """Whether a rule stands at which our own management would open: the converter should stop."""
    reserve_soc: float = 0.0
    """The charge that a reserve may count on: the lower of the vendor's and ours."""
    headroom_soc: float = 1.0
    """The charge from which room to charge is counted: the higher of the two."""

    @property
    def level(self) -> Level:
        """The worst that stands."""
        return Level(int(self.verdict[LEVEL].max()))


_WATCHED = (
    Quantity.CELL_VOLTAGE_MAX_V, Quantity.CELL_VOLTAGE_MIN_V, Quantity.CELL_TEMPERATURE_MAX_DEGC,
    Quantity.CELL_TEMPERATURE_MIN_DEGC, Quantity.CHARGE_SHARE, Quantity.DISCHARGE_SHARE,
)  # fmt: skip
"""What every device says. The spread of cells is judged over whole frames (`leyden.bms.watch`), not here."""


def new_supervision(limits: BmsLimits) -> Supervision:
    """Nothing seen yet."""
    rules = len(limits.protection.rows)
    return Supervision(np.zeros((rules, 1)), np.zeros((rules, 1), dtype=np.bool_))


def supervise(before: Supervision, limits: BmsLimits, told: Told, ours: Ours, dt_s: float) -> Supervision:
    """The watching `dt_s` later."""
    table = limits.protection
    _, count_s, standing, verdict = judged(
        _values(limits, told), table.values, table.kinds, table.latches, before.count_s, before.standing, False, dt_s
    )
    worst = Extremes(
        told.cell_voltage_min_v, told.cell_voltage_max_v, told.cell_temperature_min_degc,
        told.cell_temperature_max_degc, told.soc, told.soc, 0.0, -1, -1, -1, -1, -1, -1,
    )  # fmt: skip
    none, all_of_it = NO_EFFECTS.action, np.ones(1, dtype=np.bool_)
    into, out = (
        stopped(allowed(limits, worst, 1.0), way, verdict, standing, table.kinds, none, all_of_it)
        for allowed, way in ((charge_allowed, Stops.CHARGE), (discharge_allowed, Stops.DISCHARGE))
    )
    charge, discharge = before.charge.after(into[0], limits, dt_s), before.discharge.after(out[0], limits, dt_s)
    known = [soc for soc in (told.soc, ours.soc) if soc == soc]
    full_w = told.racks * limits.current_max_a * told.voltage_v
    return Supervision(
        count_s, standing, verdict, charge, discharge,
        _narrowed(told.charge_limit_w, charge.share, full_w),
        _narrowed(told.discharge_limit_w, discharge.share, full_w),
        _of_all(into[1]), _of_all(out[1]), bool(verdict[TRIPPING].any()),
        min(known, default=0.0), max(known, default=1.0),
    )  # fmt: skip


def _of_all(binding: Binding) -> Binding:
    """The device spoke of the battery as a whole: no rack of its is meant."""
    return replace(binding, rack=-1) if binding.rack >= 0 else binding


def _narrowed(limit_w: float, share: float, full_w: float) -> float:
    """What the device allows, or our own share of the full power where that is less: a share of a limit that the device
    has derated already would derate twice. Of a limit that is no number, nothing."""
    if not 0.0 < limit_w < float("inf"):
        return 0.0
    if share == 1.0:
        return limit_w
    return min(limit_w, share * full_w) if full_w >= 0.0 else 0.0


def _values(limits: BmsLimits, told: Told) -> Floats:
    """(QUANTITIES, 1); what the device does not say is on the side where no rule is broken, but what every device says
    is nan where it is missing, and trips."""
    table = limits.protection
    values = np.zeros((QUANTITIES, 1))
    for family in table.families:
        values[family.watches] = -np.inf if family.above else np.inf
    values[Quantity.RACK_VOLTAGE_PER_CELL_V] = 0.5 * (limits.full_v + limits.empty_v)
    values[Quantity.SOC] = told.soc if told.soc == told.soc else np.inf
    share = told.current_a / (max(told.racks, 1) * limits.current_max_a)
    said = (
        told.cell_voltage_max_v, told.cell_voltage_min_v, told.cell_temperature_max_degc,
        told.cell_temperature_min_degc, 0.0 if share > 0.0 else -share, max(share, 0.0),
    )  # fmt: skip
    for quantity, value in zip(_WATCHED, said, strict=True):
        values[quantity] = value
    return values
