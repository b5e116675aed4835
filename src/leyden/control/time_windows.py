"""Charging and discharging by the clock, in the site's own zone: across midnight, and through the change of clocks.

A window is told by what the wall clock shows. Where clocks are put back it is that much longer, where they are put
forward shorter. One that runs over midnight belongs to the day on which it begins.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from leyden.control.clock_trust import NOT_TRUSTED
from leyden.model.proposal import NOTHING, Fleeting, Proposal, Want
from leyden.model.quantity import Quantity
from leyden.model.reason import Reason
from leyden.model.site import BATTERIES, Site
from leyden.model.snapshot import Snapshot
from leyden.model.target import Target
from leyden.model.words import Words

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WRITTEN = re.compile(r"\s*(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\s*")
_DAY_MIN = 24 * 60


class ChargeWindow(Reason, frozen=True):
    """The clock says: charge."""

    window: str
    sentence = Words("充电时段 {window}", "charge window {window}")


class DischargeWindow(Reason, frozen=True):
    """The clock says: discharge."""

    window: str
    sentence = Words("放电时段 {window}", "discharge window {window}")


@dataclass(frozen=True, slots=True)
class Window:
    """From one minute of the day up to another, the end not included."""

    start_min: int
    end_min: int

    @classmethod
    def from_text(cls, text: str) -> "Window":
        """ "23:00-07:00"; raises ValueError with the mend."""
        match = _WRITTEN.fullmatch(text)
        if match is not None:
            hour, minute, end_hour, end_minute = map(int, match.groups())
            start_min, end_min = 60 * hour + minute, 60 * end_hour + end_minute
            if (
                minute < 60
                and end_minute < 60
                and start_min < _DAY_MIN
                and end_min <= _DAY_MIN
                and start_min != end_min
            ):
                return cls(start_min, end_min)
        raise ValueError(f'expected "23:00-07:00", two different times of day (应写作 "23:00-07:00"), found {text!r}')

    def __str__(self) -> str:
        return "-".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in (self.start_min, self.end_min))

    @property
    def parts(self) -> tuple[tuple[int, int], ...]:
        """As stretches of one day."""
        if self.start_min < self.end_min:
            return ((self.start_min, self.end_min),)
        return (self.start_min, _DAY_MIN), (0, self.end_min)

    def holds(self, minute: int, day: int, days: Sequence[Day]) -> bool:
        """Whether it is in force in this minute of this day; `days` are those on which it begins, none means all."""
        if self.start_min < self.end_min or minute >= self.start_min:
            within = self.start_min <= minute and (minute < self.end_min or self.end_min < self.start_min)
        else:
            within, day = minute < self.end_min, (day - 1) % 7
        return within and (not days or _DAYS[day] in days)


class Shown(Fleeting, frozen=True):
    """What the site's clock shows, and from when to when: windows are told in minutes."""

    begin: datetime = datetime.max.replace(tzinfo=UTC)
    end: datetime = datetime.max.replace(tzinfo=UTC)
    minute: int = 0
    """Of the day."""
    day: int = 0
    """Monday is 0."""


def _shown(time: datetime, zone: ZoneInfo) -> Shown:
    """Minutes begin at the same moments in every zone."""
    local, begin = time.astimezone(zone), time.replace(second=0, microsecond=0)
    return Shown(begin, begin + timedelta(minutes=1), 60 * local.hour + local.minute, local.weekday())


@dataclass(frozen=True, kw_only=True)
class TimeWindows:
    """Charge and discharge at fixed times; outside them nothing. Raises ValueError for windows that contradict."""

    use: ClassVar[str] = "time-windows"
    label: ClassVar[Words] = Words("分时段充放", "time windows")
    protective: ClassVar[bool] = False

    charge: tuple[Window, ...] = ()
    """`["23:00-07:00"]`."""
    discharge: tuple[Window, ...] = ()
    """`["10:00-12:00", "18:00-21:00"]`."""
    charge_power_w: Annotated[float | None, Quantity("W", low=0.0)] = None
    """All that the converters are rated for, unless said."""
    discharge_power_w: Annotated[float | None, Quantity("W", low=0.0)] = None
    """All that the converters are rated for, unless said."""
    days: tuple[Day, ...] = ()
    """On which a window begins; every day, unless said."""
    target: Annotated[str, Target()] = BATTERIES
    """One battery, or all."""
    name: str = use
    every_s: Annotated[float, Quantity("s", low=0.0)] = 0.0

    def __post_init__(self) -> None:
        if not self.charge and not self.discharge:
            raise ValueError('no window: add charge = ["23:00-07:00"] or discharge = ["18:00-21:00"] (缺少时段)')
        for one in self.charge:
            for other in self.discharge:
                if any(a < d and c < b for a, b in one.parts for c, d in other.parts):
                    raise ValueError(f"charge {one} and discharge {other} overlap: change one of them (充放时段重叠)")

    def start(self) -> Shown:
        """The clock has not been looked at."""
        return Shown()

    def propose(self, snapshot: Snapshot, state: Shown) -> tuple[Proposal, Shown]:
        """A request while a window is in force."""
        if not snapshot.context.clock_trusted:
            return NOT_TRUSTED, state
        shown = state if state.begin <= snapshot.time < state.end else _shown(snapshot.time, snapshot.site.zone)
        for window in self.discharge:
            if window.holds(shown.minute, shown.day, self.days):
                power_w = self._power_w(self.discharge_power_w, snapshot.site)
                return (Want(self.target, DischargeWindow(str(window)), request_w=power_w),), shown
        for window in self.charge:
            if window.holds(shown.minute, shown.day, self.days):
                power_w = self._power_w(self.charge_power_w, snapshot.site)
                return (Want(self.target, ChargeWindow(str(window)), request_w=-power_w),), shown
        return NOTHING, shown

    def _power_w(self, told_w: float | None, site: Site) -> float:
        rated_w = sum(b.converter.power_w for b in site.batteries if self.target in (BATTERIES, b.name))
        return rated_w if told_w is None else min(told_w, rated_w)

    def summary(self) -> Words:
        """In one line."""
        charge, discharge = (" ".join(map(str, windows)) or "-" for windows in (self.charge, self.discharge))
        return Words(f"充电 {charge},放电 {discharge}", f"charge {charge}, discharge {discharge}")
