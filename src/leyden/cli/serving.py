"""A web server beside other work, which ends when that ends."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

GOODBYE_S = 5.0
"""How long a server is given to end."""


class Server(uvicorn.Server):
    """A server whose signals are somebody else's, and that ends cleanly when it is cancelled."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        # A live stream never ends by itself, so open connections are given a second, not for ever.
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                log_config=None,
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Left to `until_signal`."""
        yield

    async def run_until_cancelled(self) -> None:
        """Serve; when cancelled, say goodbye first."""
        serving = asyncio.create_task(self.serve())
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            self.should_exit = True
            await asyncio.wait({serving}, timeout=GOODBYE_S)
            raise
