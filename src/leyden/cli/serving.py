"""A web server beside other work, which ends when that ends."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

GOODBYE_S = 5.0
"""How long a server is given to end."""


class Server(uvicorn.Server):
    """A server whose signals are somebody else's, and that ends cleanly when it is cancelled."""

    def __init__(self, app: FastAPI, host: str, port: int, tls: tuple[Path, Path] | None = None) -> None:
        """`tls` is a certificate and its key; with them HTTPS is spoken, TLS 1.2 or newer, and nothing else."""
        cert, key = tls or (None, None)
        # A live stream never ends by itself, so open connections are given a second, not for ever.
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                log_config=None,
                log_level="warning",
                access_log=False,  # it would write addresses whole, and a stream's address may hold a token
                server_header=False,
                ws="none",
                timeout_graceful_shutdown=1,
                ssl_certfile=cert,
                ssl_keyfile=key,
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
