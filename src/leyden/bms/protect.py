"""Protection of racks: what is watched, judged by the table, debounced, latched, and opened in order."""

from dataclasses import dataclass, replace
from functools import cached_property

import numba
import numpy as np
from numpy.typing import NDArray

from leyden.bms.limits import (
    COLD_CHARGING,
    COLD_DISCHARGING,
    CURRENT,
    HIGH_V,
    HOT_ALWAYS,
    HOT_CHARGING,
    LOW_V,
    BmsLimits,
    ProtectionTable,
)
from leyden.model.readings import Floats

CHARGING_SHARE = 0.02  # of the continuous current: below it a rack is at rest

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the sensors of each rack say, all (rack,); nan is a sensor that says nothing, and trips."""

    cell_voltage_min_v: Floats
    cell_voltage_max_v: Floats
    cell_temperature_min_degc: Floats
    cell_temperature_max_degc: Floats
    current_a: Floats
    """Discharge positive."""
    voltage_v: Floats
    """Of the rack, before its contactor."""


@dataclass(frozen=True, eq=False)
class Guard:
    """Where the protection stands; arrays are (protection, rack) or (rack,) and never change once in here."""

    bad_s: Floats
    """How long each rule has been broken, counted down again while it is not."""
    latched: NDArray[np.int64]
    """FaultBits of each rack; 0 is healthy."""
    by_hand: Flags
    """Which racks only a person may close again."""
    healthy_s: Floats
    """How long a latched rack has been healthy."""
    waiting_s: Floats
    """How long a latched rack has waited for its current to go."""
    closed: Flags
    """Contactors."""

    @cached_property
    def bits(self) -> int:
        """FaultBits of all racks together."""
        return int(np.bitwise_or.reduce(self.latched))

    @cached_property
    def any_closed(self) -> bool:
        """Whether anything is on the bus."""
        return bool(self.closed.any())

    @cached_property
    def all_closed(self) -> bool:
        """Whether everything is on the bus."""
        return bool(self.closed.all())

    @cached_property
    def opening(self) -> bool:
        """Whether a rack that tripped waits for its current to go."""
        return bool(np.any(self.closed & (self.latched != 0)))


def new_guard(rules: int, racks: int, closed: bool) -> Guard:
    """Nothing wrong, all contactors closed or all open."""
    return Guard(
        bad_s=np.zeros((rules, racks)),
        latched=np.zeros(racks, dtype=np.int64),
        by_hand=np.zeros(racks, dtype=np.bool_),
        healthy_s=np.zeros(racks),
        waiting_s=np.zeros(racks),
        closed=np.full(racks, closed),
    )


def guarded(guard: Guard, table: ProtectionTable, limits: BmsLimits, seen: Seen, dt_s: float) -> Guard:
    """The protection `dt_s` later: what trips is latched, waits a little for its current to go, and opens."""
    calm, bad_s, bits, by_hand, healthy = judge(
        seen.cell_voltage_min_v, seen.cell_voltage_max_v, seen.cell_temperature_min_degc,
        seen.cell_temperature_max_degc, seen.current_a, limits.current_max_a, table.watched, table.trip, table.clear,
        table.delay_s, table.bit, table.by_hand, guard.bad_s, dt_s,
    )  # fmt: skip
    if calm and guard.bits == 0:
        return guard
    latched, by_hand = guard.latched | bits, guard.by_hand | by_hand
    waiting_s = np.where((latched != 0) & guard.closed, guard.waiting_s + dt_s, 0.0)
    small = np.abs(seen.current_a) <= limits.break_share * limits.current_max_a
    opens = (latched != 0) & (small | by_hand | (waiting_s >= limits.open_wait_s - 1e-9))
    healthy_s = np.where(healthy & (latched != 0), guard.healthy_s + dt_s, 0.0)
    healed = (healthy_s >= limits.heal_s - 1e-9) & ~by_hand & ~guard.closed
    return Guard(
        bad_s=np.where(healed, 0.0, bad_s),
        latched=np.where(healed, 0, latched),
        by_hand=by_hand,
        healthy_s=np.where(healed, 0.0, healthy_s),
        waiting_s=waiting_s,
        closed=guard.closed & ~opens,
    )


@numba.njit(cache=True)
def judge(
    low_v: Floats, high_v: Floats, cold_degc: Floats, hot_degc: Floats, current_a: Floats, current_max_a: float,
    watched: NDArray[np.int64], trip: Floats, clear: Floats, delay_s: Floats, bit: NDArray[np.int64], by_hand: Flags,
    before_s: Floats, dt_s: float,
) -> tuple[bool, Floats, NDArray[np.int64], Flags, Flags]:  # fmt: skip
    """Hold every rule against every rack. Sensors are (rack,), the table's columns (rule,), times (rule, rack).

    Returns whether nothing at all is wrong or was lately; how long each rule has been broken; and of each rack the bits
    that trip, whether a person must close it, and whether all its rules are clear. A value that is nan breaks its rule.
    """
    rules, racks = before_s.shape
    bad_s = np.empty((rules, racks))
    bits = np.zeros(racks, dtype=np.int64)
    hand, healthy = np.zeros(racks, dtype=np.bool_), np.ones(racks, dtype=np.bool_)
    values = np.empty(7)
    calm = True
    for r in range(racks):
        share = current_a[r] / current_max_a
        values[HIGH_V], values[LOW_V], values[CURRENT] = high_v[r], -low_v[r], abs(share)
        values[HOT_ALWAYS] = hot_degc[r]
        charging, discharging = not share >= -CHARGING_SHARE, not share <= CHARGING_SHARE
        values[HOT_CHARGING] = hot_degc[r] if charging else -np.inf
        values[COLD_CHARGING] = -cold_degc[r] if charging else -np.inf
        values[COLD_DISCHARGING] = -cold_degc[r] if discharging else -np.inf
        for k in range(rules):
            value = values[watched[k]]
            broken = not value <= trip[k]
            bad_s[k, r] = min(max(before_s[k, r] + (dt_s if broken else -dt_s), 0.0), delay_s[k])
            healthy[r] = healthy[r] and value <= clear[k]
            calm = calm and bad_s[k, r] == 0.0
            if broken and bad_s[k, r] >= delay_s[k] - 1e-9:
                bits[r] |= bit[k]
                hand[r] = hand[r] or by_hand[k]
    return calm, bad_s, bits, hand, healthy


def reset(guard: Guard) -> Guard:
    """What a person does at the cabinet: forget every latch; what is still wrong trips again."""
    return replace(
        guard,
        bad_s=np.zeros_like(guard.bad_s),
        latched=np.zeros_like(guard.latched),
        by_hand=np.zeros_like(guard.by_hand),
        healthy_s=np.zeros_like(guard.healthy_s),
    )
