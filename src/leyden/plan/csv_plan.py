"""A plan that somebody wrote into a table.

Format: comma (or semicolon) separated, UTF-8, first row names the columns, in any order:

| column | meaning |
|---|---|
| `start` or `time` | `2026-07-15 06:00`, by the site's wall clock unless it has an offset (`+08:00`, `Z`) |
| `end` | the same; without it a slot lasts until the next one, the last as long as the one before it |
| `mode` | `battery`, `grid`, `self` or `hold`; without it `battery` where there is a power, else `hold` |
| `power` | with its unit, `"-500 kW"`; or a bare number under `power_w`, `power_kw`, `power_mw` |
| `soc_end` | `0.95` or `95 %`, expected at the end |
| `price_per_kwh` | a number |
| `target` | a battery, or `batteries` |
| `note` | why, for the trail |

Power is positive out of the thing: discharge for mode `battery`, import for mode `grid`. An hour that comes twice in
autumn means its first pass; write an offset to mean the second.
"""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import TypeVar

from leyden.model.plan import Plan, Slot, SlotMode
from leyden.model.problem import NOTHING_FOUND, Problem, SiteFileError
from leyden.model.quantity import Quantity, QuantityError
from leyden.model.reason import Reason
from leyden.model.site import BATTERIES, Site
from leyden.model.words import Words

POWERS: Mapping[str, float] = {"power": 1.0, "power_w": 1.0, "power_kw": 1e3, "power_mw": 1e6}
COLUMNS = ("start", "time", "end", "mode", *POWERS, "soc_end", "price_per_kwh", "target", "note")

T = TypeVar("T")


class FromTable(Reason, frozen=True):
    """Somebody wrote it into a table."""

    note: str
    sentence = Words("计划表:{note}", "plan table: {note}")


@dataclass(frozen=True, slots=True)
class _Row:
    """A row before its end is known."""

    line: int
    slot: Slot
    has_end: bool


def plan_from_csv(source: Path | str, site: Site, made: datetime | None = None) -> Plan:
    """The plan in a file, or in a text; `made` is its first moment unless given.

    Raises SiteFileError with every problem: file, line, column, what was found, and the mend.
    """
    name = source.name if isinstance(source, Path) else "plan.csv"
    try:
        text = source.read_text("utf-8-sig") if isinstance(source, Path) else source
    except (OSError, UnicodeDecodeError) as error:
        why = Words(str(error), str(error))
        raise SiteFileError(
            [Problem(name, 0, "", why, Words("应为 UTF-8 的 CSV 文件", "expected a CSV file in UTF-8"))]
        ) from None
    table = _Table(name, site)
    rows = table.read(text)
    slots = table.ended(rows) if not table.problems else []
    if not slots and not table.problems:
        table.tell(0, "", Words("没有时段", "no slots"), Words("应至少有一行", "add a row"))
    if table.problems:
        raise SiteFileError(table.problems)
    return Plan(tuple(slots), made or slots[0].start, "csv")


