"""Where everything lies: tables of the open period in one DuckDB file, closed periods as Parquet beside it.

A shelf holds one kind of rows. Its open period, a day or a month of UTC, is a table `readings_20260715`; when the
period closes, the table becomes `readings/2026-07-15.parquet` and is dropped. Minutes and quarter-hours of today stand
in `minutes_today`, in order of arrival, and move into their month's table sorted by point when the day closes: so a
point's month is read without touching the other points.

Readings and decisions of a day still open are packed, many rows in one line (`packed.py`): readings a minute at a time,
those of the minute that is not over yet in `readings_open`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from leyden.history.record.sql import Connection

PARQUET = ".parquet"
TODAY = "today"


@dataclass(frozen=True, slots=True)
class Shelf:
    """One kind of rows."""

    name: str
    period: Literal["day", "month"]
    columns: str
    """As SQL declares them; of a packed shelf, those of its files."""
    packed: bool = False
    """Whether its tables hold many rows in one line."""

    def period_at(self, t_us: int) -> str:
        """The period that holds this moment: `20260715` or `202607`."""
        return _utc(t_us).strftime("%Y%m%d" if self.period == "day" else "%Y%m")

    def table(self, period: str) -> str:
        """The table of an open period."""
        return f"{self.name}_{period}"

    @property
    def open_columns(self) -> str:
        """Those of its tables."""
        return PACKED if self.packed else self.columns

    def file(self, folder: Path, period: str) -> Path:
        """The file of a closed period."""
        return folder / self.name / ("-".join(filter(None, (period[:4], period[4:6], period[6:]))) + PARQUET)


_AGGREGATE = (
    "point INTEGER, t TIMESTAMPTZ, n INTEGER, low DOUBLE, mean DOUBLE, high DOUBLE,"
    " seconds FLOAT, up DOUBLE, down DOUBLE"
)
PACKED = "seq BIGINT, t TIMESTAMPTZ, until TIMESTAMPTZ, rows INTEGER, layout INTEGER, body BLOB"
"""The last row's number, the first row's and the last row's time, how many rows, of which points, and all of them."""
READINGS = Shelf(
    "readings", "day", "seq BIGINT, t TIMESTAMPTZ, point INTEGER, value DOUBLE, quality UTINYINT", packed=True
)
READINGS_OPEN = READINGS.table("open")
"""Rows of the minute that is not over yet, as they came: one line a flush."""
CELLS = Shelf(
    "cells", "day",
    "seq BIGINT, t TIMESTAMPTZ, battery VARCHAR, racks SMALLINT, modules SMALLINT, cells SMALLINT, frame BLOB",
)  # fmt: skip
DECISIONS = Shelf("decisions", "day", "seq BIGINT, t TIMESTAMPTZ, number BIGINT, body VARCHAR", packed=True)
PLANS = Shelf(
    "plans", "day",
    'seq BIGINT, t TIMESTAMPTZ, made TIMESTAMPTZ, source VARCHAR, version INTEGER, slot_start TIMESTAMPTZ,'
    " slot_end TIMESTAMPTZ, target VARCHAR, mode VARCHAR, power_w DOUBLE, soc_end DOUBLE, price_per_kwh DOUBLE,"
    " reason VARCHAR",
)  # fmt: skip
MINUTES = Shelf("minutes", "month", _AGGREGATE)
QUARTERS = Shelf("quarters", "month", _AGGREGATE)
SHELVES = (READINGS, CELLS, DECISIONS, PLANS, MINUTES, QUARTERS)


def bounds_us(period: str) -> tuple[int, int]:
    """Start and end of a period, whose name says whether it is a day or a month."""
    start = datetime(int(period[:4]), int(period[4:6]), int(period[6:] or 1), tzinfo=UTC)
    end = start + timedelta(days=1) if len(period) == 8 else (start + timedelta(days=31)).replace(day=1)
    return round(start.timestamp()) * 1_000_000, round(end.timestamp()) * 1_000_000


def open_periods(connection: Connection) -> dict[str, list[str]]:
    """By shelf, the periods that have a table, oldest first; `today` is none."""
    query = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'rec' ORDER BY table_name"
    periods: dict[str, list[str]] = {}
    for (name,) in connection.execute(query).fetchall():
        shelf, _, period = name.partition("_")
        if period.isdigit():
            periods.setdefault(shelf, []).append(period)
    return periods


def closed_periods(folder: Path, shelf: Shelf) -> list[str]:
    """Periods that have a file, oldest first."""
    return sorted(path.stem.replace("-", "") for path in (folder / shelf.name).glob(f"*{PARQUET}"))


def _utc(t_us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=t_us)
