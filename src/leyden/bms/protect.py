"""Protection of racks: what stands is latched, and opened in order: first the current goes, then the contactor."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from leyden.bms.acquisition import Flags
from leyden.bms.fault_bits import FaultBits
from leyden.bms.interlocks import Effects, Interlocks
from leyden.bms.judge import AT_ONCE, BITS, CLEARS, TRIPPING, judged
from leyden.bms.limits import BmsLimits
from leyden.bms.protection import Action, Clears
from leyden.model.readings import Floats

Ints = NDArray[np.int64]
_EDGE_S = 1e-9


@dataclass(frozen=True, eq=False)
class Guard:
    """Where the protection stands; arrays are (rule, rack) or (rack,) and never change once in here."""

    count_s: Floats
    """How long each rule has been broken, counted down again while it is not."""
    standing: Flags
    """Which rules stand, (rule, rack)."""
    latched: Ints
    """FaultBits of each rack; 0 is healthy."""
    clears: Ints
    """Who may end the latch of each rack: a Clears."""
    at_once: Flags
    """Which latched racks do not wait for their current to go."""
    healthy_s: Floats
    """How long a latched rack has been healthy."""
    waiting_s: Floats
    """How long a latched rack has waited for its current to go."""
    closed: Flags
    """Contactors."""
    trips: Floats
    """How often each rack has tripped lately."""
    tries: Ints
    """Pre-charges of each rack that failed in a row."""
    interlocks: Ints
    """(1,): the interlocks in force, a bit each."""

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

    @cached_property
    def in_force(self) -> int:
        """The interlocks in force, a bit each."""
        return int(self.interlocks[0])

    @cached_property
    def calm(self) -> bool:
        """Whether no rule stands or has lately been broken."""
        return not self.standing.any() and not self.count_s.any()

    @cached_property
    def at_ease(self) -> bool:
        """Whether there is nothing to remember either: no latch, no trips."""
        return self.bits == 0 and not self.trips.any()


def new_guard(rules: int, racks: int, closed: bool) -> Guard:
    """Nothing wrong, all contactors closed or all open."""
    nothing, whole, none = np.zeros(racks), np.zeros(racks, dtype=np.int64), np.zeros(racks, dtype=np.bool_)
    return Guard(
        count_s=np.zeros((rules, racks)),
        standing=np.zeros((rules, racks), dtype=np.bool_),
        latched=whole,
        clears=whole,
        at_once=none,
        healthy_s=nothing,
        waiting_s=nothing,
        closed=np.full(racks, closed),
        trips=nothing,
        tries=whole,
        interlocks=np.zeros(1, dtype=np.int64),
    )


def guarded(
    guard: Guard, limits: BmsLimits, values: Floats, current_a: Floats, effects: Effects, dt_s: float
) -> tuple[Guard, Ints]:
    """The protection `dt_s` later, with `values` (QUANTITIES, rack) and what the interlocks do; and the verdict
    (7, rack).

    What trips is latched, waits a little for its current to go, and opens.
    """
    table = limits.protection
    quiet, count_s, standing, verdict = judged(
        values, table.values, table.kinds, table.latches, guard.count_s, guard.standing, guard.calm, dt_s
    )
    if quiet and guard.at_ease and effects.action < Action.OPEN:
        return (guard if guard.calm else replace(guard, count_s=count_s, standing=standing)), verdict
    return _opened(
        replace(guard, count_s=count_s, standing=standing), limits, verdict, current_a, effects, dt_s
    ), verdict


def _opened(guard: Guard, limits: BmsLimits, verdict: Ints, current_a: Floats, effects: Effects, dt_s: float) -> Guard:
    bits, clears, tripping = verdict[BITS], verdict[CLEARS], verdict[TRIPPING] != 0
    at_once = guard.at_once | (verdict[AT_ONCE] != 0)
    if effects.action >= Action.OPEN:
        bits, tripping = bits | int(FaultBits.INTERLOCK), np.ones_like(tripping)
        clears = np.maximum(clears, int(Clears.PERSON if effects.by_hand else Clears.ITSELF))
        at_once = at_once | (effects.action >= Action.OPEN_NOW)
    latched, clears = guard.latched | bits, np.maximum(guard.clears, clears)
    trips = np.maximum(guard.trips - dt_s / limits.forget_s, 0.0) + ((latched != 0) & (guard.latched == 0))
    locked = (latched != 0) & (trips > limits.trips_before_lock - 1)
    latched = np.where(locked, latched | int(FaultBits.LOCKED), latched)
    clears = np.where(locked, np.maximum(clears, int(Clears.PERSON)), clears)
    waiting_s = np.where((latched != 0) & guard.closed, guard.waiting_s + dt_s, 0.0)
    small = np.abs(current_a) <= limits.break_share * limits.current_max_a
    opens = (latched != 0) & (small | at_once | (waiting_s >= limits.open_wait_s - _EDGE_S))
    healthy_s = np.where(~tripping & (latched != 0), guard.healthy_s + dt_s, 0.0)
    healed = (healthy_s >= limits.heal_s - _EDGE_S) & (clears == int(Clears.ITSELF)) & ~guard.closed
    return replace(
        guard,
        latched=np.where(healed, 0, latched),
        clears=clears,
        at_once=at_once & ~healed & (latched != 0),
        healthy_s=np.where(healed, 0.0, healthy_s),
        waiting_s=waiting_s,
        closed=guard.closed & ~opens,
        trips=trips,
    )


def reset_guard(guard: Guard, interlocks: Interlocks, service: bool) -> Guard:
    """What a person does at the cabinet: forget latches, and what is still wrong trips again. A rack that is locked out
    stays so unless the person is of the service."""
    stays = (guard.clears == int(Clears.SERVICE)) & (not service)
    return replace(
        guard,
        count_s=np.where(stays, guard.count_s, 0.0),
        standing=guard.standing & stays,
        latched=np.where(stays, guard.latched, 0),
        clears=np.where(stays, guard.clears, 0),
        at_once=guard.at_once & stays,
        healthy_s=np.where(stays, guard.healthy_s, 0.0),
        trips=np.where(stays, guard.trips, 0.0),
        tries=np.where(stays, guard.tries, 0),
        interlocks=np.array([interlocks.reset(guard.in_force, service)], dtype=np.int64),
    )
