"""The plain rule of time-of-use tariffs: charge when energy is cheap, discharge when it is dearest.

No forecast and no optimiser: what a person with a tariff table would write down. In the valley it charges up to
`soc_max` at the even rate that fits the hours left; in the critical hours it gives all it can, in the peak hours what
the critical hours ahead do not need, spread over the hours left; otherwise it holds. Protective control stands above
it, so a slot says what is wanted, not what is safe.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from math import sqrt

from msgspec import structs

from leyden.model.plan import Plan, Slot, SlotMode
from leyden.model.reason import Reason
from leyden.model.site import Site
from leyden.model.words import Words
from leyden.plan.tariff import BAND_LABELS, Band, Tariff

ROUND_TRIP = 0.88
"""AC to AC of a container with its converter; only the expected state of charge depends on it."""
LEAST_W = 1.0
"""Less than a watt is rest."""
_QUARTER = timedelta(minutes=15)
_LOOK_AHEAD = timedelta(hours=24)
"""A plan that ends inside a valley or a peak still spreads over all of it."""

Demand = Callable[[datetime], float]
"""Expected net demand of the site without its batteries at a moment, in W."""


class BandReason(Reason, frozen=True):
    """Base of the reasons that name a band and its price."""

    band: str
    price_per_kwh: float

    @cached_property
    def words(self) -> Words:
        """The sentence with the band's label and the price as it is printed."""
        label = BAND_LABELS.get(self.band, Words(self.band, self.band))
        values = structs.asdict(self) | {"band": label, "price_per_kwh": f"{self.price_per_kwh:.4f}"}
        return self.sentence.fill(values)


class ChargeInBand(BandReason, frozen=True):
    """Energy is cheap."""

    soc: float
    sentence = Words("{band}段 {price_per_kwh}:充电至 {soc}", "{band} {price_per_kwh}: charge to {soc}")


class DischargeInBand(BandReason, frozen=True):
    """Energy is dear."""

    soc: float
    sentence = Words("{band}段 {price_per_kwh}:放电至 {soc}", "{band} {price_per_kwh}: discharge to {soc}")


class HoldInBand(BandReason, frozen=True):
    """Neither cheap nor dear."""

    sentence = Words("{band}段 {price_per_kwh}:保持", "{band} {price_per_kwh}: hold")


class FullInBand(BandReason, frozen=True):
    """Cheap, but nothing more goes in, or nothing more may be drawn."""

    sentence = Words(
        "{band}段 {price_per_kwh}:已充满或无充电余量", "{band} {price_per_kwh}: full, or no room to draw more"
    )


class EmptyInBand(BandReason, frozen=True):
    """Dear, but nothing is left to give, or nobody takes it."""

    sentence = Words("{band}段 {price_per_kwh}:已放空或无法消纳", "{band} {price_per_kwh}: empty, or nobody takes more")


class KeptForCritical(BandReason, frozen=True):
    """Dear, but dearer hours are ahead."""

    sentence = Words("{band}段 {price_per_kwh}:为尖峰留存", "{band} {price_per_kwh}: kept for the critical hours")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A quarter of an hour, or what is left of it, in one band."""

    band: Band
    start: datetime
    end: datetime
    hours: float
    """Still to come of it."""
    cheap_h: float
    """Hours of valley from here to the next dear one, this piece's own included."""
    critical_h: float
    """Critical hours from here to the next valley."""
    peak_h: float
    """Peak hours from here to the next valley."""


@dataclass(slots=True)
class _Store:
    """All batteries as one, behind their converters."""

    stored_wh: float
    """Above the floor, in the cells; negative where the floor has to be reached first."""
    room_wh: float
    """Below the ceiling, in the cells."""
    floor_wh: float
    """What stays."""
    energy_wh: float
    power_w: float
    one_way: float
    """Efficiency of one direction."""

    def charge(self, power_w: float, hours: float) -> None:
        moved = min(self.room_wh, power_w * hours * self.one_way)
        self.stored_wh += moved
        self.room_wh -= moved

    def discharge(self, power_w: float, hours: float) -> None:
        moved = min(max(0.0, self.stored_wh), power_w * hours / self.one_way)
        self.stored_wh -= moved
        self.room_wh += moved

    @property
    def soc(self) -> float:
        return (self.floor_wh + self.stored_wh) / self.energy_wh

    @property
    def soc_full(self) -> float:
        return (self.floor_wh + self.stored_wh + self.room_wh) / self.energy_wh

    @property
    def soc_empty(self) -> float:
        return self.floor_wh / self.energy_wh


