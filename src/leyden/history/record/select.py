"""SQL over tables and Parquet files alike: the rows of some points in some span."""

from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from leyden.history.record.shelves import READINGS, Shelf, parts
from leyden.history.record.sql import Connection, text

Sample = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.uint8]]
"""Times in us, values, qualities of one point; each (row,)."""


class Columns(Enum):
    """What is selected beside the point's index `idx` and the time `t`."""

    INTERVALS = ("n, low, mean, high", "true")
    SUMS = ("n, low, mean, high, seconds, up, down", "true")
    GOOD_VALUES = (
        "1 AS n, value AS low, value AS mean, value AS high", "quality = 0 AND isfinite(value)",
    )  # fmt: skip
    VALUES = ("value, quality", "true")


def point_rows(
    connection: Connection,
    folder: Path,
    shelf: Shelf,
    points: Sequence[str],
    start_us: int,
    end_us: int,
    columns: Columns,
) -> str:
    """A relation of the rows of [start, end); `idx` is the place of the point in `points`."""
    known: dict[str, int] = dict(connection.execute("SELECT name, id FROM points").fetchall())
    what, where = columns.value
    span = f"t >= make_timestamptz({start_us}) AND t < make_timestamptz({end_us}) AND {where}"
    found = parts(connection, folder, shelf, start_us, end_us) if end_us > start_us else None
    pieces = []
    by_id = {known[name]: index for index, name in enumerate(points) if name in known}
    if found is not None and by_id:
        case, among = _by_key({str(number): index for number, index in by_id.items()})
        pieces += [f"SELECT {case} AS idx, t, {what} FROM {table} WHERE {among} AND {span}" for table in found.tables]
    if found is not None and found.files:
        case, among = _by_key({text(name): index for index, name in enumerate(points)})
        files = ", ".join(text(str(path)) for path in found.files)
        pieces.append(f"SELECT {case} AS idx, t, {what} FROM read_parquet([{files}]) WHERE {among} AND {span}")
    return " UNION ALL ".join(pieces or [_nothing(shelf, what)])


def samples(connection: Connection, folder: Path, points: Sequence[str], start_us: int, end_us: int) -> list[Sample]:
    """Every sample of each point in [start, end), whatever its quality, in order of time."""
    rows = point_rows(connection, folder, READINGS, points, start_us, end_us, Columns.VALUES)
    found = connection.execute(f"SELECT idx, epoch_us(t) AS us, value, quality FROM ({rows})").fetchnumpy()
    index, t_us = np.asarray(found["idx"]), np.asarray(found["us"], np.int64)
    order = np.lexsort((t_us, index))
    cuts = np.searchsorted(index[order], np.arange(1, len(points)))
    columns = (t_us, np.asarray(found["value"], np.float64), np.asarray(found["quality"], np.uint8))
    split = [np.split(column[order], cuts) for column in columns]
    return list(zip(*split, strict=True))


def _by_key(keys: Mapping[str, int]) -> tuple[str, str]:
    """A CASE that turns the column `point` into an index, and the condition that keeps only those."""
    cases = " ".join(f"WHEN {key} THEN {index}" for key, index in keys.items())
    return f"CASE point {cases} END", f"point IN ({', '.join(keys)})"


def _nothing(shelf: Shelf, what: str) -> str:
    columns = [column.split() for column in shelf.columns.split(",")]
    nulls = ", ".join(f"NULL::{kind} AS {name}" for name, kind in columns)
    return f"SELECT 0 AS idx, t, {what} FROM (SELECT {nulls}) WHERE false"
