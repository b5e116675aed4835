"""Running things side by side until a signal comes, and ending them in order."""

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

GOODBYE_S = 5.0
"""How long a server is given to end."""


class Server(uvicorn.Server):
    """A web server beside other work: the signals are not its own."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        # A live stream never ends by itself, so open connections are given a second, not for ever.
        super().__init__(
            uvicorn.Config(
                app, host=host, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=1
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Left to `until_signal`."""
        yield


async def until_signal(*work: Coroutine[Any, Any, None], server: Server | None = None) -> None:
    """Run all of it until a signal comes or one of them ends; what ended by an error raises it here."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    waiting = loop.create_task(stop.wait())
    tasks = {loop.create_task(one) for one in work}
    serving = {loop.create_task(server.serve())} if server is not None else set()
    done, _ = await asyncio.wait({*tasks, *serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if server is not None:
        server.should_exit = True
        await asyncio.wait(serving, timeout=GOODBYE_S)
    everything = {*tasks, *serving, waiting}
    for task in everything:
        task.cancel()
    await asyncio.gather(*everything, return_exceptions=True)
    for task in done - {waiting}:
        task.result()
