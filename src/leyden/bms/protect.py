"""Protection of racks: what is watched, judged by the table, debounced, latched, and opened in order."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from leyden.bms.limits import BmsLimits, ProtectionTable
from leyden.model.readings import Floats

CHARGING_SHARE = 0.02  # of the continuous current: below it a rack is at rest


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


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """Where the protection stands; arrays are (protection, rack) or (rack,)."""

    bad_s: Floats
    """How long each rule has been broken, counted down again while it is not."""
    latched: NDArray[np.int64]
    """FaultBits of each rack; 0 is healthy."""
    by_hand: NDArray[np.bool_]
    """Which racks only a person may close again."""
    healthy_s: Floats
    """How long a latched rack has been healthy."""
    waiting_s: Floats
    """How long a latched rack has waited for its current to go."""
    closed: NDArray[np.bool_]
    """Contactors."""


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


def watched(seen: Seen, limits: BmsLimits) -> Floats:
    """What the table's rules look at, (quantity, rack), larger is worse; -inf where a rule does not apply now."""
    share = seen.current_a / limits.current_max_a
    charging, discharging = ~(share >= -CHARGING_SHARE), ~(share <= CHARGING_SHARE)
    hot, cold = seen.cell_temperature_max_degc, -seen.cell_temperature_min_degc
    return np.stack(
        [
            seen.cell_voltage_max_v,
            -seen.cell_voltage_min_v,
            np.where(charging, hot, -np.inf),
            hot,
            np.where(charging, cold, -np.inf),
            np.where(discharging, cold, -np.inf),
            np.abs(share),
        ]
    )


def guarded(guard: Guard, table: ProtectionTable, limits: BmsLimits, seen: Seen, dt_s: float) -> Guard:
    """The protection `dt_s` later: what trips is latched, waits a little for its current to go, and opens."""
    values = watched(seen, limits)[table.watched]
    bad = ~(values <= table.trip)
    if not bad.any() and not guard.latched.any() and not guard.bad_s.any():
        return guard
    bad_s = np.clip(guard.bad_s + np.where(bad, dt_s, -dt_s), 0.0, table.delay_s)
    tripped = bad_s >= table.delay_s - 1e-9
    latched = guard.latched | np.bitwise_or.reduce(np.where(tripped, table.bit, 0), axis=0)
    by_hand = guard.by_hand | np.any(tripped & table.by_hand, axis=0)
    waiting_s = np.where((latched != 0) & guard.closed, guard.waiting_s + dt_s, 0.0)
    small = np.abs(seen.current_a) <= limits.break_share * limits.current_max_a
    opens = (latched != 0) & (small | by_hand | (waiting_s >= limits.open_wait_s - 1e-9))
    healthy = np.all(values <= table.clear, axis=0)
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


def reset(guard: Guard) -> Guard:
    """What a person does at the cabinet: forget every latch; what is still wrong trips again."""
    return replace(
        guard,
        bad_s=np.zeros_like(guard.bad_s),
        latched=np.zeros_like(guard.latched),
        by_hand=np.zeros_like(guard.by_hand),
        healthy_s=np.zeros_like(guard.healthy_s),
    )
