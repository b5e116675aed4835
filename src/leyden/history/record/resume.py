"""Where a record goes on after a start: the newest row, the last sequence number, and the intervals still open."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from leyden.history.record.aggregate import QUARTER_US, Interval, Rows, no_rows
from leyden.history.record.packed import Block, unpack_block
from leyden.history.record.shelves import (
    CELLS,
    DECISIONS,
    MINUTES,
    PLANS,
    READINGS,
    READINGS_OPEN,
    TODAY,
    Shelf,
    closed_periods,
    open_periods,
)
from leyden.history.record.sql import Connection, one
from leyden.model.quality import Quality


@dataclass(frozen=True, slots=True)
class Position:
    """How far the record is."""

    newest_us: int | None
    """Of the readings; None in an empty record."""
    seq: int
    """The highest of all rows."""


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


def layout_of(connection: Connection, ids: NDArray[np.int32]) -> int:
    """The number under which this order of points is known; a new one is given its own. Inside a transaction."""
    points = " ".join(map(str, ids.tolist()))
    known: dict[str, int] = {points: layout for layout, points in layouts(connection).items()}
    if points not in known:
        known[points] = max(known.values(), default=0) + 1
        connection.execute("INSERT INTO layouts VALUES (?, ?)", [known[points], points])
    return known[points]


def layouts(connection: Connection) -> dict[int, str]:
    """Which points stand in pieces of each layout, in their order, their numbers between spaces."""
    return dict(connection.execute("SELECT id, points FROM layouts").fetchall())


def find_open_block(connection: Connection, ids: NDArray[np.int32]) -> Block:
    """The rows of the open minute, as far as their points are still recorded."""
    block, points_of = Block(np.empty(0, np.int64), no_rows(len(ids))), layouts(connection)
    for rows, layout, body in connection.execute(
        f"SELECT rows, layout, body FROM {READINGS_OPEN} ORDER BY seq"
    ).fetchall():
        theirs = np.array(points_of[layout].split(), np.int32)
        found, column = unpack_block(body, rows, len(theirs)), _columns(theirs, ids)
        values, quality = np.full((rows, len(ids)), np.nan), np.full((rows, len(ids)), Quality.BAD, np.uint8)
        values[:, column[column >= 0]] = found.rows.values[:, column >= 0]
        quality[:, column[column >= 0]] = found.rows.quality[:, column >= 0]
        block = block.followed_by(Block(found.seq, Rows(found.rows.t_us, values, quality)))
    return block


def find_open_minutes(connection: Connection, ids: NDArray[np.int32], newest_us: int | None) -> list[Interval]:
    """The closed minutes of the open quarter-hour, as far as their points are still recorded."""
    if newest_us is None:
        return []
    minutes: list[Interval] = []
    month, open_months = MINUTES.period_at(newest_us), open_periods(connection).get(MINUTES.name, [])
    for name in [TODAY, *(period for period in open_months if period == month)]:
        minutes += _minutes(connection, MINUTES.table(name), ids, newest_us // QUARTER_US * QUARTER_US)
    return minutes


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
    tables = [shelf.table(period) for period in reversed(open_periods(connection).get(shelf.name, []))]
    newest = "until" if shelf.packed else "t"
    for table in [READINGS_OPEN, *tables] if shelf is READINGS else tables:
        row = one(connection, f"SELECT max(epoch_us({newest})), max(seq) FROM {table}")
        if row is not None and row[0] is not None:
            return int(row[0]), int(row[1])
    return None


def _of_file(folder: Path, shelf: Shelf) -> tuple[int, int] | None:
    for period in reversed(closed_periods(folder, shelf)):
        rows = pq.read_table(shelf.file(folder, period), columns=["t", "seq"])
        if len(rows):
            return int(rows["t"].cast("int64").to_numpy().max()), int(rows["seq"].to_numpy().max())
    return None
