"""From the tables of schema 1, a line per value and per decision, to packed ones; closed days are files and stay."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from leyden.history.record.aggregate import MINUTE_US, Rows
from leyden.history.record.packed import Block
from leyden.history.record.resume import layout_of
from leyden.history.record.rows import DecisionRow
from leyden.history.record.shelves import DECISIONS, READINGS, READINGS_OPEN, Shelf, open_periods
from leyden.history.record.sql import Connection, arrow
from leyden.history.record.tables import decisions_table, readings_table
from leyden.model.quality import Quality

_ZSTD = pa.Codec("zstd")
_HOUR_US = 60 * MINUTE_US
_DECISIONS = 2_000


def pack_open_days(connection: Connection) -> None:
    """Inside a transaction, so that a crash leaves the old tables."""
    open_days = open_periods(connection)
    for shelf, pieces in ((READINGS, _readings), (DECISIONS, _decisions)):
        for period in open_days.get(shelf.name, []):
            old = f"old_{shelf.table(period)}"
            connection.execute(f"ALTER TABLE {shelf.table(period)} RENAME TO {old}")
            connection.execute(f"CREATE TABLE {shelf.table(period)} ({shelf.open_columns})")
            for content in pieces(connection, old):
                _append(connection, shelf.table(period), content)
            connection.execute(f"DROP TABLE {old}")
    _open_minute(connection, READINGS, open_days.get(READINGS.name, []))


def _readings(connection: Connection, old: str) -> Iterator[pa.Table]:
    """An hour at a time, in pieces of a minute."""
    first, last = connection.execute(f"SELECT min(epoch_us(t)), max(epoch_us(t)) FROM {old}").fetchall()[0]
    for hour_us in range(first // _HOUR_US * _HOUR_US, last + 1, _HOUR_US) if first is not None else ():
        span = f"t >= make_timestamptz({hour_us}) AND t < make_timestamptz({hour_us + _HOUR_US})"
        found = arrow(connection, f"SELECT seq, epoch_us(t) AS t, point, value, quality FROM {old} WHERE {span}")
        seq, row = np.unique(found["seq"].to_numpy(), return_inverse=True)
        ids, column = np.unique(found["point"].to_numpy(), return_inverse=True)
        if not len(seq):
            continue
        t_us, values = np.zeros(len(seq), np.int64), np.full((len(seq), len(ids)), np.nan)
        quality = np.full(values.shape, Quality.BAD, np.uint8)
        t_us[row] = found["t"].to_numpy()
        values[row, column], quality[row, column] = found["value"].to_numpy(), found["quality"].to_numpy()
        block, layout = Block(seq, Rows(t_us, values, quality)), layout_of(connection, ids)
        for minute in np.split(np.arange(len(seq)), np.flatnonzero(np.diff(t_us // MINUTE_US)) + 1):
            yield readings_table(block[int(minute[0]) : int(minute[-1]) + 1], layout)


def _decisions(connection: Connection, old: str) -> Iterator[pa.Table]:
    seqs = [seq for (seq,) in connection.execute(f"SELECT seq FROM {old} ORDER BY seq").fetchall()]
    for at in range(0, len(seqs), _DECISIONS):
        first, last = seqs[at], seqs[min(at + _DECISIONS, len(seqs)) - 1]
        rows = connection.execute(
            f"SELECT seq, epoch_us(t), number, body FROM {old} WHERE seq BETWEEN {first} AND {last} ORDER BY seq"
        ).fetchall()
        yield decisions_table([DecisionRow(seq, us, number, _body(body)) for seq, us, number, body in rows], 0)


def _body(packed: bytes) -> bytes:
    """Schema 1 compressed each decision by itself."""
    body: bytes = _ZSTD.decompress(packed[4:], int.from_bytes(packed[:4], "little"), asbytes=True)
    return body


def _open_minute(connection: Connection, shelf: Shelf, periods: list[str]) -> None:
    """The newest piece, which is of the minute that was not over."""
    if periods:
        table = shelf.table(periods[-1])
        newest = f"seq = (SELECT max(seq) FROM {table})"
        connection.execute(f"INSERT INTO {READINGS_OPEN} SELECT * FROM {table} WHERE {newest}")
        connection.execute(f"DELETE FROM {table} WHERE {newest}")


def _append(connection: Connection, table: str, content: pa.Table) -> None:
    connection.register("content", content)
    try:
        connection.execute(f"INSERT INTO {table} SELECT * FROM content")
    finally:
        connection.unregister("content")
