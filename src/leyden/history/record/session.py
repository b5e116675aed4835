"""Writing while the file is open. After any failure the session is thrown away, and the next one goes on from the file:
what is on the disk is the only state there is."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa

from leyden.history.options import HistoryOptions
from leyden.history.record.aggregate import Interval, close_minutes, close_quarters
from leyden.history.record.intake import LATE_S
from leyden.history.record.resume import Unclosed, find_position, find_unclosed, point_ids
from leyden.history.record.rows import Batch, CellRow, DecisionRow, PlanRow, ReadingRow, Row
from leyden.history.record.seal import closing
from leyden.history.record.shelves import CELLS, DECISIONS, MINUTES, PLANS, QUARTERS, READINGS, TODAY, Shelf
from leyden.history.record.store import Store
from leyden.history.record.tables import (
    cells_table,
    decisions_table,
    intervals_table,
    plans_table,
    readings_table,
    rows_of,
)

_DAY_US = 86_400_000_000

R = TypeVar("R", ReadingRow, CellRow, DecisionRow, PlanRow)


class Session:
    """One stretch of writing, from opening the file to closing it."""

    def __init__(self, store: Store, folder: Path, points: Sequence[str], options: HistoryOptions) -> None:
        self._connection = store.writer
        self._folder = folder
        self._options = options
        self._connection.begin()
        self._ids = point_ids(self._connection, points)
        self._connection.commit()
        position = find_position(self._connection, folder)
        self.seq = position.seq
        """The highest sequence number in the file."""
        self.newest_us = position.newest_us
        """The newest reading in the file; every minute and quarter-hour that ended by then is closed."""
        self._unclosed = find_unclosed(self._connection, self._ids, self.newest_us)

    def write(self, batch: Batch, base: int) -> None:
        """All rows of a batch and the intervals that close with them, in one transaction; `base` makes seq of order."""
        connection = self._connection
        connection.begin()
        try:
            for day in _days(batch.readings):
                self._insert(READINGS, day, readings_table(day, base, self._ids))
            for frames in _days(batch.cells):
                self._insert(CELLS, frames, cells_table(frames, base))
            for decisions in _days(batch.decisions):
                self._insert(DECISIONS, decisions, decisions_table(decisions, base))
            for plans in _days(batch.plans):
                self._insert(PLANS, plans, plans_table(plans, base))
            unclosed = self._close_intervals(batch)
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

    def _close_intervals(self, batch: Batch) -> Unclosed:
        if not batch.readings:
            return self._unclosed
        rows = self._unclosed.rows.followed_by(rows_of(batch.readings))
        minutes, open_rows = close_minutes(rows, self._options.hold_s)
        quarters, open_minutes = close_quarters([*self._unclosed.minutes, *minutes], batch.readings[-1].t_us)
        self._lay(MINUTES, minutes)
        self._lay(QUARTERS, quarters)
        return Unclosed(open_rows, open_minutes)

    def _lay(self, shelf: Shelf, intervals: Sequence[Interval]) -> None:
        if any(interval.n.any() for interval in intervals):
            self._append(shelf.table(TODAY), intervals_table(intervals, self._ids))

    def _insert(self, shelf: Shelf, rows: Sequence[Row], content: pa.Table) -> None:
        table = shelf.table(shelf.period_at(rows[0].t_us))
        self._connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({shelf.columns})")
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
