"""Tariffs as data: one TOML file each, in `plan/tariffs` or in a folder of the site's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from math import nan
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from leyden.model.errors import LeydenError
from leyden.model.problem import SiteFileError
from leyden.model.quantity import Quantity
from leyden.model.read_table import TableReader
from leyden.model.toml_file import TomlFile
from leyden.model.words import Words
from leyden.plan.tariff import EVERY_MONTH, BandName, BandRule, Tariff
from leyden.plan.window import Window

SHIPPED = Path(__file__).parent / "tariffs"

Month = Annotated[int, Quantity("", 1, 12)]
NotNegative = Annotated[float, Quantity("", low=0.0)]


class UnknownTariffError(LeydenError, LookupError):
    """No file has this tariff; the message lists those there are."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        close = get_close_matches(name, known, n=1)
        names = ", ".join(known)
        self.words = Words(
            f"是否应为 {close[0]}?" if close else f"没有电价 {name},可用:{names}",
            f"did you mean {close[0]}?" if close else f"there is no tariff {name}; there are: {names}",
        )
        super().__init__(self.words.en)


@dataclass(frozen=True, slots=True)
class RuleTable:
    """The rule: who gave it, and when it holds."""

    document: str
    """Number and name of the document."""
    valid_from: date
    """First day of the rule."""
    valid_until: date | None = None
    """First day after it, where its end is known."""
    verified: bool = False
    """Whether the document's own text was read."""
    note: Words | None = None
    """What else to know."""


@dataclass(frozen=True, slots=True)
class PriceTable:
    """The base price that the bands' ratios multiply."""

    base_per_kwh: NotNegative
    """In the tariff's currency, without funds and surcharges."""
    since: date
    """First day of these prices."""
    until: date
    """First day on which they no longer held."""
    added_per_kwh: float = 0.0
    """Funds and surcharges, added to every band after the multiplication."""
    export_per_kwh: float = nan
    """Paid for energy fed in."""
    digits: Annotated[int, Quantity("", 0, 9)] = 4
    """Decimals of a printed price."""
    verified: bool = False
    """Whether the document's own text was read."""
    note: Words | None = None
    """What else to know."""


@dataclass(frozen=True, slots=True)
class BandTable:
    """A band: the first in the file that claims a moment has it; the last claims what is left."""

    band: BandName
    """valley, flat, peak or critical."""
    ratio: NotNegative
    """Its price over the base price."""
    hours: tuple[Window, ...] = ()
    """By the wall clock, as "22:00-08:00"; none means what is left of the day."""
    months: tuple[Month, ...] = EVERY_MONTH
    """Months in which it holds, 1 to 12."""
    hot_days: bool = False
    """Whether it holds on declared hot days of other months, too."""


@dataclass(frozen=True, slots=True)
class TariffTable:
    """A whole tariff file."""

    name: Words
    """What people call it."""
    timezone: str
    """The zone whose wall clock the hours mean."""
    currency: str
    """Three letters."""
    rule: RuleTable
    """The rule."""
    price: PriceTable
    """The base price."""
    band: tuple[BandTable, ...]
    """The bands, the more particular first."""


def tariff_names(folders: Sequence[Path] = ()) -> list[str]:
    """Names of all tariffs there are."""
    return sorted({path.stem for folder in (*folders, SHIPPED) for path in folder.glob("*.toml")})


def load_tariff(name: str, folders: Sequence[Path] = ()) -> Tariff:
    """The tariff of this name, from the first folder that has it, then from those that come with Leyden.

    Raises UnknownTariffError with the names there are, or SiteFileError with everything that is wrong in its file.
    """
    for folder in (*folders, SHIPPED):
        path = folder / f"{name}.toml"
        if name == Path(name).name and path.is_file():
            return parse_tariff(path.read_bytes(), name, path.name)
    raise UnknownTariffError(name, tariff_names(folders))


def parse_tariff(text: str | bytes, name: str, file: str = "tariff.toml") -> Tariff:
    """The tariff of a text; raises SiteFileError with everything that is wrong."""
    reader = TableReader(TomlFile.parse(text, file))
    table = reader.read(TariffTable, ()).made
    if table is not None:
        _check(reader, table)
    if table is None or reader.problems:
        raise SiteFileError(reader.problems)
    return Tariff(
        id=name,
        name=table.name,
        document=table.rule.document,
        timezone=table.timezone,
        currency=table.currency,
        rules=tuple(BandRule(b.band, b.ratio, b.hours, b.months, b.hot_days) for b in table.band),
        base_per_kwh=table.price.base_per_kwh,
        valid_from=table.rule.valid_from,
        valid_until=table.rule.valid_until,
        priced_from=table.price.since,
        priced_until=table.price.until,
        added_per_kwh=table.price.added_per_kwh,
        export_per_kwh=table.price.export_per_kwh,
        digits=table.price.digits,
    )


def _check(reader: TableReader, table: TariffTable) -> None:
    """Every moment has a band, and the zone is one."""
    try:
        ZoneInfo(table.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        reader.tell(("timezone",), Words('应写作 "Asia/Shanghai"', 'expected a zone such as "Asia/Shanghai"'))
    if not table.band or table.band[-1].hours or table.band[-1].months != EVERY_MONTH:
        mend = Words(
            "最后一个 [[band]] 不应有 hours 与 months,以覆盖其余时段",
            "the last [[band]] takes what is left: no hours, no months",
        )
        reader.tell(("band", max(0, len(table.band) - 1)), mend, Words("一天未被完全覆盖", "hours without a band"))
    prices: dict[str, float] = {}
    for index, band in enumerate(table.band):
        if prices.setdefault(band.band, band.ratio) != band.ratio:
            mend = Words("同一时段名只能有一个比价", f"expected {prices[band.band]:g}, as this band has above")
            reader.tell(("band", index, "ratio"), mend)
