"""A listener on the wire: Modbus TCP handed on as it is, every request's function code counted."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

WRITES = frozenset({5, 6, 15, 16, 21, 22, 23})
"""Function codes that change something in a device."""


@dataclass
class Tap:
    """Between one client and one device. Knows nothing of Leyden's own wire."""

    target: int
    """The port behind it."""
    codes: Counter[int] = field(default_factory=Counter)
    """How often each function code was asked for."""
    port: int = 0
    dead: bool = False
    """Answers nothing, as a device without power."""
    _server: asyncio.Server | None = None
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    @property
    def writes(self) -> int:
        return sum(count for code, count in self.codes.items() if code in WRITES)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._hand_on, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
            both = [
                asyncio.create_task(self._requests(reader, back)),
                asyncio.create_task(self._answers(there, writer)),
            ]
            self._tasks.update(both)
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in both:
                task.cancel()
            back.close()
        writer.close()

    async def _requests(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """Frame by frame: seven bytes of header, of which two say how long the rest is, then the function code."""
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readexactly(7)
                body = await reader.readexactly(int.from_bytes(head[4:6], "big") - 1)
                if self.dead:
                    continue
                self.codes[body[0]] += 1
                back.write(head + body)
                await back.drain()

    async def _answers(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await there.read(4096):
                writer.write(data)
                await writer.drain()
