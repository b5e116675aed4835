"""The one thread that writes: a batch every flush, and in between the closing of days, step by step."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Condition, Event, Thread
from time import monotonic

import duckdb

from leyden.history.options import HistoryOptions
from leyden.history.record.failing import was_damaged, why_failing
from leyden.history.record.intake import Intake
from leyden.history.record.seal import clean
from leyden.history.record.session import Session
from leyden.history.record.store import HeldError, Store, is_damaged
from leyden.model.words import Words

_LOG = logging.getLogger("leyden.history")
_RETRY_S = 1.0
"""Wall time between attempts while writing fails."""
_VALUES = 200_000
"""In one transaction: a long backlog is written in pieces, so that memory stays flat while it drains."""
_HOUR_US = 3_600_000_000
_PATIENCE_S = 30.0
"""Wall time before a period that could not be closed is tried again."""


class Writer:
    """Owns all writes to the store. Whatever fails, it says so, keeps the rows, and tries again."""

    def __init__(
        self, store: Store, intake: Intake, folder: Path, points: Sequence[str], options: HistoryOptions, mark: str
    ) -> None:
        self._store, self._intake, self._folder = store, intake, folder
        self._points, self._options, self._mark = tuple(points), options, mark
        self._rows_at_once = max(_VALUES // max(len(points), 1), 1)
        self._session: Session | None = None
        self._base: int | None = None
        self._closing: Iterator[None] | None = None
        self._closed_hour = -1
        self._stop, self._hurry = Event(), Event()
        self._turned = Condition()
        self._unwritten: Words | None = None
        self._unclosed: Words | None = None
        self._close_after = 0.0
        self.newest_us: int | None = None
        """The newest reading on the disk; set after it is there."""
        self.seq = 0
        """The highest sequence number on the disk; set after it is there."""
        try:
            self._start_session()
        except (duckdb.Error, OSError, HeldError) as error:  # it may come right; a HistoryError never does
            self._say_unwritten(error)
            self._end_session()
        except BaseException:
            self._end_session()
            raise
        self._thread = Thread(target=self._run, name="leyden-record", daemon=True)
        self._thread.start()

    @property
    def failing(self) -> Words | None:
        """Why something cannot be written at this moment; None is healthy."""
        damaged = self._store.set_aside
        return self._unwritten or self._unclosed or (was_damaged(damaged) if damaged else None)

    def flush(self, timeout_s: float) -> bool:
        """Wait until what was appended before this call is written; False if that did not come about in time."""
        order = self._intake.order
        deadline = monotonic() + timeout_s
        with self._turned:
            while self._intake.waits(order) and monotonic() < deadline and not self._stop.is_set():
                self._hurry.set()
                self._turned.wait(0.05)
        return not self._intake.waits(order)

    def close(self) -> None:
        """Write what waits, if that is possible, and let go of the file."""
        self._stop.set()
        self._hurry.set()
        self._thread.join()
        self._end_session()

    def _run(self) -> None:
        while not self._stop.is_set():
            wait_s = self._options.flush_s if self._unwritten is None else max(self._options.flush_s, _RETRY_S)
            due = monotonic() + wait_s
            while monotonic() < due and not self._hurry.is_set() and self._close_a_step():
                pass
            self._hurry.wait(max(due - monotonic(), 0.0))
            self._hurry.clear()
            self._turn()
        self._turn()

    def _turn(self) -> None:
        """Write everything that waits; on failure end the session, and say why."""
        try:
            session = self._session or self._start_session()
            assert self._base is not None
            order = self._intake.order  # what comes meanwhile is for the next turn: small batches wear the disk
            while self._intake.waits(order) and (batch := self._intake.take(self._rows_at_once)):
                session.write(batch, self._base)
                self._say_unwritten(None)
                self._intake.done(batch.last)
                self.newest_us, self.seq = session.newest_us, session.seq
            self._say_unwritten(None)
        except Exception as error:  # whatever it is, the rows are kept and the thread goes on
            self._say_unwritten(error)
            self._end_session(
                keep_open=isinstance(error, duckdb.IOException | duckdb.TransactionException) and self._store.is_open
            )
        with self._turned:
            self._turned.notify_all()

    def _open_session(self) -> Session:
        """A site that nobody attends must go on recording: a damaged file does not stand in the way of a new one."""
        try:
            if not self._store.is_open:
                self._store.open()
            return Session(self._store, self._folder, self._points, self._options)
        except duckdb.Error as error:
            if not is_damaged(error):
                raise
            _LOG.error("%s is damaged, and a new one is begun: %s", self._store.path, error)
            self._store.begin_anew()
            return Session(self._store, self._folder, self._points, self._options)

    def _start_session(self) -> Session:
        session = self._open_session()
        if self._base is None:  # what the file holds is from before this run
            self._base = session.seq
            if session.newest_us is not None:
                self._intake.resume(session.newest_us)
        else:  # a commit that seemed to fail may have succeeded
            self._intake.done(session.seq - self._base)
        clean(self._folder)
        self._session, self._unclosed = session, None
        self._closed_hour, self._close_after = -1, 0.0
        self.newest_us, self.seq = session.newest_us, session.seq
        return session

    def _end_session(self, keep_open: bool = False) -> None:
        """The next turn starts anew from the file. A full disk leaves it open, so that it can still be read."""
        self._session = self._closing = None
        if not keep_open:
            self._store.close()

    def _close_a_step(self) -> bool:
        """One step of closing what has ended, looked for once per hour of site time; False if there is none."""
        session = self._session
        if session is None or session.newest_us is None or monotonic() < self._close_after:
            return False
        hour = session.newest_us // _HOUR_US
        if self._closing is None and hour == self._closed_hour:
            return False
        try:
            if self._closing is None:
                self._closed_hour, self._closing = hour, session.closing(session.newest_us, self._mark)
            next(self._closing)
            return True
        except StopIteration:
            self._closing = self._unclosed = None
            return True
        except Exception as error:  # recording goes on; what could not be closed stays in its table
            _LOG.warning("a day of the record cannot be closed: %s", error)
            self._unclosed = why_failing(error, self._folder)
            self._close_after = monotonic() + _PATIENCE_S
            self._closed_hour, self._closing = -1, None
            return False

    def _say_unwritten(self, error: BaseException | None) -> None:
        if (error is None) != (self._unwritten is None):
            _LOG.warning("the record is written again" if error is None else f"the record is not written: {error}")
        self._unwritten = None if error is None else why_failing(error, self._store.path)
