"""Closing a period: its table becomes a Parquet file that any tool may read, and is dropped.

Done in small steps between the writer's flushes, so that recording goes on meanwhile. The file gets its name only when
it is whole and on the disk; a crash at any step leaves the table, or both, and the next start finishes the work.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from leyden.history.durable import TEMPORARY, publish, temporary
from leyden.history.record.packed import unpack_bundle, values_of
from leyden.history.record.resume import layouts
from leyden.history.record.shelves import (
    CELLS,
    DECISIONS,
    MINUTES,
    QUARTERS,
    READINGS,
    SHELVES,
    TODAY,
    Shelf,
    bounds_us,
    closed_periods,
    open_periods,
)
from leyden.history.record.sql import Connection, arrow, scalar, text
from leyden.history.record.tables import times

_STEP_ROWS = 200_000
"""Rows read at once: about 10 MB, and less than a tenth of a second."""
_STEP_FRAMES = 500
"""Frames, plans, or pieces with decisions read at once: about 3 MB."""
_STEP_DECISIONS = 2_000
"""Decisions unpacked at once: about 5 MB."""
_GROUP_ROWS = {READINGS.name: 20_000, MINUTES.name: 20_000, QUARTERS.name: 1}
"""Smallest Parquet row group: readers skip whole groups by their points. A month of one point's quarter-hours is a
group of its own, because what is asked for most is a few points over months."""
_DELTA = {"t": "DELTA_BINARY_PACKED", "seq": "DELTA_BINARY_PACKED"}
_REPEATED = ("point", "quality", "battery", "racks", "modules", "cells", "source", "target", "mode", "reason")
"""Columns kept as a dictionary. One of measured values costs more than it saves, in the file and while it is made."""


def closing(
    connection: Connection, folder: Path, now_us: int, keep_s: Mapping[str, float], mark: str
) -> Iterator[None]:
    """All work that is due at this site time, one step per turn: move, seal, drop, forget what is too old."""
    for shelf in (MINUTES, QUARTERS):
        yield from _move_closed_days(connection, shelf, now_us)
    for shelf in SHELVES:
        for period in open_periods(connection).get(shelf.name, []):
            if bounds_us(period)[1] <= now_us:
                yield from _seal(connection, folder, shelf, period, mark)
    for shelf in SHELVES:
        if shelf.name in keep_s:
            _forget(folder, shelf, now_us - round(keep_s[shelf.name] * 1e6))
            yield


def clean(folder: Path) -> None:
    """Remove what a crash left unfinished."""
    for shelf in SHELVES:
        for path in (folder / shelf.name).glob(f"*{TEMPORARY}"):
            path.unlink()


def _move_closed_days(connection: Connection, shelf: Shelf, now_us: int) -> Iterator[None]:
    """Lay each closed day of minutes or quarter-hours into its month, sorted by point."""
    today_us = now_us // 86_400_000_000 * 86_400_000_000
    while True:
        first_us = scalar(connection, f"SELECT min(epoch_us(t)) FROM {shelf.table(TODAY)}")
        if first_us is None or first_us >= today_us:
            return
        day_end_us = (first_us // 86_400_000_000 + 1) * 86_400_000_000
        table, where = shelf.table(shelf.period_at(first_us)), f"WHERE t < make_timestamptz({day_end_us})"
        connection.begin()
        try:
            connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({shelf.columns})")
            connection.execute(f"INSERT INTO {table} SELECT * FROM {shelf.table(TODAY)} {where} ORDER BY point, t")
            connection.execute(f"DELETE FROM {shelf.table(TODAY)} {where}")
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        yield


def _seal(connection: Connection, folder: Path, shelf: Shelf, period: str, mark: str) -> Iterator[None]:
    path = shelf.file(folder, period)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        writer: pq.ParquetWriter | None = None
        try:
            for content in _contents(connection, shelf, shelf.table(period)):
                writer = writer or _writer(path, content.schema, mark)
                writer.write_table(content, row_group_size=max(len(content), 1))
                del content
                pa.default_memory_pool().release_unused()  # it would keep it for the next day
                yield
        finally:
            if writer is not None:
                writer.close()
        if writer is not None:
            publish(path)
            yield
    connection.execute(f"DROP TABLE {shelf.table(period)}")
    yield


def _writer(path: Path, schema: pa.Schema, mark: str) -> pq.ParquetWriter:
    marked = schema.with_metadata({"leyden.holds": mark, "leyden.schema": "1"})
    dictionary = [name for name in _REPEATED if name in schema.names]
    return pq.ParquetWriter(
        temporary(path),
        marked,
        compression="zstd",
        use_dictionary=dictionary,
        column_encoding={name: how for name, how in _DELTA.items() if name in schema.names},
    )


def _contents(connection: Connection, shelf: Shelf, table: str) -> Iterator[pa.Table]:
    """The rows of a table as they are laid down, one piece a step: by point, by battery, or as they came."""
    if shelf in (MINUTES, QUARTERS):
        yield from _by_point(connection, table, _GROUP_ROWS[shelf.name])
    elif shelf is READINGS:
        yield from _unpacked_readings(connection, table)
    elif shelf is DECISIONS:
        yield from _unpacked_decisions(connection, table)
    elif shelf is CELLS:
        for (battery,) in connection.execute(f"SELECT DISTINCT battery FROM {table} ORDER BY ALL").fetchall():
            yield from _by_seq(connection, table, f"battery = {text(battery)}")
    else:
        yield from _by_seq(connection, table, "true")


def _by_seq(connection: Connection, table: str, where: str) -> Iterator[pa.Table]:
    """Pieces in order of arrival. Sorted here: DuckDB would hold all their contents while it sorts."""
    found = connection.execute(f"SELECT seq FROM {table} WHERE {where}").fetchnumpy()["seq"]
    seqs = np.unique(np.asarray(found, np.int64))
    for at in range(0, len(seqs), _STEP_FRAMES):
        first, last = seqs[at], seqs[min(at + _STEP_FRAMES, len(seqs)) - 1]
        rows = arrow(connection, f"SELECT * FROM {table} WHERE {where} AND seq BETWEEN {first} AND {last}")
        yield rows.take(pa.array(np.argsort(rows["seq"].to_numpy(), kind="stable")))


def _by_point(connection: Connection, table: str, least: int) -> Iterator[pa.Table]:
    names = dict(connection.execute("SELECT name, id FROM points").fetchall())
    counts = dict(connection.execute(f"SELECT point, count(*) FROM {table} GROUP BY point").fetchall())
    for group in _groups([(name, counts.get(names[name], 0)) for name in sorted(names)], least):
        ids = [names[name] for name in group]
        rows = arrow(connection, f"SELECT * FROM {table} WHERE point IN ({', '.join(map(str, ids))})")
        rank = np.full(max(names.values()) + 1, -1, np.int32)
        rank[ids] = np.arange(len(ids))
        ranks = rank[rows["point"].to_numpy()]
        order = np.lexsort((rows["t"].to_numpy(), ranks))
        points = pa.DictionaryArray.from_arrays(pa.array(ranks[order]), pa.array(group))
        rest = rows.take(pa.array(order)).drop_columns(["point"])
        yield rest.add_column(0, "point", points.cast(pa.string()))


def _groups(counts: Sequence[tuple[str, int]], least: int) -> Iterator[list[str]]:
    """Names in order, together as many as make a row group of a fair size, and never more than a step may read."""
    group: list[str] = []
    rows = 0
    for name, count in counts:
        if group and (rows >= least or rows + count > _STEP_ROWS):
            yield group
            group, rows = [], 0
        if count:
            group.append(name)
            rows += count
    if group:
        yield group


def _unpacked_readings(connection: Connection, table: str) -> Iterator[pa.Table]:
    """Sorted by point, a few points at a time: all of them would be half a gigabyte."""
    names = dict(connection.execute("SELECT id, name FROM points").fetchall())
    order = {layout: [names[int(point)] for point in ids.split()] for layout, ids in layouts(connection).items()}
    counts: dict[str, int] = {}
    for layout, rows in connection.execute(f"SELECT layout, sum(rows) FROM {table} GROUP BY ALL").fetchall():
        for name in order[layout]:
            counts[name] = counts.get(name, 0) + int(rows)
    for group in _groups([(name, counts[name]) for name in sorted(counts)], _GROUP_ROWS[READINGS.name]):
        yield _points_of(connection, table, order, group)


def _points_of(connection: Connection, table: str, order: Mapping[int, Sequence[str]], group: list[str]) -> pa.Table:
    found: dict[str, list[tuple[Any, ...]]] = {name: [] for name in group}
    pieces = connection.execute(f"SELECT rows, layout, body FROM {table}")  # in the order in which they were laid down
    while some := pieces.fetchmany(_STEP_FRAMES):
        for rows, layout, body in some:
            wanted = [(at, name) for at, name in enumerate(order[layout]) if name in found]
            seq, t_us, values, quality = values_of(body, rows, len(order[layout]), [at for at, _ in wanted])
            for place, (_, name) in enumerate(wanted):
                found[name].append((seq, t_us, values[:, place], quality[:, place]))
    points = pa.DictionaryArray.from_arrays(
        pa.array(np.repeat(np.arange(len(group), dtype=np.int32), [sum(len(p[0]) for p in found[n]) for n in group])),
        pa.array(group),
    )
    seq, t_us, values, quality = (np.concatenate([p[at] for name in group for p in found[name]]) for at in range(4))
    columns = {"seq": seq, "t": times(t_us), "value": values, "quality": quality}
    return pa.table({"point": points.cast(pa.string()), **columns})


def _unpacked_decisions(connection: Connection, table: str) -> Iterator[pa.Table]:
    """Their JSON as plain text: Parquet compresses it better than we do, and any tool reads it."""
    pieces = connection.execute(f"SELECT seq, rows FROM {table} ORDER BY seq").fetchall()
    while pieces:
        count = next((n for n in range(1, len(pieces)) if sum(rows for _, rows in pieces[:n]) >= _STEP_DECISIONS), None)
        taken, pieces = pieces[:count], pieces[count:] if count else []
        rows = connection.execute(
            f"SELECT rows, body FROM {table} WHERE seq BETWEEN {taken[0][0]} AND {taken[-1][0]} ORDER BY seq"
        ).fetchall()
        held = [unpack_bundle(body, count) for count, body in rows]
        seq, t_us, number = (np.concatenate([getattr(b, name) for b in held]) for name in ("seq", "t_us", "number"))
        bodies = pa.array([body.decode(errors="replace") for b in held for body in b.bodies], pa.string())
        yield pa.table({"seq": seq, "t": times(t_us), "number": number, "body": bodies})


def _forget(folder: Path, shelf: Shelf, before_us: int) -> None:
    for period in closed_periods(folder, shelf):
        if bounds_us(period)[1] <= before_us:
            shelf.file(folder, period).unlink(missing_ok=True)
