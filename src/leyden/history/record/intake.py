"""Where the cycle leaves its rows: it never waits here, never fails here, and memory is bounded.

Site time never runs backwards in the record: rows older than the newest are refused and counted. When more waits than
may, the oldest raw readings go first, then cells, decisions and plans.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leyden.history.record.rows import Batch, CellRow, DecisionRow, Kind, PlanRow, ReadingRow, Row
from leyden.model.plan import Plan

LATE_S = 60.0
"""Rows other than readings may be this much older than the newest row; days are closed only after it has passed."""
_LATE_US = round(LATE_S * 1e6)
_NEVER = -(2**62)


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of rows that were not written, and what still waits."""

    waiting: int
    waiting_bytes: int
    dropped: int
    """For want of memory."""
    refused: int
    """Older than the newest, or not of the record's shape."""
    behind_s: float
    """How far site time ran back when a reading was last refused; 0 as soon as one is taken again."""


class Intake:
    """A bounded queue for each kind of row; safe to use from several threads."""

    def __init__(self, points: int, limit_bytes: int, cells_every_s: float) -> None:
        self._points = points
        self._limit = limit_bytes
        self._cells_every_us = round(cells_every_s * 0.95e6)  # a twentieth of slack: cycles jitter
        self._lock = Lock()
        self._queues: dict[Kind, deque[Any]] = {kind: deque() for kind in Kind}
        self._order = self._bytes = self._dropped = self._refused = 0
        self._taken = 0
        self._dropped_taken: list[int] = []
        self._newest_us = self._reading_us = self._decision_us = _NEVER
        self._cells_us: dict[str, int] = {}
        self._behind_us = 0
        self._steps_us = (1_000_000, 1_000_000)

    def reading(self, t: float, values: NDArray[np.float64], quality: NDArray[np.uint8]) -> None:
        """Take one row of all points; the arrays are copied."""
        values, quality = np.array(values, np.float64), np.array(quality, np.uint8)
        with self._lock:
            t_us = _us(t)
            if t_us is None or values.shape != (self._points,) or quality.shape != (self._points,):
                self._refused += 1
            elif t_us <= self._reading_us:
                self._refused += 1
                self._behind_us = self._reading_us - t_us
            else:
                self._steps_us = (self._steps_us[1], t_us - self._reading_us)
                self._reading_us, self._behind_us = t_us, 0
                self._put(Kind.READINGS, t_us, lambda order: ReadingRow(order, t_us, values, quality))

    def decision(self, number: int, t: float, body: bytes) -> None:
        """Take one decision."""
        with self._lock:
            t_us = _us(t)
            if t_us is None or t_us < max(self._decision_us, self._newest_us - _LATE_US):
                self._refused += 1
                return
            self._decision_us = t_us
            self._put(Kind.DECISIONS, t_us, lambda order: DecisionRow(order, t_us, number, bytes(body)))

    def cells(self, battery: str, t: float, mv: NDArray[np.int16], ddegc: NDArray[np.int16]) -> None:
        """Take a frame of cells, unless the last of this battery is too recent."""
        with self._lock:
            t_us = _us(t)
            if t_us is None or mv.shape != ddegc.shape or mv.ndim != 3 or t_us < self._newest_us - _LATE_US:
                self._refused += 1
            elif t_us - self._cells_us.get(battery, _NEVER) >= max(self._cells_every_us, 1):
                self._cells_us[battery] = t_us
                copies = np.array(mv, np.int16), np.array(ddegc, np.int16)
                self._put(Kind.CELLS, t_us, lambda order: CellRow(order, t_us, battery, *copies))

    def plan(self, plan: Plan) -> None:
        """Take a plan as of now: plans are made in the past, and may be recorded late."""
        with self._lock:
            t_us = max(round(plan.made.timestamp() * 1e6), self._newest_us)
            self._put(Kind.PLANS, t_us, lambda order: PlanRow(order, t_us, plan))

    def resume(self, newest_us: int) -> None:
        """The file knows rows up to here; what waits and is not newer is refused."""
        with self._lock:
            stale = [row for queue in self._queues.values() for row in queue if row.t_us <= newest_us]
            for kind, queue in self._queues.items():
                self._queues[kind] = deque(row for row in queue if row.t_us > newest_us)
            self._bytes -= sum(row.size for row in stale)
            self._refused += len(stale)
            self._newest_us = max(self._newest_us, newest_us)
            self._reading_us = max(self._reading_us, newest_us)

    def take(self, limit: int) -> Batch:
        """Up to `limit` rows of each kind, in order, without removing them: `done` does, once they are safe."""
        with self._lock:
            self._dropped += len(self._dropped_taken)  # what was taken before was not written after all
            self._dropped_taken = []
            full = [queue[limit - 1].order for queue in self._queues.values() if len(queue) > limit]
            last = self._taken = min(full, default=self._order)
            rows = {
                kind: tuple(row for row in islice(queue, limit) if row.order <= last)
                for kind, queue in self._queues.items()
            }
        return Batch(rows[Kind.READINGS], rows[Kind.CELLS], rows[Kind.DECISIONS], rows[Kind.PLANS], last)

    def done(self, last: int) -> None:
        """Everything up to this place in the order is safe."""
        with self._lock:
            self._dropped_taken = [order for order in self._dropped_taken if order > last]
            for queue in self._queues.values():
                while queue and queue[0].order <= last:
                    self._bytes -= queue.popleft().size

    @property
    def order(self) -> int:
        """The place of the row taken last."""
        return self._order

    def waits(self, order: int) -> bool:
        """Whether a row up to this place still waits."""
        with self._lock:
            return any(queue and queue[0].order <= order for queue in self._queues.values())

    @property
    def reading_us(self) -> int | None:
        """The newest reading taken, None before the first."""
        return None if self._reading_us == _NEVER else self._reading_us

    @property
    def cycle_us(self) -> int:
        """The usual distance between readings: the shorter of the last two, so that one gap does not count."""
        return min(self._steps_us)

    def counts(self) -> Counts:
        """What waits and what was lost."""
        with self._lock:
            waiting = sum(map(len, self._queues.values()))
            return Counts(waiting, self._bytes, self._dropped, self._refused, self._behind_us / 1e6)

    def _put(self, kind: Kind, t_us: int, make: Callable[[int], Row]) -> None:
        self._order += 1
        row = make(self._order)
        self._newest_us = max(self._newest_us, t_us)
        self._queues[kind].append(row)
        self._bytes += row.size
        while self._bytes > self._limit:
            oldest = next(queue for queue in self._queues.values() if queue)
            dropped = oldest.popleft()
            self._bytes -= dropped.size
            if dropped.order <= self._taken:  # it is being written at this moment: lost only if that fails
                self._dropped_taken.append(dropped.order)
            else:
                self._dropped += 1


def _us(t: float) -> int | None:
    return round(t * 1e6) if math.isfinite(t) else None
