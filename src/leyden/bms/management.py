"""A battery management system: it acquires, protects, limits, joins racks to the bus, balances and keeps warm."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numba
import numpy as np

from leyden.bms import contactors
from leyden.bms.acquisition import Acquired, Flags, Harness, acquired, new_harness
from leyden.bms.balancing import NOBODY, bleeding_by_voltage
from leyden.bms.derate import (
    RATED,
    WHOLE,
    Allowance,
    Binding,
    Extremes,
    Found,
    Source,
    charge_allowed,
    discharge_allowed,
    extremes,
    stopped,
)  # fmt: skip
from leyden.bms.interlocks import GAS, Effects, Wants
from leyden.bms.judge import LEVEL, Ints
from leyden.bms.levels import Level
from leyden.bms.limits import BmsLimits
from leyden.bms.protect import Guard, guarded, new_guard, reset_guard
from leyden.bms.protection import Action, Stops
from leyden.bms.quantities import measured
from leyden.bms.seen import Seen
from leyden.bms.thermal import OFF, Thermal, Warmth, tempered
from leyden.model.readings import Floats
from leyden.model.states import BatteryState

ANCHOR_PER_S = 0.01  # how fast a wrong count gives way where a rack is certainly full or empty
NOT_YET: Ints = np.zeros((7, 0), dtype=np.int64)
NOT_YET.flags.writeable = False


@dataclass(frozen=True, eq=False)
class Bms:
    """One battery's management at one moment."""

    guard: Guard
    rack_soc: Floats
    """As counted, (rack,)."""
    state: BatteryState
    charge: Allowance = WHOLE
    discharge: Allowance = WHOLE
    charge_limit_w: float = 0.0
    """DC power allowed in, never negative."""
    discharge_limit_w: float = 0.0
    """DC power allowed out, never negative."""
    joining_s: float = 0.0
    """How long the next rack has been in pre-charge; below 0 it waits for the next try."""
    charge_by: Binding = RATED
    """What sets the charge limit."""
    discharge_by: Binding = RATED
    """What sets the discharge limit."""
    thermal: Thermal = OFF
    """What heating film, cooling and pump are to do."""
    bleeding: Flags = field(default_factory=lambda: NOBODY)
    """Cells that balance, (rack, series), or (0, 0) where none does."""
    wants: Wants = Wants.NOTHING
    """What interlocks ask of the container."""
    verdict: Ints = field(default_factory=lambda: NOT_YET)
    """Of the protection, (7, rack), rows as in `leyden.bms.judge`."""
    since_full_s: float = 0.0
    """How long ago every rack was last full."""
    harness: Harness | None = None
    """What acquisition remembers; None before the first look."""

    @property
    def closed(self) -> Flags:
        """Contactors, (rack,)."""
        return self.guard.closed

    @property
    def soc(self) -> float:
        """Of the racks on the bus; of all where none is."""
        guard = self.guard
        counted = self.rack_soc if guard.all_closed or not guard.any_closed else self.rack_soc[guard.closed]
        return float(counted.mean())

    @property
    def fault_bits(self) -> int:
        """FaultBits of all racks together."""
        return self.guard.bits

    @cached_property
    def level(self) -> Level:
        """The worst that stands on any rack."""
        latched = Level.TRIP if self.guard.bits else Level.HEALTHY
        return max(latched, Level(int(self.verdict[LEVEL].max(initial=0))))


def new_bms(limits: BmsLimits, rack_soc: Floats, closed: bool) -> Bms:
    """A healthy system that believes `rack_soc` (rack,); on the bus, or with all contactors open."""
    guard = new_guard(len(limits.protection.rows), len(rack_soc), closed)
    return Bms(guard, rack_soc.copy(), BatteryState.CONNECTED if closed else BatteryState.DISCONNECTED)


def reset(bms: Bms, limits: BmsLimits, service: bool = False) -> Bms:
    """What a person does at the cabinet: forget latches; what is still wrong trips again. What is locked out needs a
    person of the service."""
    return replace(bms, guard=reset_guard(bms.guard, limits.interlocks, service))


def advance(bms: Bms, limits: BmsLimits, seen: Seen, dt_s: float) -> Bms:
    """The system `dt_s` later, having seen its sensors."""
    before = bms.guard
    harness = bms.harness or new_harness(len(bms.rack_soc), limits.series, seen.cell_temperature_degc.shape[1])
    harness, known = acquired(
        harness, seen.cell_voltage_v, seen.cell_temperature_degc, limits.layout.module, dt_s, limits.plausible
    )
    in_force = limits.interlocks.after(before.in_force, seen.inputs)
    if in_force != before.in_force:
        before = replace(before, interlocks=np.array([in_force], dtype=np.int64))
    effects = limits.interlocks.effects(in_force)
    values = measured(
        limits, known.racks, seen, before.closed, bms.rack_soc, (bms.charge.share, bms.discharge.share),
        bool(seen.inputs & GAS),
    )  # fmt: skip
    guard, verdict = guarded(before, limits, values, seen.current_a, effects, dt_s)
    joining_s = 0.0
    if not guard.all_closed:
        blocked = effects.action >= Action.BLOCK
        guard, joining_s = contactors.joined(guard, limits, known.racks, seen, verdict, blocked, bms.joining_s, dt_s)
    worst = extremes(known.racks, bms.rack_soc, seen.voltage_v, guard.closed, not guard.any_closed)
    return _limited(bms, limits, seen, known, guard, verdict, worst, effects, joining_s, harness, dt_s)


