"""Single things of the record: a frame of cells, decisions, and the plan that was in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson

from leyden.history.record.cells import CellFrame, unpack_frame
from leyden.history.record.packed import unpack_bundle
from leyden.history.record.shelves import CELLS, DECISIONS, PLANS
from leyden.history.record.sql import one, scalar, text
from leyden.history.record.view import View

_DAY_US = 86_400_000_000
_PLAN_US = 2 * _DAY_US
"""How long before a moment its plan may have been recorded: plans are made for a day or two."""


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """A decision as it was recorded."""

    number: int
    t: float
    body: bytes
    """JSON."""


@dataclass(frozen=True, slots=True)
class RecordedSlot:
    """A stretch of a plan as it was recorded, cut where a later plan took over."""

    start: datetime
    end: datetime
    target: str
    mode: str
    power_w: float | None
    soc_end: float | None
    price_per_kwh: float | None
    reason: Mapping[str, object]
    """Code, numbers and sentences."""
    source: str
    made: datetime


def cells_at(view: View, battery: str, t_us: int, within_us: int) -> CellFrame | None:
    """The newest frame that is not after this moment and not older than `within_us`."""
    where = f"battery = {text(battery)} AND t <= make_timestamptz({t_us}) AND t >= make_timestamptz({t_us - within_us})"
    for source in reversed(view.parts(CELLS, t_us - within_us, t_us + 1).sources):
        newest_us = scalar(view.connection, f"SELECT max(epoch_us(t)) FROM {source} WHERE {where}")
        at = f"battery = {text(battery)} AND t = make_timestamptz({newest_us})"
        row = newest_us and one(view.connection, f"SELECT racks, modules, cells, frame FROM {source} WHERE {at}")
        if row:
            return CellFrame(battery, newest_us / 1e6, *unpack_frame(row[3], (row[0], row[1], row[2])))
    return None


def decisions(view: View, start_us: int, end_us: int, limit: int) -> list[RecordedDecision]:
    """Those of [start, end), newest first, at most `limit`."""
    parts, found = view.parts(DECISIONS, start_us, end_us), list[RecordedDecision]()
    for table in reversed(parts.tables):
        found += _packed(view, table, start_us, end_us, limit - len(found))
    for path in reversed(parts.files):
        if len(found) < limit:
            rows = view.connection.execute(
                f"SELECT number, epoch_us(t), body FROM read_parquet({text(path)})"
                f" WHERE t >= make_timestamptz({start_us}) AND t < make_timestamptz({end_us})"
                f" ORDER BY seq DESC LIMIT {limit - len(found)}"
            ).fetchall()
            found += [RecordedDecision(number, us / 1e6, body.encode()) for number, us, body in rows]
    return found


def _packed(view: View, table: str, start_us: int, end_us: int, limit: int) -> list[RecordedDecision]:
    pieces = view.connection.execute(
        f"SELECT rows, body FROM {table} WHERE until >= make_timestamptz({start_us})"
        f" AND t < make_timestamptz({end_us}) ORDER BY seq DESC LIMIT {max(limit, 0) + 1}"
    ).fetchall()
    found: list[RecordedDecision] = []
    for rows, body in pieces:
        held = unpack_bundle(body, rows)
        times, numbers = held.t_us.tolist(), held.number.tolist()
        here = [RecordedDecision(n, us / 1e6, b) for n, us, b in zip(numbers, times, held.bodies, strict=True)]
        found += [d for d, us in zip(reversed(here), reversed(times), strict=True) if start_us <= us < end_us]
        if len(found) >= limit:
            break
    return found[: max(limit, 0)]


def planned(view: View, start_us: int, end_us: int) -> list[RecordedSlot]:
    """The slots in force in [start, end): at each moment those of the plan recorded last before it, in order of time.

    After the newest record the newest plan stands, so that the end may lie in the future.
    """
    slots: list[RecordedSlot] = []
    for source in view.parts(PLANS, start_us - _PLAN_US, end_us).sources:
        rows = view.connection.execute(
            "SELECT seq, epoch_us(t), epoch_us(slot_start), epoch_us(slot_end), epoch_us(made), target, mode, power_w,"
            f" soc_end, price_per_kwh, reason, source FROM {source} WHERE t >= make_timestamptz({start_us - _PLAN_US})"
            f" AND t < make_timestamptz({end_us}) ORDER BY seq, slot_start"
        ).fetchall()
        slots = _overlaid(slots, rows)
    return [slot for slot in slots if slot.end.timestamp() * 1e6 > start_us and slot.start.timestamp() * 1e6 < end_us]


def _overlaid(slots: list[RecordedSlot], rows: Sequence[tuple[Any, ...]]) -> list[RecordedSlot]:
    """Each later plan takes over from the moment it was recorded, as far as it goes."""
    for _, plan in groupby(rows, key=itemgetter(0)):
        lines = list(plan)
        new = [_slot(line) for line in lines]
        taken = max(new[0].start, _utc(lines[0][1]))
        slots = _cut(slots, taken)
        slots += [replace(slot, start=max(slot.start, taken)) for slot in new if slot.end > taken]
    return slots


def _cut(slots: Sequence[RecordedSlot], taken: datetime) -> list[RecordedSlot]:
    """What is left of earlier plans before a later one; where a slot is cut, its SOC is on the way, not at its end."""
    kept: list[RecordedSlot] = []
    for old in slots:
        if old.start >= taken:
            continue
        if old.end > taken:
            joined = kept and kept[-1].end == old.start and kept[-1].target == old.target
            before, after = kept[-1].soc_end if joined else None, old.soc_end
            part = (taken - old.start) / (old.end - old.start)
            soc = None if before is None or after is None else before + part * (after - before)
            old = replace(old, end=taken, soc_end=soc)
        kept.append(old)
    return kept


def _slot(line: tuple[Any, ...]) -> RecordedSlot:
    _, _, start_us, end_us, made_us, target, mode, power_w, soc_end, price, reason, source = line
    times = _utc(start_us), _utc(end_us)
    return RecordedSlot(*times, target, mode, power_w, soc_end, price, orjson.loads(reason), source, _utc(made_us))


def _utc(us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
