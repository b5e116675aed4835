"""Writing while the file is open. After any failure the session is thrown away, and the next one goes on from the file:
what is on the disk is the only state there is."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import duckdb
import numpy as np
import pyarrow as pa

from leyden.history.options import HistoryOptions
from leyden.history.record.aggregate import MINUTE_US, Interval, close_minutes, close_quarters
from leyden.history.record.intake import LATE_S
from leyden.history.record.packed import Block, block_of
from leyden.history.record.resume import find_open_block, find_open_minutes, find_position, layout_of, point_ids
from leyden.history.record.rows import Batch, CellRow, DecisionRow, PlanRow
from leyden.history.record.seal import closing
from leyden.history.record.shelves import (
    CELLS,
    DECISIONS,
    MINUTES,
    PLANS,
    QUARTERS,
    READINGS,
    READINGS_OPEN,
    TODAY,
    Shelf,
)
from leyden.history.record.sql import one
from leyden.history.record.store import Store
from leyden.history.record.tables import (
    cells_table,
    decisions_table,
    intervals_table,
    plans_table,
    readings_table,
)

_DAY_US = 86_400_000_000

R = TypeVar("R", CellRow, DecisionRow, PlanRow)


@dataclass(frozen=True, slots=True)
class _Unclosed:
    """What the open minute and the open quarter-hour hold so far."""

    block: Block
    laid: int
    """How many of the block's first rows lie with their day already."""
    minutes: list[Interval]


class Session:
    """One stretch of writing, from opening the file to closing it."""

    def __init__(self, store: Store, folder: Path, points: Sequence[str], options: HistoryOptions) -> None:
        self._connection = store.writer
        self._folder = folder
        self._options = options
        self._connection.begin()
        self._ids = point_ids(self._connection, points)
        self._layout = layout_of(self._connection, self._ids)
        self._connection.commit()
        position = find_position(self._connection, folder)
        self.seq = position.seq
        """The highest sequence number in the file."""
        self.newest_us = position.newest_us
        """The newest reading in the file; every minute and quarter-hour that ended by then is closed."""
        block = find_open_block(self._connection, self._ids)
        minutes = find_open_minutes(self._connection, self._ids, self.newest_us)
        self._unclosed = _Unclosed(block, self._lay_other_layouts(), minutes)

    def write(self, batch: Batch, base: int) -> None:
        """All rows of a batch and the intervals that close with them, in one transaction; `base` makes seq of order."""
        connection = self._connection
        connection.begin()
        try:
            for frames in _days(batch.cells):
                self._insert(CELLS, frames[0].t_us, cells_table(frames, base))
            for decisions in _days(batch.decisions):
                self._insert(DECISIONS, decisions[0].t_us, decisions_table(decisions, base))
            for plans in _days(batch.plans):
                self._insert(PLANS, plans[0].t_us, plans_table(plans, base))
            unclosed = self._write_readings(batch, base)
            connection.commit()
        except BaseException:
            with suppress(duckdb.Error):
                connection.rollback()
            raise
        self._unclosed = unclosed
        self.seq = max(self.seq, base + batch.last)
        self.newest_us = batch.readings[-1].t_us if batch.readings else self.newest_us

    def closing(self, newest_us: int, mark: str) -> Iterator[None]:
        """What is to be done about periods that have ended, step by step; late rows have come by then."""
        keep_s: Mapping[str, float] = {
            READINGS.name: self._options.keep_raw_s,
            CELLS.name: self._options.keep_cells_s,
            DECISIONS.name: self._options.keep_decisions_s,
            PLANS.name: self._options.keep_decisions_s,
            MINUTES.name: self._options.keep_minutes_s,
        }
        return closing(self._connection, self._folder, newest_us - round(LATE_S * 1e6), keep_s, mark)

    def _write_readings(self, batch: Batch, base: int) -> "_Unclosed":
        """Whole minutes to their day, the rest to those of the open minute; what is open then."""
        before = self._unclosed
        if not batch.readings:
            return before
        new = block_of(batch.readings, base, len(self._ids))
        block = before.block.followed_by(new)
        closed = int(np.searchsorted(block.rows.t_us, block.rows.t_us[-1] // MINUTE_US * MINUTE_US))
        if closed:
            for day in _days_of(block[before.laid : closed]):
                self._insert(READINGS, int(day.rows.t_us[0]), readings_table(day, self._layout))
            self._connection.execute(f"DELETE FROM {READINGS_OPEN}")
            new = block[closed:]
        self._append(READINGS_OPEN, readings_table(new, self._layout))
        return _Unclosed(block[closed:], 0 if closed else before.laid, self._close_intervals(block))

    def _lay_other_layouts(self) -> int:
        """Rows of the open minute whose points are not quite ours go to their day as they are; how many there were."""
        others = f"FROM {READINGS_OPEN} WHERE layout <> {self._layout}"
        rows, first_us = one(self._connection, f"SELECT sum(rows), min(epoch_us(t)) {others}") or (None, None)
        if rows is None:
            return 0
        table = READINGS.table(READINGS.period_at(first_us))
        self._connection.begin()
        self._connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({READINGS.open_columns})")
        self._connection.execute(f"INSERT INTO {table} SELECT * {others}")
        self._connection.execute(f"DELETE {others}")
        self._connection.commit()
        return int(rows)

    def _close_intervals(self, block: Block) -> list[Interval]:
        """Lay down what has closed; the minutes of the quarter-hour that has not."""
        minutes, _ = close_minutes(block.rows, self._options.hold_s)
        quarters, open_minutes = close_quarters([*self._unclosed.minutes, *minutes], int(block.rows.t_us[-1]))
        self._lay(MINUTES, minutes)
        self._lay(QUARTERS, quarters)
        return open_minutes

    def _lay(self, shelf: Shelf, intervals: Sequence[Interval]) -> None:
        if any(interval.n.any() for interval in intervals):
            self._append(shelf.table(TODAY), intervals_table(intervals, self._ids))

    def _insert(self, shelf: Shelf, t_us: int, content: pa.Table) -> None:
        table = shelf.table(shelf.period_at(t_us))
        self._connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({shelf.open_columns})")
        self._append(table, content)

    def _append(self, table: str, content: pa.Table) -> None:
        names = ", ".join(content.column_names)
        self._connection.register("content", content)
        try:
            self._connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM content")
        finally:
            with suppress(duckdb.Error):  # must not hide the error that brought us here
                self._connection.unregister("content")


def _days(rows: Sequence[R]) -> Iterator[list[R]]:
    """Rows by the UTC day they belong to."""
    days: dict[int, list[R]] = {}
    for row in rows:
        days.setdefault(row.t_us // _DAY_US, []).append(row)
    yield from days.values()


def _days_of(block: Block) -> Iterator[Block]:
    if not len(block):
        return
    day = block.rows.t_us // _DAY_US
    for part in np.split(np.arange(len(block)), np.flatnonzero(np.diff(day)) + 1):
        yield block[int(part[0]) : int(part[-1]) + 1]
