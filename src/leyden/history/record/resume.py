"""Where a record goes on after a start: the newest row, the last sequence number, and the intervals still open."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from leyden.history.record.aggregate import MINUTE_US, QUARTER_US, Interval, Rows, no_rows
from leyden.history.record.shelves import (
    CELLS,
    DECISIONS,
    MINUTES,
    PLANS,
    READINGS,
    TODAY,
    Shelf,
    closed_periods,
    open_periods,
)
from leyden.history.record.sql import Connection, one


@dataclass(frozen=True, slots=True)
class Position:
    """How far the record is."""

    newest_us: int | None
    """Of the readings; None in an empty record."""
    seq: int
    """The highest of all rows."""


@dataclass(frozen=True, slots=True)
class Unclosed:
    """What the open minute and the open quarter-hour hold so far."""

    rows: Rows
    minutes: list[Interval]


def find_position(connection: Connection, folder: Path) -> Position:
    """From the open tables, or where there are none from the newest closed file."""
    newest: dict[str, int] = {}
    seq = 0
    for shelf in (READINGS, CELLS, DECISIONS, PLANS):
        found = _of_table(connection, shelf) or _of_file(folder, shelf)
        if found is not None:
            newest[shelf.name] = found[0]
            seq = max(seq, found[1])
    return Position(newest.get(READINGS.name), seq)


def point_ids(connection: Connection, points: Sequence[str]) -> NDArray[np.int32]:
    """The numbers under which points stand in the tables; new ones are given theirs. Inside a transaction."""
    known: dict[str, int] = dict(connection.execute("SELECT name, id FROM points").fetchall())
    for name in points:
        if name not in known:
            known[name] = max(known.values(), default=0) + 1
            connection.execute("INSERT INTO points VALUES (?, ?)", [known[name], name])
    return np.array([known[name] for name in points], np.int32)


def find_unclosed(connection: Connection, ids: NDArray[np.int32], newest_us: int | None) -> Unclosed:
    """Read back the open minute and quarter-hour, as far as their points are still recorded."""
    if newest_us is None:
        return Unclosed(no_rows(len(ids)), [])
    minute_us, quarter_us = newest_us // MINUTE_US * MINUTE_US, newest_us // QUARTER_US * QUARTER_US
    rows, minutes = no_rows(len(ids)), []
    day, month = READINGS.period_at(newest_us), MINUTES.period_at(newest_us)
    periods = open_periods(connection)
    if day in periods.get(READINGS.name, []):
        rows = _rows(connection, READINGS.table(day), ids, minute_us)
    for name in [TODAY, *(period for period in periods.get(MINUTES.name, []) if period == month)]:
        minutes += _minutes(connection, MINUTES.table(name), ids, quarter_us)
    return Unclosed(rows, minutes)


def _rows(connection: Connection, table: str, ids: NDArray[np.int32], start_us: int) -> Rows:
    found = connection.execute(
        f"SELECT epoch_us(t) AS t, point, value, quality FROM {table} WHERE t >= make_timestamptz({start_us})"
    ).fetchnumpy()
    t_us, row = np.unique(found["t"], return_inverse=True)
    column = _columns(found["point"], ids)
    values = np.full((len(t_us), len(ids)), np.nan)
    quality = np.full((len(t_us), len(ids)), 2, np.uint8)
    here = column >= 0
    values[row[here], column[here]] = np.asarray(found["value"])[here]
    quality[row[here], column[here]] = np.asarray(found["quality"])[here]
    return Rows(t_us.astype(np.int64), values, quality)


def _minutes(connection: Connection, table: str, ids: NDArray[np.int32], start_us: int) -> list[Interval]:
    found = connection.execute(
        f"SELECT epoch_us(t) AS us, * EXCLUDE t FROM {table} WHERE t >= make_timestamptz({start_us}) ORDER BY t"
    ).fetchnumpy()
    column = _columns(found["point"], ids)
    intervals = []
    for t_us in np.unique(found["us"]):
        here = (found["us"] == t_us) & (column >= 0)

        def of(name: str, here: NDArray[np.bool_] = here, empty: float = 0.0) -> NDArray[np.float64]:
            values = np.full(len(ids), empty)
            values[column[here]] = np.asarray(found[name])[here]
            return values

        low, high = of("low", empty=np.inf), of("high", empty=-np.inf)
        n = of("n").astype(np.int64)
        intervals.append(Interval(int(t_us), n, low, of("mean"), high, of("seconds"), of("up"), of("down")))
    return intervals


def _columns(points: NDArray[np.int32], ids: NDArray[np.int32]) -> NDArray[np.int64]:
    """The column of each row's point, -1 where it is no longer recorded."""
    order = np.argsort(ids)
    at = np.minimum(np.searchsorted(ids[order], points), len(ids) - 1)
    column: NDArray[np.int64] = np.where(ids[order][at] == points, order[at], -1)
    return column


def _of_table(connection: Connection, shelf: Shelf) -> tuple[int, int] | None:
    for period in reversed(open_periods(connection).get(shelf.name, [])):
        row = one(connection, f"SELECT max(epoch_us(t)), max(seq) FROM {shelf.table(period)}")
        if row is not None and row[0] is not None:
            return int(row[0]), int(row[1])
    return None


def _of_file(folder: Path, shelf: Shelf) -> tuple[int, int] | None:
    for period in reversed(closed_periods(folder, shelf)):
        rows = pq.read_table(shelf.file(folder, period), columns=["t", "seq"])
        if len(rows):
            return int(rows["t"].cast("int64").to_numpy().max()), int(rows["seq"].to_numpy().max())
    return None
