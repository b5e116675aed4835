"""What watching ends in: cells that stand out, each with its evidence, ranked."""

from dataclasses import dataclass

from leyden.bms.watch.kind import Kind
from leyden.bms.watch.onset import Shape


@dataclass(frozen=True, slots=True)
class Evidence:
    """One number about a cell."""

    name: str
    """Ends in its unit, as everywhere: `resistance_ohm`, `offset_v`, `low_soc`."""
    now: float
    """Beyond the median cell, over the last days."""
    change: float
    """Since the first days; 0 where there are too few."""
    usual: float
    """Spread of the healthy: their median absolute deviation, as a standard deviation."""
    distance: float
    """How far out it is, in such spreads of what was tested: level, change or daily pace."""
    limit: float
    """From which distance on a cell is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A cell that stands out, and why it is thought to."""

    string: int
    """Index of the string (rack) it is in."""
    cell: int
    """Index in the string."""
    kind: Kind
    score: float
    """Distance over limit of its sharpest evidence; above 1, and the list is sorted by it."""
    evidence: tuple[Evidence, ...]
    """What it was named for first."""
    shape: Shape
    onset_day: int | None
    """Days since 1970 (or since the record's first midnight); None: before the record begins."""
    last_day: int
    """Of the record."""
    since_days: int
    """How long it has been so, as far as the record tells."""
    rest_v: float
    """Deviation from the median cell over the last days, at rest; nan where it never rested."""
    charge_v: float
    discharge_v: float
    worst_v: float
    """Largest deviation over the last days that lasted, outside the knees, with its sign."""
    alarm_v: float
    """Where a difference of voltages is commonly alarmed."""
    days_to_alarm: float | None
    """At the pace of the record; 0 if it is there, None if it does not grow."""
    rebalanced: bool
    """Whether balancing takes it back again and again: it moves every day, and gets nowhere."""
    warmer_k: float
    """Than the median cell; nan where nobody measured."""

    @property
    def left_v(self) -> float:
        """What is left to the alarm threshold; negative beyond it."""
        return self.alarm_v - abs(self.worst_v)


@dataclass(frozen=True, slots=True)
class StringFigures:
    """One string over the record."""

    string: int
    cells: int
    days: int
    """That could be judged."""
    spread_v: float
    """From the lowest to the highest cell's mean deviation at rest, over the last days."""
    spread_before_v: float
    """The same over the first days."""
    usual_v: float
    """Spread of most of its cells at rest (median absolute deviation, as a standard deviation)."""


@dataclass(frozen=True, slots=True)
class WatchReport:
    """All that was found."""

    findings: tuple[Finding, ...]
    """The sharpest first."""
    strings: tuple[StringFigures, ...]
