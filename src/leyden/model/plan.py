"""A plan: what the batteries are to do in each slot of time, why, and for what money."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from leyden.model.reason import Reason
from leyden.model.site import BATTERIES


class SlotMode(StrEnum):
    """How a slot's power is meant; evaluated anew every cycle."""

    BATTERY = "battery"
    """This power at the converters."""
    GRID = "grid"
    """Hold this power at the grid meter."""
    SELF = "self"
    """Serve the site's net demand."""
    HOLD = "hold"
    """Neither charge nor discharge."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One stretch of a plan, [start, end)."""

    start: datetime
    end: datetime
    mode: SlotMode
    reason: Reason
    power_w: float | None = None
    """At the converters (mode battery) or at the grid meter (mode grid); None in the other modes."""
    soc_end: float | None = None
    """Energy-weighted state of charge expected at the end, where the planner knows it."""
    price_per_kwh: float | None = None
    """The energy price of the slot, where there is a tariff."""
    target: str = BATTERIES


@dataclass(frozen=True)
class Plan:
    """Slots in order of time without overlap, with where they came from."""

    slots: tuple[Slot, ...]
    made: datetime
    source: str
    """`time-of-use`, `csv`, or the planner's name."""
    version: int = 1

    def at(self, time: datetime) -> Slot | None:
        """The slot in force, or None before, after and in gaps of the plan."""
        index = bisect_right(self._starts, time) - 1
        return self.slots[index] if index >= 0 and time < self.slots[index].end else None

    @cached_property
    def _starts(self) -> list[datetime]:
        return [slot.start for slot in self.slots]

    def between(self, start: datetime, end: datetime) -> Sequence[Slot]:
        """The slots that touch [start, end)."""
        return [slot for slot in self.slots if slot.end > start and slot.start < end]
