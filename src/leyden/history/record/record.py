"""The record: what happened, second by second. See the package's page for what is kept where."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from leyden.history.durable import publish, temporary
from leyden.history.mark import kind_of, mark_folder
from leyden.history.options import HistoryOptions
from leyden.history.record.cells import CellFrame
from leyden.history.record.copy import copy_open
from leyden.history.record.energy import Energy, energy
from leyden.history.record.export import Form, Layout, Step, Wanted, export
from leyden.history.record.failing import clock_back
from leyden.history.record.intake import Intake
from leyden.history.record.lookup import RecordedDecision, RecordedSlot, cells_at, decisions, planned
from leyden.history.record.query import Span, query
from leyden.history.record.series import Curves, Instant, to_us
from leyden.history.record.store import ROW_GROUP, Store
from leyden.history.record.view import View
from leyden.history.record.writer import Writer
from leyden.model.plan import Plan
from leyden.model.words import Words

_MB = 1_000_000
_STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class RecordState:
    """How the record fares; `failing` is for an alarm."""

    queued: int
    """Rows that wait to be written."""
    queued_bytes: int
    dropped: int
    """Rows given up for want of memory."""
    refused: int
    """Rows older than the newest, or not of the record's shape."""
    written: int
    """Highest sequence number on the disk."""
    newest: float | None
    """Site time of the newest reading on the disk."""
    failing: Words | None
    """What is wrong and the mend; None is healthy."""


class Record:
    """`record.duckdb` and the Parquet files beside it, in this folder, made if they are not there.

    All appends only enqueue: they never wait and never raise. Everything else may be called from any thread; it raises
    RecordUnavailableError while the file cannot be read. Times are seconds since 1970 or aware datetimes, site time.
    Raises HistoryError if the folder holds the other kind of history, or a newer Leyden wrote it.
    """

    def __init__(self, folder: Path, points: Sequence[str], options: HistoryOptions, simulated: bool) -> None:
        if len(set(points)) != len(points):
            raise ValueError("every point can be recorded only once")
        if not points:
            raise ValueError("a record needs at least one point")
        mark_folder(folder, simulated)
        self.points = tuple(points)
        self.simulated = simulated
        self._folder, self._options = folder, options
        self._intake = Intake(len(points), options.queue_mb * _MB, options.cells_every_s)
        self._store = Store(folder / "record.duckdb", options.memory_mb)
        self._writer = Writer(self._store, self._intake, folder, points, options, kind_of(simulated))

    def append(self, t: float, values: NDArray[np.float64], quality: NDArray[np.uint8]) -> None:
        """One row: a value and a Quality for each of `points`, in their order."""
        self._intake.reading(t, values, quality)

    def append_decision(self, number: int, t: float, body: bytes) -> None:
        """One decision, as JSON."""
        self._intake.decision(number, t, body)

    def append_cells(
        self, battery: str, t: float, voltage_mv: NDArray[np.int16], temperature_ddegc: NDArray[np.int16]
    ) -> None:
        """One frame, (rack, module, cell); frames that come too soon after the last one are passed over."""
        self._intake.cells(battery, t, voltage_mv, temperature_ddegc)

    def append_plan(self, plan: Plan) -> None:
        """A whole plan, in force from now on."""
        self._intake.plan(plan)

    def query(self, points: Sequence[str], start: Instant, end: Instant, width: int) -> Curves:
        """Minimum, mean and maximum of each of `width` steps over [start, end); only GOOD values count.

        Steps that began before `start` are whole. A point that was never recorded is all nan.
        """
        span = Span(tuple(dict.fromkeys(points)), to_us(start), to_us(end), width)
        if span.end_us <= span.start_us or width < 1:
            raise ValueError(f"a span must end after its start and have a width (got {start} to {end}, {width})")
        newest_us = self._writer.newest_us
        with self._viewing() as view:
            return query(view, span, newest_us, self._intake.cycle_us)

    def energy(self, point: str, start: Instant, end: Instant) -> Energy:
        """The integral of a power over [start, end), each direction by itself, and how much of the span is known."""
        newest_us = self._writer.newest_us
        with self._viewing() as view:
            span_us = (to_us(start), to_us(end))
            return energy(view, point, span_us, newest_us, self._options.hold_s)

    def cells_at(self, battery: str, time: Instant, within_s: float = 3600.0) -> CellFrame | None:
        """The newest frame at or before this moment, None if there is none within so long."""
        with self._viewing() as view:
            return cells_at(view, battery, to_us(time), round(within_s * 1e6))

    def decisions(self, start: Instant, end: Instant, limit: int = 100) -> Sequence[RecordedDecision]:
        """Decisions of [start, end), newest first."""
        with self._viewing() as view:
            return decisions(view, to_us(start), to_us(end), limit)

    def planned(self, start: Instant, end: Instant) -> Sequence[RecordedSlot]:
        """The slots that were in force in [start, end), each cut where a later plan took over."""
        with self._viewing() as view:
            return planned(view, to_us(start), to_us(end))

    def export(
        self,
        target: Path | IO[bytes],
        points: Sequence[str],
        start: Instant,
        end: Instant,
        *,
        step: Step = "raw",
        form: Form = "csv",
        layout: Layout = "wide",
        zone: tzinfo = UTC,
        bom: bool = False,
    ) -> None:
        """Write [start, end) to a file, whole or not at all, or to an open one; see `export.py` for what is in it."""
        wanted = Wanted(tuple(dict.fromkeys(points)), to_us(start), to_us(end), step, layout, zone)
        with self._viewing() as view:
            if not isinstance(target, Path):
                export(view, wanted, form, target, bom)
                return
            with temporary(target).open("wb") as file:
                export(view, wanted, form, file, bom)
            publish(target)

    def copy(self, target: Path) -> Sequence[Path]:
        """Write what has not been closed yet into a new DuckDB file, as it is at this moment, while recording goes on.

        Returns the files of closed days and months that belong to it; whoever takes long may find the oldest gone.
        """
        self.flush()
        with self._store.reading() as connection:
            return copy_open(connection, self._folder, target, ROW_GROUP)

    @contextmanager
    def _viewing(self) -> Iterator[View]:
        with self._store.reading() as connection:
            yield View(connection, self._folder)

    def last_t(self) -> float | None:
        """Site time of the newest reading taken; a simulation must go on after it.

        None in an empty record, and where the file could not be read yet: `state().failing` tells which.
        """
        newest = self._intake.reading_us
        return None if newest is None else newest / 1e6

    def state(self) -> RecordState:
        """How it fares; cheap enough for every cycle."""
        counts, newest_us = self._intake.counts(), self._writer.newest_us
        return RecordState(
            queued=counts.waiting,
            queued_bytes=counts.waiting_bytes,
            dropped=counts.dropped,
            refused=counts.refused,
            written=self._writer.seq,
            newest=None if newest_us is None else newest_us / 1e6,
            failing=self._writer.failing or (clock_back(counts.behind_s) if counts.behind_s else None),
        )

    def flush(self, timeout_s: float = _STOP_S) -> bool:
        """Wait until what was appended so far is on the disk; False if it did not get there in time."""
        return self._writer.flush(timeout_s)

    def close(self) -> None:
        """Write what waits, and let go of the file."""
        self._writer.close()
