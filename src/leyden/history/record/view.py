"""One consistent look at the record: a snapshot of the tables, and the files beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from leyden.history.record.packed import values_of
from leyden.history.record.resume import layouts
from leyden.history.record.shelves import (
    READINGS,
    READINGS_OPEN,
    TODAY,
    Shelf,
    bounds_us,
    closed_periods,
    open_periods,
)
from leyden.history.record.sql import Connection, scalar, text

Values = NDArray[np.float64]
Qualities = NDArray[np.uint8]
Sample = tuple[NDArray[np.int64], Values, Qualities]
"""Times in us, values, qualities of one point; each (row,)."""


NEVER_US = 2**62
"""A moment that never comes."""


class Columns(Enum):
    """What is selected beside the point's index `idx` and the time `t`, and under which condition."""

    INTERVALS = ("n, low, mean, high", "true")
    SUMS = ("n, low, mean, high, seconds, up, down", "true")
    GOOD_VALUES = ("1 AS n, value AS low, value AS mean, value AS high", "quality = 0 AND isfinite(value)")
    VALUES = ("value, quality", "true")


@dataclass(frozen=True, slots=True)
class Parts:
    """What holds the rows of one shelf in some span, oldest first; no row is in two of them."""

    tables: tuple[str, ...]
    files: tuple[Path, ...]

    @property
    def sources(self) -> list[str]:
        """What to select from, oldest first."""
        return [f"read_parquet({text(path)})" for path in self.files] + list(self.tables)


class View:
    """Made inside a transaction, the tables first: a period that closes meanwhile is still seen as the table it was."""

    def __init__(self, connection: Connection, folder: Path) -> None:
        self.connection = connection
        self._folder = folder
        self._tables: dict[str, list[str]] = {}
        self._today: dict[str, int] = {}
        self._relations = 0
        self._ids: dict[str, int] = dict(connection.execute("SELECT name, id FROM points").fetchall())

    def parts(self, shelf: Shelf, start_us: int, end_us: int) -> Parts:
        """The tables and files that may hold rows of [start, end)."""
        if end_us <= start_us:
            return Parts((), ())
        if shelf.period == "month" and self._today_from_us(shelf) <= start_us:
            return Parts((shelf.table(TODAY),), ())
        tables = [period for period in self._open(shelf) if _touches(period, start_us, end_us)]
        files = [period for period in self._closed(shelf) if _touches(period, start_us, end_us)]
        names = [shelf.table(period) for period in tables] + ([shelf.table(TODAY)] if shelf.period == "month" else [])
        names += [READINGS_OPEN] if shelf is READINGS else []
        return Parts(tuple(names), tuple(shelf.file(self._folder, period) for period in files))

    def earliest_us(self, shelf: Shelf) -> int:
        """Before this moment the shelf holds nothing; far in the future if it holds nothing at all.

        The start of the oldest period: exact enough to choose between shelves, and found without reading rows.
        """
        periods = self._closed(shelf)[:1] + self._open(shelf)[:1]
        if periods:
            return bounds_us(min(periods))[0]
        return self._today_from_us(shelf) if shelf.period == "month" else NEVER_US

    def rows(self, shelf: Shelf, points: Sequence[str], start_us: int, end_us: int, columns: Columns) -> str:
        """A relation of some points' rows of [start, end); `idx` is the place of the point in `points`."""
        found = self.parts(shelf, start_us, end_us)
        what, where = columns.value
        span = f"t >= make_timestamptz({start_us}) AND t < make_timestamptz({end_us}) AND {where}"
        pieces = []
        ids = {str(self._ids[name]): index for index, name in enumerate(points) if name in self._ids}
        if ids and shelf.packed:
            pieces += [f"SELECT idx, t, {what} FROM {self._unpacked(found, ids, start_us, end_us)} WHERE {span}"]
        elif ids:
            case, among = _by_key(ids)
            pieces += [f"SELECT {case} AS idx, t, {what} FROM {name} WHERE {among} AND {span}" for name in found.tables]
        if found.files and points:
            case, among = _by_key({text(name): index for index, name in enumerate(points)})
            files = f"read_parquet([{', '.join(map(text, found.files))}])"
            pieces.append(f"SELECT {case} AS idx, t, {what} FROM {files} WHERE {among} AND {span}")
        return " UNION ALL ".join(pieces or [_nothing(shelf, what)])

    def _unpacked(self, parts: Parts, ids: Mapping[str, int], start_us: int, end_us: int) -> str:
        """A relation (idx, t, value, quality) of the packed rows of some points; `ids` gives the place of each."""
        among = f"until >= make_timestamptz({start_us}) AND t < make_timestamptz({end_us})"
        order, columns = layouts(self.connection), list[tuple[NDArray[np.int64], Values, Qualities, list[int]]]()
        for table in parts.tables:
            query = f"SELECT rows, layout, body FROM {table} WHERE {among}"
            for rows, layout, body in self.connection.execute(query).fetchall():
                points = order[layout].split()
                wanted = [(at, ids[point]) for at, point in enumerate(points) if point in ids]
                _, t_us, values, quality = values_of(body, rows, len(points), [at for at, _ in wanted])
                columns.append((t_us, values, quality, [index for _, index in wanted]))
        self._relations += 1
        self.connection.register(f"unpacked{self._relations}", _long(columns))
        return f"unpacked{self._relations}"

    def samples(self, points: Sequence[str], start_us: int, end_us: int) -> list[Sample]:
        """Every sample of each point in [start, end), whatever its quality, in order of time."""
        rows = self.rows(READINGS, points, start_us, end_us, Columns.VALUES)
        query = f"SELECT idx, epoch_us(t) AS us, value, quality FROM ({rows})"
        found = self.connection.execute(query).fetchnumpy()
        index, t_us = np.asarray(found["idx"]), np.asarray(found["us"], np.int64)
        order = np.lexsort((t_us, index))
        cuts = np.searchsorted(index[order], np.arange(1, len(points)))
        columns = (t_us, np.asarray(found["value"], np.float64), np.asarray(found["quality"], np.uint8))
        split = [np.split(column[order], cuts) for column in columns]
        return list(zip(*split, strict=True))

    def _today_from_us(self, shelf: Shelf) -> int:
        """From when on everything stands in the shelf's table of today: whole days leave it, the oldest first."""
        if shelf.name not in self._today:
            first_us = scalar(self.connection, f"SELECT min(epoch_us(t)) FROM {shelf.table(TODAY)}")
            self._today[shelf.name] = NEVER_US if first_us is None else int(first_us)
        return self._today[shelf.name]

    def _open(self, shelf: Shelf) -> list[str]:
        if not self._tables:
            self._tables = open_periods(self.connection)
        return self._tables.get(shelf.name, [])

    def _closed(self, shelf: Shelf) -> list[str]:
        """Without those whose table is still seen."""
        still_open = self._open(shelf)
        return [period for period in closed_periods(self._folder, shelf) if period not in still_open]