def _limited(
    bms: Bms, limits: BmsLimits, seen: Seen, known: Acquired, guard: Guard, verdict: Ints, worst: Extremes,
    effects: Effects, joining_s: float, harness: Harness, dt_s: float,
) -> Bms:  # fmt: skip
    """What follows from a guard: limits and what binds them, the count, balancing, heat."""
    into, out = charge_allowed(limits, worst, seen.pump_flow), discharge_allowed(limits, worst, seen.pump_flow)
    if effects.action >= Action.STOP or not guard.calm:
        kinds, standing = limits.protection.kinds, guard.standing
        into = stopped(into, Stops.CHARGE, verdict, standing, kinds, effects.action, guard.closed)
        out = stopped(out, Stops.DISCHARGE, verdict, standing, kinds, effects.action, guard.closed)
    charge, discharge = bms.charge.after(into[0], limits, dt_s), bms.discharge.after(out[0], limits, dt_s)
    full_w = limits.current_max_a * worst.sum_v if guard.any_closed and not guard.opening else 0.0
    if not full_w >= 0.0:
        full_w = 0.0
    counted, full = count(
        bms.rack_soc, seen.current_a, known.racks, limits.empty_v, limits.full_v,
        dt_s / (3600.0 * limits.capacity_ah), ANCHOR_PER_S * dt_s,
    )  # fmt: skip
    return Bms(
        guard=guard,
        rack_soc=counted,
        state=_state(guard),
        charge=charge,
        discharge=discharge,
        charge_limit_w=charge.share * full_w,
        discharge_limit_w=discharge.share * full_w,
        joining_s=joining_s,
        charge_by=_binding(guard, into, charge, bms.charge_by, limits, seen, known),
        discharge_by=_binding(guard, out, discharge, bms.discharge_by, limits, seen, known),
        thermal=_tempered(bms, limits, seen, known, worst, effects),
        bleeding=_bleeding(bms, limits, seen, known, worst),
        wants=effects.wants,
        verdict=verdict,
        since_full_s=0.0 if full else bms.since_full_s + dt_s,
        harness=harness,
    )


def _binding(
    guard: Guard, found: Found, after: Allowance, before: Binding, limits: BmsLimits, seen: Seen, known: Acquired
) -> Binding:
    """What sets a limit: while it still rises from an earlier one, that one; the cell is looked for only here."""
    if not guard.any_closed:
        return Binding(Source.DISCONNECTED)
    if guard.opening:
        return Binding(Source.OPENING, int(np.argmax(guard.closed & (guard.latched != 0))))
    share, binding = found
    if after.share < share:
        return before
    if binding.source == Source.CELL_VOLTAGE:
        high = binding.value == known.racks[1, binding.rack]
        find = known.highest if high else known.lowest
        return replace(binding, place=find(seen.cell_voltage_v, binding.rack))
    if binding.source in (Source.COLD, Source.HOT):
        degc = seen.cell_temperature_degc
        sensor = (known.coldest if binding.source == Source.COLD else known.hottest)(degc, binding.rack)
        return replace(binding, place=sensor * limits.series // degc.shape[1])
    return binding


def _tempered(bms: Bms, limits: BmsLimits, seen: Seen, known: Acquired, worst: Extremes, effects: Effects) -> Thermal:
    racks = known.racks
    spread_k, rise_k, missing = _warmth(racks)
    warmth = Warmth(worst.cold_degc, worst.hot_degc, spread_k, rise_k, missing)
    return tempered(
        bms.thermal, limits.thermal, warmth, worst.low_soc, seen.charge_wanted, seen.off_grid,
        bool(effects.wants & Wants.HVAC_OFF),
    )  # fmt: skip


def _bleeding(bms: Bms, limits: BmsLimits, seen: Seen, known: Acquired, worst: Extremes) -> Flags:
    if not worst.high_v >= limits.bleed_from_v:
        return NOBODY
    share = seen.current_a / limits.current_max_a
    return bleeding_by_voltage(bms.bleeding, seen.cell_voltage_v, known.valid_v, share, limits.bleed_from_v)


@numba.njit(cache=True)
def _warmth(racks: Floats) -> tuple[float, float, bool]:
    """The widest spread of temperatures in a rack, the fastest rise, and whether anything is missing."""
    spread, rise, missing = 0.0, 0.0, False
    for r in range(racks.shape[1]):
        wide = racks[3, r] - racks[2, r]
        spread = wide if spread == spread and not wide <= spread else spread
        rise = max(rise, racks[8, r])
        missing = missing or racks[7, r] > 0.0
    return spread, rise, missing


@numba.njit(cache=True)
def count(
    rack_soc: Floats, current_a: Floats, racks: Floats, empty_v: float, full_v: float, per_a: float, anchor: float
) -> tuple[Floats, bool]:
    """Charge counted by the current, all (rack,), `per_a` of it per ampere; it gives way by up to `anchor` where the
    cells of `racks` say that a rack is full or empty. A current that is nan counts nothing. And whether all are
    full."""
    counted = np.empty_like(rack_soc)
    full = True
    for r in range(len(rack_soc)):
        soc = rack_soc[r]
        if current_a[r] == current_a[r]:
            soc -= current_a[r] * per_a
        if racks[1, r] >= full_v:
            soc = min(soc + anchor, max(soc, 1.0))
        if racks[0, r] <= empty_v:
            soc = max(soc - anchor, min(soc, 0.0))
        counted[r] = min(max(soc, 0.0), 1.0)
        full = full and counted[r] >= 0.97
    return counted, full


def _state(guard: Guard) -> BatteryState:
    if guard.any_closed:
        return BatteryState.CONNECTED
    return BatteryState.FAULT if guard.latched.all() else BatteryState.CONNECTING
