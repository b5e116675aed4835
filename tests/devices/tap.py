"""A tap on a Modbus TCP wire, between plant and device: it counts what really goes by, and knows none of our code."""

import asyncio
import contextlib
from collections import Counter

WRITES = frozenset({5, 6, 15, 16, 22, 23})
"""The function codes of Modbus that write."""


class Tap:
    """Listens on a free port, passes everything on to another, and counts the requests by function code."""

    def __init__(self, port: int) -> None:
        self.codes: Counter[int] = Counter()
        self.requests: list[bytes] = []
        self._port = port
        self._server: asyncio.Server | None = None
        self._passing: set[asyncio.Task[None]] = set()

    @property
    def writes(self) -> int:
        """Requests that write, by any function code there is."""
        return sum(self.codes[code] for code in WRITES)

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in tuple(self._passing):
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._requests(reader, back))
                group.create_task(_answers(there, writer))
        except* (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._passing.discard(task)
            for end in (back, writer):
                end.close()
                with contextlib.suppress(ConnectionError):
                    await end.wait_closed()

    async def _requests(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readexactly(7)
            body = await reader.readexactly(int.from_bytes(head[4:6], "big") - 1)
            self.codes[body[0]] += 1
            self.requests.append(head + body)
            back.write(head + body)


async def _answers(there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await there.read(65536):
        writer.write(data)
    raise ConnectionError
