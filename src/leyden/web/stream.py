"""The live stream: one document, sent whole at first and then only as it changes."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import orjson

Document = dict[str, Any]

QUIET_S = 5.0
"""After so much silence a ping shows that the line is alive (wall time)."""
MOST_PER_S = 4.0
WAITING = 8
"""Messages that may wait for a slow reader before it is given the whole document instead."""


def delta(before: Document, after: Document) -> Document:
    """What changed: single points, and any other top-level entry whole."""
    changed = {key: value for key, value in after.items() if key != "points" and before.get(key) != value}
    old = before.get("points", {})
    changed["points"] = {name: value for name, value in after["points"].items() if old.get(name) != value}
    return changed | {key: after[key] for key in ("seq", "time", "t")}


def event(name: str, document: Document) -> bytes:
    """One server-sent event."""
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(document) + b"\n\n"


class Hub:
    """Builds the document once for all readers, at most a few times a second, and only while somebody reads."""

    def __init__(self, build: Callable[[], Document | None]) -> None:
        self._build = build
        self._readers: set[asyncio.Queue[bytes | None]] = set()
        self._last: Document | None = None
        self._changed = asyncio.Event()

    def touch(self) -> None:
        """There is something new."""
        self._changed.set()

    async def run(self) -> None:
        """Send deltas for ever."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._readers:
                self._send()
            await asyncio.sleep(1.0 / MOST_PER_S)

    def _send(self) -> None:
        document = self._build()
        if document is None:
            return
        before, self._last = self._last, document
        message = event("full", document) if before is None else event("delta", delta(before, document))
        for reader in self._readers:
            if reader.qsize() >= WAITING:
                while not reader.empty():
                    reader.get_nowait()
                reader.put_nowait(event("full", document))
            else:
                reader.put_nowait(message)

    async def read(self, may: Callable[[], bool] = lambda: True) -> AsyncGenerator[bytes, None]:
        """One reader's stream: the whole document, then what changes; it ends where the reader no longer `may`."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        # Bring the others up to this moment first, so that the next delta fits everybody.
        if self._readers:
            self._send()
        else:
            self._last = self._build()
        if self._last is not None:
            queue.put_nowait(event("full", self._last))
        self._readers.add(queue)
        try:
            while True:
                try:
                    message = await asyncio.wait_for(queue.get(), QUIET_S)
                except TimeoutError:
                    message = event("ping", {})
                if message is None or not may():
                    return
                yield message
        finally:
            self._readers.discard(queue)

    def close(self) -> None:
        """End every reader's stream."""
        for reader in self._readers:
            reader.put_nowait(None)