class _Table:
    """One table while it is being read."""

    def __init__(self, name: str, site: Site) -> None:
        self.name = name
        self.site = site
        self.targets = (BATTERIES, *(battery.name for battery in site.batteries))
        self.problems: list[Problem] = []

    def tell(self, line: int, column: str, found: Words, mend: Words) -> None:
        self.problems.append(Problem(self.name, line, column, found, mend))

    def read(self, text: str) -> list[_Row]:
        """Rows in the order of the file."""
        first = text.split("\n", 1)[0]
        reader = csv.reader(io.StringIO(text), delimiter=";" if ";" in first and "," not in first else ",")
        try:
            header = [column.strip() for column in next(reader, [])]
            if not self._known(header):
                return []
            rows = [self._row(reader.line_num, header, cells) for cells in reader if any(map(str.strip, cells))]
        except csv.Error as error:
            self.tell(
                reader.line_num, "", Words("无法解析的一行", "a row that is no row"), Words(str(error), str(error))
            )
            return []
        return [row for row in rows if row is not None]

    def _known(self, header: list[str]) -> bool:
        """Whether the columns make sense."""
        for column in header:
            if column not in COLUMNS:
                close = get_close_matches(column, COLUMNS, n=1)
                names = close[0] if close else ", ".join(COLUMNS)
                mend = Words(f"可用的列:{names}", f"did you mean {names}?" if close else f"columns are {names}")
                self.tell(1, column, Words("未知的列", "an unknown column"), mend)
        once = Words("应恰有其一", "give exactly one of them")
        alternatives: tuple[tuple[tuple[str, ...], bool], ...] = ((("start", "time"), True), (tuple(POWERS), False))
        for either, needed in alternatives:
            there = [name for name in either if name in header]
            if len(there) > 1 or (needed and not there):
                found = Words(", ".join(there), ", ".join(there)) if there else NOTHING_FOUND
                self.tell(1, " / ".join(either), found, once)
        if len(set(header)) < len(header):
            self.tell(1, "", Words("重复的列", "a column twice"), Words("列名应唯一", "name every column once"))
        return not self.problems

    def _row(self, line: int, header: list[str], cells: list[str]) -> _Row | None:
        before = len(self.problems)
        if len(cells) != len(header):
            found = Words(f"{len(cells)} 列", f"{len(cells)} cells")
            self.tell(line, "", found, Words(f"应为 {len(header)} 列", f"expected {len(header)}"))
            return None
        row = {column: cell.strip() for column, cell in zip(header, cells, strict=True)}

        def cell(read: Callable[[str], T], *columns: str) -> T | None:
            return self._cell(line, row, read, *columns)

        start = cell(self._time, "start", "time")
        end = cell(self._time, "end")
        power_w = next((cell(_power(column), column) for column in POWERS if row.get(column)), None)
        soc_end, price = cell(_ratio, "soc_end"), cell(_finite, "price_per_kwh")
        target = cell(_one_of(self.targets), "target") or BATTERIES
        mode = cell(_one_of(tuple(SlotMode)), "mode")
        if start is None and len(self.problems) == before:
            self.tell(line, "start", NOTHING_FOUND, _TIME)
        if len(self.problems) > before or start is None:
            return None
        chosen = SlotMode(mode) if mode else SlotMode.HOLD if power_w is None else SlotMode.BATTERY
        if (power_w is None) == (chosen in (SlotMode.BATTERY, SlotMode.GRID)):
            self._power_and_mode(line, chosen, power_w)
            return None
        reason = FromTable(row.get("note") or chosen.value)
        return _Row(line, Slot(start, end or start, chosen, reason, power_w, soc_end, price, target), end is not None)

    def _power_and_mode(self, line: int, mode: SlotMode, power_w: float | None) -> None:
        if power_w is None:
            self.tell(line, "power", NOTHING_FOUND, Words(f"{mode} 模式需要功率", f"mode {mode} needs a power"))
        else:
            text = f"{power_w:g} W"
            self.tell(line, "power", Words(text, text), Words(f"{mode} 模式应留空", f"leave it empty in mode {mode}"))

    def _cell(self, line: int, row: Mapping[str, str], read: Callable[[str], T], *columns: str) -> T | None:
        """The value under the first of the columns that the table has; None where the cell is empty."""
        column = next((column for column in columns if row.get(column)), None)
        if column is None:
            return None
        try:
            return read(row[column])
        except ValueError as error:
            mend = error.mend if isinstance(error, QuantityError | _CellError) else _NUMBER
            self.tell(line, column, Words(f'"{row[column]}"', f'"{row[column]}"'), mend)
            return None

    def _time(self, text: str) -> datetime:
        """Aware UTC; naive times are the site's wall clock."""
        try:
            written = datetime.fromisoformat(text)
        except ValueError:
            raise _CellError(_TIME) from None
        if written.tzinfo is not None:
            return written.astimezone(UTC)
        moment = written.replace(tzinfo=self.site.zone).astimezone(UTC)
        if moment.astimezone(self.site.zone).replace(tzinfo=None) != written:
            raise _CellError(Words("该时刻因夏令时不存在", "this hour is left out by daylight saving: take the next"))
        return moment

    def ended(self, rows: list[_Row]) -> list[Slot]:
        """Slots in order, those without an end lasting until the next."""
        rows = sorted(rows, key=lambda row: row.slot.start)
        slots = []
        length: timedelta | None = None
        for row, following in pairwise([*rows, None]):
            assert row is not None
            slot = row.slot
            if not row.has_end:
                slot = self._until(row, following, length)
            if slot.end <= slot.start:
                found = Words("不在开始之后的结束", "an end that is not after its start")
                self.tell(row.line, "end", found, Words("应晚于开始", "expected a later time"))
            elif following is not None and slot.end > following.slot.start:
                mend = Words(f"与第 {following.line} 行重叠", f"it overlaps line {following.line}")
                self.tell(row.line, "end", Words(f"{slot.end:%FT%TZ}", f"{slot.end:%FT%TZ}"), mend)
            length = slot.end - slot.start
            slots.append(slot)
        return slots

    def _until(self, row: _Row, following: "_Row | None", length: timedelta | None) -> Slot:
        if following is not None:
            return replace(row.slot, end=following.slot.start)
        if length is not None:
            return replace(row.slot, end=row.slot.start + length)
        self.tell(row.line, "end", NOTHING_FOUND, Words("唯一的时段需要 end", "a single slot needs an end"))
        return replace(row.slot, end=row.slot.start + timedelta(minutes=15))


class _CellError(ValueError):
    """A cell that cannot be read, with its mend."""

    def __init__(self, mend: Words) -> None:
        super().__init__(mend.en)
        self.mend = mend


_TIME = Words('应写作 "2026-07-15 06:00"', 'expected "2026-07-15 06:00"')
_NUMBER = Words("应为数字", "expected a number")


def _power(column: str) -> Callable[[str], float]:
    """A power with its unit, or a number in the column's unit."""
    if column == "power":
        return Quantity("W").read
    return lambda text: _finite(text) * POWERS[column]


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise _CellError(_NUMBER)
    return number


def _ratio(text: str) -> float:
    return Quantity("", 0.0, 1.0).read(text)


def _one_of(allowed: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            names = ", ".join(allowed)
            raise _CellError(Words(f"应为其中之一:{names}", f"expected one of {names}"))
        return text

    return read
