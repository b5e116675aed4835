"""The black box itself: the cycle leaves its inputs here and goes on; a thread packs them and writes them down."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import blake2b
from math import isfinite
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

from leyden import __version__
from leyden.model.decision import Decision
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words
from leyden.runtime.blackbox.chunk import CHUNK_S, Chunk, Cycle, Outcome, Piece, encode
from leyden.runtime.blackbox.layout import Slot, fits, pack, slots_of
from leyden.runtime.blackbox.options import BlackBoxOptions
from leyden.runtime.blackbox.ring import Pin, Ring, pieces_between
from leyden.runtime.blackbox.tagged import TaggedError, dump, field_names, with_fields
from leyden.runtime.cycle import Carried

AROUND_S = 450.0
"""A quarter of an hour has this much before and after its moment."""
_LOG = logging.getLogger(__name__)
_WAITING = 2000
"""Cycles that may wait to be packed."""
_MOST_CYCLES = 600
"""In one chunk."""
_ELSEWHERE = frozenset({"time", "elapsed_s", "setpoints"})
"""Fields of the context that a chunk keeps in places of their own."""

_Entry = tuple[Carried, Snapshot, Decision, bytes, Sequence[Any]]


class BlackBox:
    """Everything that the last hours' decisions were made from, and what they came to."""

    def __init__(self, folder: Path, options: BlackBoxOptions, controllers: Callable[[], Sequence[Any]]) -> None:
        self.folder = folder
        self.dropped = 0
        """Cycles that came too fast."""
        self.failing: Words | None = None
        """Why the last chunk could not be written; None is healthy."""
        self._options = options
        self._controllers = controllers
        self._ring = Ring(folder, options)
        self._waiting: deque[_Entry | Pin | Event] = deque()
        self._open: _Building | None = None
        self._stop, self._hurry = Event(), Event()
        self._thread = Thread(target=self._run, name="leyden-blackbox", daemon=True)
        self._thread.start()

    def witness(self, carried: Carried, snapshot: Snapshot, decision: Decision, body: bytes) -> None:
        """Take over one cycle; never waits. What is handed over is frozen, so that nothing need be copied."""
        self._put((carried, snapshot, decision, body, self._controllers()))

    def pin(self, time: datetime, why: str) -> None:
        """Keep the quarter of an hour around a moment for longer; never waits."""
        self._put(Pin(time.timestamp() - AROUND_S, time.timestamp() + AROUND_S, why))

    def _put(self, entry: _Entry | Pin) -> None:
        if len(self._waiting) < _WAITING:
            self._waiting.append(entry)
        else:
            self.dropped += 1

    def flush(self, timeout_s: float = 10.0) -> bool:
        """Wait until all that was handed over is in the files; False if it did not get there in time."""
        done = Event()
        self._waiting.append(done)
        self._hurry.set()
        return done.wait(timeout_s)

    def pieces(self, start: datetime, end: datetime) -> list[Piece]:
        """What is kept of a span, as it lies in the files."""
        self.flush()
        return list(pieces_between(self.folder, start.timestamp(), end.timestamp()))

    def close(self) -> None:
        """Write what waits, and end."""
        self.flush()
        self._stop.set()
        self._hurry.set()
        self._thread.join()

    def _run(self) -> None:
        """Look in every second, rather than be woken by every cycle."""
        while not self._stop.is_set():
            self._hurry.wait(1.0)
            self._hurry.clear()
            while self._waiting:
                try:
                    self._take(self._waiting.popleft())
                except Exception as error:  # the black box must never be what stops a site
                    self._fails(error)
                    self._open = None
            if self._open is not None and monotonic() - self._open.begun_s >= self._options.flush_s:
                self._write()

    def _take(self, entry: "_Entry | Pin | Event") -> None:
        match entry:
            case Pin():
                self._ring.pin(entry)
            case Event():
                self._write()
                entry.set()
            case (carried, snapshot, decision, body, asked):
                controllers = tuple(controller.name for controller in asked)
                if self._open is not None and not self._open.takes(snapshot, decision, controllers):
                    self._write()
                if self._open is None:
                    self._open = _Building(carried, snapshot, controllers)
                self._open.add(snapshot, decision, body)

    def _write(self) -> None:
        chunk = None if self._open is None else self._open.chunk()
        self._open = None
        if chunk is None:
            return
        try:
            self._ring.append(encode(chunk), chunk.cycles[0].t_us)
        except OSError as error:
            self._fails(error)
        else:
            self.failing = None

    def _fails(self, error: Exception) -> None:
        if self.failing is None:
            _LOG.warning("the black box is not written: %s", error, exc_info=not isinstance(error, OSError))
        self.failing = Words(f"黑匣子无法写入:{error}", f"the black box is not written: {error}")


