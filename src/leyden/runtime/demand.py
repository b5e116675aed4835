"""The month's highest demand: the mean of import over a quarter of an hour, as the bill counts it.

Quarters are those of the wall clock; one belongs to the local month in which it begins. Only finished ones count. Where
less than half of a quarter was measured, what was counted is taken over all of it: the least that it can have been.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from leyden.control.quarter import QUARTER_S, Quarter


@dataclass(frozen=True, slots=True)
class KeptQuarter:
    """What has been counted in the running quarter, as it outlives a restart."""

    number: int = -1
    import_ws: float = 0.0
    counted_s: float = 0.0

    @classmethod
    def of(cls, quarter: Quarter) -> "KeptQuarter":
        """What of it means something to another process, whose clock has another start."""
        return cls(quarter.number, quarter.import_ws, quarter.counted_s)

    @property
    def quarter(self) -> Quarter:
        """To go on from; what is not measured meanwhile is not counted."""
        return Quarter(self.number, self.import_ws, self.counted_s)

    @property
    def demand_w(self) -> float:
        """Its mean, or the least that it can have been."""
        return self.import_ws / (self.counted_s if self.counted_s >= QUARTER_S / 2 else QUARTER_S)


@dataclass(frozen=True, slots=True)
class MonthDemand:
    """The highest demand of one local month so far."""

    month: str = ""
    """2026-07."""
    highest_w: float | None = None
    """None while nothing is known."""

    def finished(self, quarter: KeptQuarter, zone: ZoneInfo) -> "MonthDemand":
        """With one more quarter."""
        month = month_of(datetime.fromtimestamp(quarter.number * QUARTER_S, UTC), zone)
        before = self if month == self.month else MonthDemand(month)
        highest_w = max(quarter.demand_w, before.highest_w or 0.0)
        return replace(before, highest_w=highest_w)

    def entered(self, power_w: float, now: datetime, zone: ZoneInfo) -> "MonthDemand":
        """As a person read it from the meter or the bill; it replaces what was counted."""
        return MonthDemand(month_of(now, zone), power_w)

    def at(self, now: datetime, zone: ZoneInfo) -> float | None:
        """The highest demand of the month that it is now, in W."""
        return self.highest_w if self.month == month_of(now, zone) else None


def month_of(time: datetime, zone: ZoneInfo) -> str:
    """2026-07."""
    return f"{time.astimezone(zone):%Y-%m}"