def time_of_use_plan(
    site: Site,
    tariff: Tariff,
    soc: Mapping[str, float],
    now: datetime,
    until: datetime,
    *,
    reserve: float = 0.0,
    round_trip: float = ROUND_TRIP,
    demand_w: Demand | None = None,
) -> Plan:
    """Slots of a quarter of an hour for all batteries together, from the quarter that `now` lies in to `until`.

    `soc` is 0 to 1 by battery, half where it is nan or missing. Nothing is discharged below `reserve` or a battery's
    own `soc_min`. Charging keeps the grid's import limit, and with `demand_w` given both limits beside that demand.
    """
    if not site.batteries:
        return Plan((), now, "time-of-use")
    store = _store(site, soc, reserve, round_trip)
    slots = []
    for piece in _pieces(tariff, now, until):
        demand = None if demand_w is None else demand_w(piece.start)
        slots.append(_slot(site, piece, store, demand))
    return Plan(tuple(slots), now, "time-of-use")


def _store(site: Site, soc: Mapping[str, float], reserve: float, round_trip: float) -> _Store:
    floor = stored = room = 0.0
    for battery in site.batteries:
        known = soc.get(battery.name, 0.5)
        now = known if 0.0 <= known <= 1.0 else 0.5
        low, high = max(battery.soc_min, reserve), battery.soc_max
        floor += battery.energy_wh * low
        stored += battery.energy_wh * (now - low)
        room += battery.energy_wh * max(0.0, high - now)
    energy_wh = sum(battery.energy_wh for battery in site.batteries)
    power_w = sum(battery.converter.power_w for battery in site.batteries)
    return _Store(stored, room, floor, energy_wh, power_w, sqrt(round_trip))


def _pieces(tariff: Tariff, now: datetime, until: datetime) -> Sequence[_Piece]:
    """Quarters up to `until`, each knowing what lies ahead, walked from the end."""
    spans = list(_quarters(tariff.bands(_quarter_of(now), until + _LOOK_AHEAD)))
    found: list[_Piece] = []
    cheap_h = critical_h = peak_h = 0.0
    for band, start, end in reversed(spans):
        hours = (end - max(start, now)).total_seconds() / 3600.0
        if band.band == "valley":
            cheap_h, critical_h, peak_h = cheap_h + hours, 0.0, 0.0
        elif band.band == "critical":
            cheap_h, critical_h = 0.0, critical_h + hours
        elif band.band == "peak":
            cheap_h, peak_h = 0.0, peak_h + hours
        found.append(_Piece(band, start, end, hours, cheap_h, critical_h, peak_h))
    return [piece for piece in reversed(found) if piece.start < until]


def _quarter_of(now: datetime) -> datetime:
    return now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)


def _quarters(bands: Sequence[Band]) -> Iterator[tuple[Band, datetime, datetime]]:
    """Bands cut at every quarter hour."""
    for band in bands:
        edges = [band.start]
        while (following := _quarter_of(edges[-1]) + _QUARTER) < band.end:
            edges.append(following)
        yield from ((band, start, end) for start, end in pairwise([*edges, band.end]))


def _slot(site: Site, piece: _Piece, store: _Store, demand_w: float | None) -> Slot:
    """What one piece does; the store moves on with it."""
    band, price = piece.band.band, piece.band.import_per_kwh
    power_w: float = 0.0
    reason: BandReason = HoldInBand(band, price)
    if band == "valley":
        power_w, reason = _charge(site, piece, store, demand_w)
    elif band in ("peak", "critical"):
        power_w, reason = _discharge(site, piece, store, demand_w)
    return Slot(
        start=piece.start,
        end=piece.end,
        mode=SlotMode.BATTERY if power_w else SlotMode.HOLD,
        reason=reason,
        power_w=power_w or None,
        soc_end=store.soc,
        price_per_kwh=price,
    )


def _charge(site: Site, piece: _Piece, store: _Store, demand_w: float | None) -> tuple[float, BandReason]:
    """Charging power is negative."""
    band, price = piece.band.band, piece.band.import_per_kwh
    full = store.soc_full
    even_w = store.room_wh / store.one_way / piece.cheap_h
    free_w = site.grid.import_limit_w - (demand_w or 0.0)
    power_w = min(even_w, store.power_w, free_w)
    if power_w < LEAST_W:
        return 0.0, FullInBand(band, price)
    store.charge(power_w, piece.hours)
    return -power_w, ChargeInBand(band, price, full)


def _discharge(site: Site, piece: _Piece, store: _Store, demand_w: float | None) -> tuple[float, BandReason]:
    """Discharging power is positive."""
    band, price = piece.band.band, piece.band.import_per_kwh
    out_wh = max(0.0, store.stored_wh) * store.one_way
    critical_wh = min(out_wh, store.power_w * piece.critical_h)
    if band == "critical":
        even_w = out_wh / piece.critical_h
    else:
        even_w = (out_wh - critical_wh) / piece.peak_h
    taken_w = store.power_w if demand_w is None else demand_w + site.grid.export_limit_w
    power_w = min(even_w, store.power_w, taken_w)
    if power_w < LEAST_W:
        kept = band == "peak" and critical_wh >= LEAST_W
        return 0.0, KeptForCritical(band, price) if kept else EmptyInBand(band, price)
    store.discharge(power_w, piece.hours)
    return power_w, DischargeInBand(band, price, store.soc_empty)
