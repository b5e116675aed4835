"""Rows as Arrow tables, the only way in which many of them enter DuckDB quickly (executemany is 400 times slower)."""

from collections.abc import Sequence

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from leyden.history.record.aggregate import Interval, Rows
from leyden.history.record.cells import pack_frame
from leyden.history.record.rows import CellRow, DecisionRow, PlanRow, ReadingRow

TIME = pa.timestamp("us", tz="UTC")
ZSTD = pa.Codec("zstd", compression_level=3)


def readings_table(rows: Sequence[ReadingRow], base: int, ids: NDArray[np.int32]) -> pa.Table:
    """One line per row and point; `base` is the sequence number before the first row of this run."""
    points = len(ids)
    return pa.table(
        {
            "seq": np.repeat([base + row.order for row in rows], points),
            "t": times(np.repeat([row.t_us for row in rows], points)),
            "point": np.tile(ids, len(rows)),
            "value": np.concatenate([row.values for row in rows]),
            "quality": np.concatenate([row.quality for row in rows]),
        }
    )


def rows_of(rows: Sequence[ReadingRow]) -> Rows:
    """The same rows as arrays, for what is computed of them."""
    return Rows(
        np.array([row.t_us for row in rows], np.int64),
        np.array([row.values for row in rows]),
        np.array([row.quality for row in rows]),
    )


def cells_table(rows: Sequence[CellRow], base: int) -> pa.Table:
    """One line per frame."""
    shapes = np.array([row.voltage_mv.shape for row in rows], np.int16)
    return pa.table(
        {
            "seq": [base + row.order for row in rows],
            "t": times([row.t_us for row in rows]),
            "battery": [row.battery for row in rows],
            "racks": shapes[:, 0],
            "modules": shapes[:, 1],
            "cells": shapes[:, 2],
            "frame": pa.array([pack_frame(row.voltage_mv, row.temperature_ddegc) for row in rows], pa.binary()),
        }
    )


def decisions_table(rows: Sequence[DecisionRow], base: int) -> pa.Table:
    """One line per decision, its body compressed by itself."""
    return pa.table(
        {
            "seq": [base + row.order for row in rows],
            "t": times([row.t_us for row in rows]),
            "number": [row.number for row in rows],
            "body": pa.array([pack_body(row.body) for row in rows], pa.binary()),
        }
    )


def plans_table(rows: Sequence[PlanRow], base: int) -> pa.Table:
    """One line per slot of each plan."""
    lines = [(row, row.plan, slot) for row in rows for slot in row.plan.slots]
    return pa.table(
        {
            "seq": pa.array([base + row.order for row, _, _ in lines], pa.int64()),
            "t": times([row.t_us for row, _, _ in lines]),
            "made": pa.array([plan.made for _, plan, _ in lines], TIME),
            "source": pa.array([plan.source for _, plan, _ in lines], pa.string()),
            "version": pa.array([plan.version for _, plan, _ in lines], pa.int32()),
            "slot_start": pa.array([slot.start for _, _, slot in lines], TIME),
            "slot_end": pa.array([slot.end for _, _, slot in lines], TIME),
            "target": pa.array([slot.target for _, _, slot in lines], pa.string()),
            "mode": pa.array([slot.mode.value for _, _, slot in lines], pa.string()),
            "power_w": pa.array([slot.power_w for _, _, slot in lines], pa.float64()),
            "soc_end": pa.array([slot.soc_end for _, _, slot in lines], pa.float64()),
            "price_per_kwh": pa.array([slot.price_per_kwh for _, _, slot in lines], pa.float64()),
            "reason": pa.array([orjson.dumps(slot.reason.as_json()).decode() for _, _, slot in lines], pa.string()),
        }
    )


def intervals_table(intervals: Sequence[Interval], ids: NDArray[np.int32]) -> pa.Table:
    """One line per interval and point that has GOOD values."""
    known = np.concatenate([interval.n > 0 for interval in intervals])

    def column(name: str) -> NDArray[np.float64]:
        found: NDArray[np.float64] = np.concatenate([getattr(interval, name) for interval in intervals])[known]
        return found

    return pa.table(
        {
            "point": np.tile(ids, len(intervals))[known],
            "t": times(np.repeat([interval.t_us for interval in intervals], len(ids))[known]),
            "n": column("n").astype(np.int32),
            "low": column("low"),
            "mean": column("mean"),
            "high": column("high"),
            "seconds": column("seconds").astype(np.float32),
            "up": column("up"),
            "down": column("down"),
        }
    )


def times(t_us: Sequence[int] | NDArray[np.int64]) -> pa.Array:
    """Microseconds since 1970 as times."""
    return pa.array(np.asarray(t_us, np.int64)).cast(TIME)


def pack_body(body: bytes) -> bytes:
    """A decision's JSON, compressed; DuckDB itself would compress it only after writing it whole to its log."""
    packed: bytes = len(body).to_bytes(4, "little") + ZSTD.compress(body, asbytes=True)
    return packed


def unpack_body(packed: bytes) -> bytes:
    """The JSON that `pack_body` took."""
    body: bytes = ZSTD.decompress(packed[4:], int.from_bytes(packed[:4], "little"), asbytes=True)
    return body
