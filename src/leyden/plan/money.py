"""What metered energy cost by a tariff: an estimate, and it says why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import isnan

from leyden.model.words import Words
from leyden.plan.tariff import Tariff

NOT_A_BILL = Words("估算:不含基本电费、力调电费与税费细项", "an estimate: a bill has more lines than energy")
NO_EXPORT_PRICE = Words(
    "该电价未规定上网电价,上网电量未计价", "this tariff has no price for energy fed in: it is not counted"
)


@dataclass(frozen=True, slots=True)
class Metered:
    """Energy of a stretch of time, never negative."""

    start: datetime
    end: datetime
    import_wh: float
    export_wh: float = 0.0


@dataclass(frozen=True, slots=True)
class Money:
    """A sum in the tariff's currency, and what to know about it; always an estimate."""

    amount: float
    """Positive is paid, negative is received."""
    currency: str
    notes: tuple[Words, ...]


def energy_money(tariff: Tariff, metered: Iterable[Metered]) -> Money:
    """The price of what was drawn less that of what was fed in.

    A stretch that touches several bands is shared by time, so use quarter hours or shorter.
    """
    amount, notes = 0.0, {NOT_A_BILL: None}
    for stretch in metered:
        whole_s = (stretch.end - stretch.start).total_seconds()
        for band in tariff.bands(stretch.start, stretch.end):
            share = (band.end - band.start).total_seconds() / whole_s
            amount += share * stretch.import_wh / 1000.0 * band.import_per_kwh
            if stretch.export_wh and isnan(band.export_per_kwh):
                notes[NO_EXPORT_PRICE] = None
            elif stretch.export_wh:
                amount -= share * stretch.export_wh / 1000.0 * band.export_per_kwh
            if warning := tariff.warning(band.start.astimezone(tariff.zone).date()):
                notes[warning] = None
    return Money(amount, tariff.currency, tuple(notes))
