"""Which racks may join the bus, one by one: pre-charge first, and only where voltages agree."""

from dataclasses import replace

import numpy as np

from leyden.bms.acquisition import MISSING, Flags
from leyden.bms.fault_bits import FaultBits
from leyden.bms.judge import BLOCKS, Ints
from leyden.bms.limits import BmsLimits
from leyden.bms.protect import Guard
from leyden.bms.protection import Clears
from leyden.bms.seen import Seen
from leyden.model.readings import Floats


def joined(
    guard: Guard, limits: BmsLimits, acquired: Floats, seen: Seen, verdict: Ints, blocked: bool, joining_s: float,
    dt_s: float,
) -> tuple[Guard, float]:  # fmt: skip
    """Close the next rack that may be closed, once its pre-charge is through. `joining_s` is how long that has lasted;
    below 0 it waits after one that failed. `blocked` is by an interlock, a rack's own by its `verdict` (7, rack)."""
    candidates = fit(guard, limits, acquired, seen, verdict)
    if blocked or not candidates.any():
        return guard, min(joining_s, 0.0)
    if joining_s + dt_s < limits.close_s - 1e-9:
        return guard, joining_s + dt_s
    rack = int(np.argmax(candidates))
    if not guard.any_closed and seen.link_voltage_v is not None and not charged(limits, seen, rack):
        return _failed(guard, limits, rack), -limits.precharge_wait_s
    closed, tries = guard.closed.copy(), guard.tries.copy()
    closed[rack], tries[rack] = True, 0
    return replace(guard, closed=closed, tries=tries), 0.0


def fit(guard: Guard, limits: BmsLimits, acquired: Floats, seen: Seen, verdict: Ints) -> Flags:
    """Which racks may be closed now, (rack,): healthy and open, every cell and sensor of theirs answering, and, where
    others are on the bus, of their voltage and while little flows."""
    found: Flags = ~guard.closed & (guard.latched == 0) & (verdict[BLOCKS] == 0)
    found &= (acquired[MISSING] == 0.0) & (seen.voltage_v > 0.0)
    if guard.any_closed:
        apart_v = np.abs(seen.voltage_v - seen.voltage_v[guard.closed].mean())
        calm = float(np.abs(seen.current_a[guard.closed]).mean()) <= limits.join_share * limits.current_max_a
        found &= (apart_v <= limits.join_v) & calm
    return found


def charged(limits: BmsLimits, seen: Seen, rack: int) -> bool:
    """Whether the bus has come up to a rack's voltage and takes nothing more from it."""
    assert seen.link_voltage_v is not None
    apart_v = abs(seen.link_voltage_v - seen.voltage_v[rack])
    small = abs(seen.current_a[rack]) <= limits.break_share * limits.current_max_a
    return bool(apart_v <= limits.precharge_share * seen.voltage_v[rack]) and bool(small)


def _failed(guard: Guard, limits: BmsLimits, rack: int) -> Guard:
    """One try more; after the last the rack is left to a person."""
    tries = guard.tries.copy()
    tries[rack] += 1
    if tries[rack] < limits.precharge_tries:
        return replace(guard, tries=tries)
    latched, clears = guard.latched.copy(), guard.clears.copy()
    latched[rack] |= int(FaultBits.PRECHARGE)
    clears[rack] = max(int(clears[rack]), int(Clears.PERSON))
    return replace(guard, tries=tries, latched=latched, clears=clears)
