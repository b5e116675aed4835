"""What energy costs: a table of bands by month and wall-clock hour in the tariff's own zone.

The price of a band is `base x ratio`, rounded as the document prints it, plus what is added for all bands alike (funds,
surcharges). A moment belongs to the first band of the table that claims it; the last one claims whatever is left, so
bands always tile the day, whatever the month and through daylight-saving changes.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from leyden.model.snapshot import Price
from leyden.model.words import Words
from leyden.plan.window import Window

BandName = Literal["valley", "flat", "peak", "critical"]

BAND_LABELS: Mapping[str, Words] = {
    "valley": Words("谷", "valley"),
    "flat": Words("平", "flat"),
    "peak": Words("峰", "peak"),
    "critical": Words("尖", "critical"),
}
"""From the cheapest to the dearest."""

_QUARTER = timedelta(minutes=15)
EVERY_MONTH = tuple(range(1, 13))


@dataclass(frozen=True, slots=True)
class BandRule:
    """When a band holds, and what it costs against the base price."""

    band: BandName
    ratio: float
    """Price of the band over the base price."""
    hours: tuple[Window, ...] = ()
    """By the wall clock; none means the whole day."""
    months: tuple[int, ...] = EVERY_MONTH
    hot_days: bool = False
    """Whether it holds on declared hot days of other months, too."""

    def claims(self, local: datetime, hot: bool) -> bool:
        """Whether a moment, by the wall clock, belongs to this band."""
        if local.month not in self.months and not (hot and self.hot_days):
            return False
        return not self.hours or any(window.contains(local.time()) for window in self.hours)


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of time at one price, [start, end)."""

    start: datetime
    """Aware UTC."""
    end: datetime
    band: BandName
    label: Words
    import_per_kwh: float
    export_per_kwh: float


@dataclass(frozen=True)
class Tariff:
    """Prices by time of use. Sums made with it are estimates: a bill has more lines than energy."""

    id: str
    name: Words
    document: str
    """Number and date of the rule, as an authority printed it."""
    timezone: str
    currency: str
    rules: tuple[BandRule, ...]
    base_per_kwh: float
    """Price of energy that the ratios multiply."""
    valid_from: date
    """First day of the rule."""
    priced_from: date
    """First day on which the base price was the real one."""
    priced_until: date
    """First day on which it no longer was."""
    valid_until: date | None = None
    """First day after the rule, where its end is known."""
    added_per_kwh: float = 0.0
    """Added to every band after the multiplication: government funds and surcharges."""
    export_per_kwh: float = math.nan
    """Paid for energy fed in; nan where the tariff does not say."""
    digits: int = 4
    """Decimals of a printed price, in the currency per kWh."""
    hot: frozenset[date] = field(default_factory=frozenset)
    """Declared hot days, in the tariff's zone."""

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone whose wall clock the hours mean."""
        return ZoneInfo(self.timezone)

    @cached_property
    def prices_per_kwh(self) -> Mapping[str, float]:
        """Price of energy drawn, by band."""
        return {rule.band: self._price(rule.ratio) for rule in self.rules}

    def _price(self, ratio: float) -> float:
        """In decimals, because documents round half up what floats would not."""
        exact = Decimal(repr(self.base_per_kwh)) * Decimal(repr(ratio))
        printed = exact.quantize(Decimal(1).scaleb(-self.digits), ROUND_HALF_UP)
        return float(printed + Decimal(repr(self.added_per_kwh)))

    def on_hot_days(self, days: frozenset[date]) -> "Tariff":
        """The same tariff with these days declared hot."""
        return replace(self, hot=days)

    def band_at(self, moment: datetime) -> BandName:
        """The band of an aware moment."""
        local = moment.astimezone(self.zone)
        hot = local.date() in self.hot
        return next(rule.band for rule in self.rules if rule.claims(local, hot))

    def price_at(self, moment: datetime) -> Price:
        """What energy costs at an aware moment."""
        band = self.band_at(moment)
        return Price(import_per_kwh=self.prices_per_kwh[band], export_per_kwh=self.export_per_kwh, band=band)

    def bands(self, start: datetime, end: datetime) -> list[Band]:
        """The bands that tile [start, end), neighbours never the same band; empty where end is not after start."""
        found: list[Band] = []
        for left, right in pairwise(self._edges(start.astimezone(UTC), end.astimezone(UTC))):
            band = self.band_at(left)
            if found and found[-1].band == band:
                found[-1] = replace(found[-1], end=right)
                continue
            price = self.prices_per_kwh[band]
            found.append(Band(left, right, band, BAND_LABELS[band], price, self.export_per_kwh))
        return found

    def _edges(self, start: datetime, end: datetime) -> list[datetime]:
        """Every moment in [start, end] at which the band may change, both ends included; nothing for an empty span.

        Quarter hours by UTC hold every daylight-saving change; the wall-clock edges of the rules are added to them, for
        both readings of an hour that comes twice.
        """
        if start >= end:
            return []
        edges = {start, end}
        quarter = start.replace(minute=start.minute // 15 * 15, second=0, microsecond=0) + _QUARTER
        while quarter < end:
            edges.add(quarter)
            quarter += _QUARTER
        edges.update(edge for edge in self._wall_edges(start, end) if start < edge < end)
        return sorted(edges)

    def _wall_edges(self, start: datetime, end: datetime) -> Iterator[datetime]:
        minutes = {minute for rule in self.rules for window in rule.hours for minute in window.edges_min} | {0}
        day, last = start.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        while day <= last:
            for minute in minutes:
                local = datetime.combine(day, time(minute // 60, minute % 60), self.zone)
                yield from (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
            day += timedelta(days=1)

    def warning(self, day: date) -> Words | None:
        """What to know about the prices of a day; None where they were the real ones."""
        if day < self.valid_from or (self.valid_until is not None and day >= self.valid_until):
            until = self.valid_until or "…"
            return Words(
                f"电价 {self.id} 仅在 {self.valid_from} 至 {until} 有效,{day} 的时段与金额仅为估算",
                f"tariff {self.id} holds from {self.valid_from} to {until}: bands and money of {day} are an estimate",
            )
        if not self.priced_from <= day < self.priced_until:
            last = self.priced_until - timedelta(days=1)
            return Words(
                f"电价 {self.id} 的价格为 {self.priced_from} 至 {last} 所公布,{day} 的金额仅为估算",
                f"the prices of tariff {self.id} are those of {self.priced_from} to {last}: "
                f"money of {day} is an estimate",
            )
        return None
