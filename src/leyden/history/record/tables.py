"""Rows as Arrow tables, the only way in which many of them enter DuckDB quickly (executemany is 400 times slower)."""

from collections.abc import Sequence

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from leyden.history.record.aggregate import Interval
from leyden.history.record.cells import pack_frame
from leyden.history.record.packed import Block, bundle_of, pack_block, pack_bundle
from leyden.history.record.rows import CellRow, DecisionRow, PlanRow

TIME = pa.timestamp("us", tz="UTC")
_BLOCK_ROWS = 600
"""In one piece at most: a minute of cycles of 100 ms; and of decisions, which are larger, a third."""


def readings_table(block: Block, layout: int) -> pa.Table:
    """One line per piece."""
    pieces = [block[at : at + _BLOCK_ROWS] for at in range(0, len(block), _BLOCK_ROWS)]
    spans = [(int(piece.seq[-1]), int(piece.rows.t_us[0]), int(piece.rows.t_us[-1]), len(piece)) for piece in pieces]
    return _packed(spans, layout, [pack_block(piece) for piece in pieces])


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
    """One line per piece."""
    pieces = [rows[at : at + _BLOCK_ROWS // 3] for at in range(0, len(rows), _BLOCK_ROWS // 3)]
    spans = [(base + piece[-1].order, piece[0].t_us, piece[-1].t_us, len(piece)) for piece in pieces]
    return _packed(spans, 0, [pack_bundle(bundle_of(piece, base)) for piece in pieces])


def _packed(spans: Sequence[tuple[int, int, int, int]], layout: int, bodies: Sequence[bytes]) -> pa.Table:
    seq, first_us, last_us, rows = zip(*spans, strict=True)
    return pa.table(
        {
            "seq": pa.array(seq, pa.int64()),
            "t": times(first_us),
            "until": times(last_us),
            "rows": pa.array(rows, pa.int32()),
            "layout": pa.array([layout] * len(spans), pa.int32()),
            "body": pa.array(bodies, pa.binary()),
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