class _Building:
    """A chunk in the making."""

    def __init__(self, carried: Carried, snapshot: Snapshot, controllers: tuple[str, ...]) -> None:
        self.begun_s = monotonic()
        self._controllers = controllers
        self._carried, self._unkept = _kept(carried)
        self._slots: tuple[Slot, ...] = slots_of(snapshot.readings)
        self._context: dict[str, tuple[Any, str]] = {}
        self._cycles: list[Cycle] = []

    def takes(self, snapshot: Snapshot, decision: Decision, controllers: tuple[str, ...]) -> bool:
        """Whether this cycle goes on where the last one ended."""
        last = self._cycles[-1]
        return (
            len(self._cycles) < _MOST_CYCLES
            and 0.0 <= snapshot.context.time.timestamp() - self._cycles[0].t_us / 1e6 < CHUNK_S
            and controllers == self._controllers
            and decision.number == last.outcome.number + 1
            and [target for target, *_ in last.outcome.setpoints] == list(decision.setpoints)
            and fits(self._slots, snapshot.readings)
        )

    def add(self, snapshot: Snapshot, decision: Decision, body: bytes) -> None:
        """One more cycle."""
        context = snapshot.context
        t_us = round(context.time.timestamp() * 1e6)
        changes = dict(self._changed(context))
        cycle = Cycle(t_us, context.elapsed_s, pack(self._slots, snapshot.readings), changes, outcome(decision, body))
        self._cycles.append(cycle)

    def _changed(self, context: Any) -> Any:
        """Fields of the context that are not what they were; most are the very same object."""
        for name in field_names(type(context)) or ():
            if name in _ELSEWHERE:
                continue
            value = getattr(context, name)
            before = self._context.get(name)
            if before is not None and before[0] is value:
                continue
            text = dump(value).decode()
            self._context[name] = (value, text)
            if before is None or before[1] != text:
                yield name, text

    def chunk(self) -> Chunk | None:
        """What has been gathered."""
        if not self._cycles:
            return None
        return Chunk(self._slots, self._controllers, self._carried, self._unkept, __version__, tuple(self._cycles))


def outcome(decision: Decision, body: bytes) -> Outcome:
    """What a decision came to; `body` is all of it as JSON."""
    digest = int.from_bytes(blake2b(body, digest_size=8).digest(), "big") >> 1
    setpoints = tuple(
        (name, told.power_w, told.reactive_power_var, told.run) for name, told in decision.setpoints.items()
    )
    total_w = decision.total_w if isfinite(decision.total_w) else 0.0
    return Outcome(decision.number, total_w, digest, setpoints)


def _kept(carried: Carried) -> tuple[str, tuple[str, ...]]:
    """What is carried from one cycle to the next, and whose states could not be kept."""
    states, unkept = {}, []
    for name, state in carried.memory.states.items():
        try:
            dump(state)
        except TaggedError:
            unkept.append(name)
        else:
            states[name] = state
    memory = with_fields(carried.memory, states=states)
    return dump(with_fields(carried, memory=memory)).decode(), tuple(unkept)