def _long(pieces: Sequence[tuple[NDArray[np.int64], Values, Qualities, list[int]]]) -> pa.Table:
    """A line per value, of pieces whose values and qualities are (row, point)."""

    def joined(arrays: Sequence[NDArray[Any]], kind: type[Any]) -> NDArray[Any]:
        return np.concatenate(arrays) if arrays else np.empty(0, kind)

    idx = joined([np.tile(np.array(at, np.int32), len(t_us)) for t_us, _, _, at in pieces], np.int32)
    t_us = joined([np.repeat(t_us, len(at)) for t_us, _, _, at in pieces], np.int64)
    values = joined([values.ravel() for _, values, _, _ in pieces], np.float64)
    quality = joined([quality.ravel() for _, _, quality, _ in pieces], np.uint8)
    times = pa.array(t_us).cast(pa.timestamp("us", tz="UTC"))
    return pa.table({"idx": idx, "t": times, "value": values, "quality": quality})


def _touches(period: str, start_us: int, end_us: int) -> bool:
    start, end = bounds_us(period)
    return start < end_us and end > start_us


def _by_key(keys: Mapping[str, int]) -> tuple[str, str]:
    """A CASE that turns the column `point` into an index, and the condition that keeps only those."""
    cases = " ".join(f"WHEN {key} THEN {index}" for key, index in keys.items())
    return f"CASE point {cases} END", f"point IN ({', '.join(keys)})"


def _nothing(shelf: Shelf, what: str) -> str:
    columns = [column.split() for column in shelf.columns.split(",")]
    nulls = ", ".join(f"NULL::{kind} AS {name}" for name, kind in columns)
    return f"SELECT 0 AS idx, t, {what} FROM (SELECT {nulls}) WHERE false"
