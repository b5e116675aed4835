"""What surrounds every request, whoever asks: its size, the headers of the answer, and a line in the log."""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leyden.model.words import Words
from leyden.web.limits import Meter, Rate
from leyden.web.problems import refusal

_LOG = logging.getLogger("leyden.access")
_LINES = Rate(burst=60.0, per_s=1.0 / 30.0)
"""Of the log, for each address: a dispatcher that writes every second must not push everything else out of it."""

HEADERS = {
    # Nothing from elsewhere, nothing inline but styles, which charts set on what they draw; no frame around us, so that
    # nobody can put an invisible room under somebody's mouse.
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Shield:
    """Refuses large bodies before anybody reads them, adds the headers, and tells the log."""

    def __init__(self, app: ASGIApp, most_bytes: int, clock: Callable[[], float]) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._clock = clock
        self._lines = Meter(_LINES, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        started_s, status = self._clock(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", []), *_headers(scope, message)]}
            await send(message)

        try:
            body = await self._body(scope, receive)
            if body is None:
                await self._too_large(scope, receive, answer)
            else:
                await self._app(scope, _replayed(body, receive), answer)
        finally:
            self._tell(scope, status, self._clock() - started_s)

    async def _body(self, scope: Scope, receive: Receive) -> list[Message] | None:
        """The whole body, which is small, as it came; None where it is too large."""
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return []
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length[:18]) > self._most_bytes:
            return None
        messages: list[Message] = []
        read = 0
        while True:
            message = await receive()
            messages.append(message)
            read += len(message.get("body", b""))
            if read > self._most_bytes:
                return None
            if not message.get("more_body"):
                return messages

    def _tell(self, scope: Scope, status: int, took_s: float) -> None:
        """Who did what from where. The query is left out: it may hold a token; so are headers and bodies."""
        address = scope["client"][0] if scope.get("client") else "-"
        plain = scope["method"] in ("GET", "HEAD") and status < 400
        level = logging.DEBUG if plain or self._lines.take(address) else logging.INFO
        actor: Any = scope["state"].get("actor")
        who = "-" if actor is None else actor.name or actor.via
        # Quoted, or a line break in a path would be a line in the log; names have none.
        path = quote(scope["path"], safe="/")
        _LOG.log(level, "%s %s %s %s %d %.0f ms", address, who, scope["method"], path, status, 1000.0 * took_s)

    async def _too_large(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = f"{self._most_bytes // 1024} KiB"
        words = Words(f"请求过大:不应超过 {most}", f"the request is too large: {most} at most")
        await refusal(413, words)(scope, receive, send)


def _replayed(messages: list[Message], receive: Receive) -> Receive:
    """The messages again, and then whatever comes: a client that goes away."""
    waiting = iter(messages)

    async def again() -> Message:
        message = next(waiting, None)
        return await receive() if message is None else message

    return again


def _headers(scope: Scope, message: Message) -> list[tuple[bytes, bytes]]:
    """Ours, and nothing of the API in any cache: it is somebody's."""
    there = {name.lower() for name, _ in message.get("headers", [])}
    ours = dict(HEADERS)
    if scope["path"].startswith("/api/"):
        ours["Cache-Control"] = "no-store"
    return [(k.lower().encode(), v.encode()) for k, v in ours.items() if k.lower().encode() not in there]
