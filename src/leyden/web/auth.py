"""Who asks, and what they may: sessions of people, tokens of machines, and roles on every route.

A router says the role it needs, `dependencies=gate.asks(Role.OPERATOR)`, and a route finds who asks with
`actor_of(request)` and what goes into the log with `by_of(request, given)`. Credentials are looked for in this order:

    Authorization: Bearer TOKEN     a machine's token
    ?token=TOKEN                    the same where no header can be sent (GET only); never logged
    the session's cookie            a person; writes need the header `X-Leyden: 1` beside it

The cookie is SameSite=Strict, and a page of another site can neither read it nor send that header, so a person's
browser cannot be made to write by somebody else's page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from fastapi import Request, Security
from fastapi.openapi.models import APIKey, APIKeyIn, HTTPBearer
from fastapi.params import Depends
from fastapi.security.base import SecurityBase

from leyden.history import Ledger
from leyden.model.role import Role
from leyden.model.words import Words
from leyden.web.limits import Meter, Mistakes, whole_seconds
from leyden.web.problems import ApiError

__all__ = ["Actor", "Gate", "Needs", "Role", "actor_of", "by_of"]

_NOBODY = Words("需要登录或令牌", "log in, or give a token")
_WRONG = Words("令牌无效或已过期", "this token is not valid, or has expired")
_ENDED = Words("登录已过期,请重新登录", "this session has ended: log in again")
_ELSEWHERE = Words("请求未带 X-Leyden 头", "the request lacks the header X-Leyden: 1")
_TOO_MANY = Words("操作过于频繁,请稍后再试", "too many writes: try again in a moment")
_GUESSING = Words("令牌错误次数过多,请稍后再试", "too many wrong tokens: try again in a moment")

READS = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks."""

    name: str
    """A person's name, or a token's label; empty for anybody, where reading is open."""
    role: Role
    via: Literal["session", "token", "open"]

    def must(self, role: Role) -> None:
        """Raise ApiError 403 unless the role reaches: for routes that need more for some of what they do."""
        if not self.role.reaches(role):
            raise ApiError(403, _denied(self.role, role))


class Needs(SecurityBase):
    """A dependency that lets nobody through below its role."""

    scheme_name = "token"
    model = HTTPBearer(description="a machine's token, or that of the first start")

    def __init__(self, gate: "Gate", role: Role) -> None:
        self.role = role
        self._gate = gate

    async def __call__(self, request: Request) -> Actor:
        """Who asks. Raises ApiError 401, 403 or 429."""
        actor = self._gate.reader(request) if self.role is Role.VIEWER else self._gate.known(request)
        if isinstance(actor, ApiError):
            raise actor
        actor.must(self.role)
        self._gate.count(request, actor)
        request.state.actor = actor
        return actor


class SessionCookie(SecurityBase):
    """Tells OpenAPI of the other way to say who one is; `Needs` looks at both."""

    scheme_name = "session"

    def __init__(self, name: str) -> None:
        self.model = APIKey.model_validate(
            {"in": APIKeyIn.cookie, "name": name, "description": "made by /api/login; writes need X-Leyden: 1 as well"}
        )

    async def __call__(self) -> None:
        """Nothing: it has been looked at."""


class Gate:
    """Knows people by their sessions and machines by their tokens, all in the ledger."""

    def __init__(
        self,
        ledger: Ledger,
        read_open: bool,
        *,
        now: Callable[[], datetime],
        cookie: str,
        idle_s: float,
        writes: Meter,
        guesses: Mistakes,
    ) -> None:
        self.read_open = read_open
        self.cookie = cookie
        """Its name. Cookies do not know ports: two sites on one computer need two names."""
        self._ledger = ledger
        self._now = now
        self._idle_s = idle_s
        self._writes = writes
        self._guesses = guesses

    def needs(self, role: Role) -> Needs:
        """A dependency for a route that needs this role; it gives the Actor."""
        return Needs(self, role)

    def asks(self, role: Role) -> list[Depends]:
        """The same for a whole router, in such a way that OpenAPI shows it."""
        return [Security(ask, scopes=[role]) for ask in (self.needs(role), SessionCookie(self.cookie))]

    def reader(self, request: Request) -> Actor | ApiError:
        """Who asks, or anybody where reading is open: what has gone stale in a browser stops nobody from looking."""
        found = self.known(request)
        return Actor("", Role.VIEWER, "open") if isinstance(found, ApiError) and self.read_open else found

    def known(self, request: Request) -> Actor | ApiError:
        """Who asks, or why that is not known: 401, 429 for guessing, 403 for what looks like another site's page."""
        token = _token(request)
        return self._machine(request, token) if token else self.person(request)

    def person(self, request: Request) -> Actor | ApiError:
        """Who has logged in here, or why nobody has."""
        secret = request.cookies.get(self.cookie, "")
        if not secret:
            return ApiError(401, _NOBODY)
        session = self._ledger.sessions.check(secret, self._now(), self._idle_s)
        if session is None:
            return ApiError(401, _ENDED)
        if request.method not in READS and request.headers.get("x-leyden") != "1":
            return ApiError(403, _ELSEWHERE)
        return Actor(session.user, session.role, "session")

    def _machine(self, request: Request, secret: str) -> Actor | ApiError:
        address = address_of(request)
        wait_s = self._guesses.wait_s(address)
        # A right token is never made to wait for the mistakes of its neighbours: only the costly look is spared.
        token = self._ledger.tokens.check(secret, self._now(), old_too=wait_s == 0.0)
        if token is not None:
            return Actor(token.label, token.role, "token")
        if wait_s > 0.0:
            return ApiError(429, _GUESSING, {"Retry-After": whole_seconds(wait_s)})
        self._guesses.add(address)
        return ApiError(401, _WRONG)

    def count(self, request: Request, actor: Actor) -> None:
        """One write more by this actor. Raises ApiError 429 where there were too many."""
        if request.method in READS:
            return
        key = address_of(request) if actor.via == "open" else f"{actor.via}:{actor.name}"
        if wait_s := self._writes.take(key):
            raise ApiError(429, _TOO_MANY, {"Retry-After": whole_seconds(wait_s)})


def actor_of(request: Request) -> Actor:
    """Who asks, on a route that needs a role."""
    actor = getattr(request.state, "actor", None)
    if not isinstance(actor, Actor):
        raise RuntimeError(f"{request.url.path} needs no role, so nobody knows who asks: give it gate.needs(...)")
    return actor


def by_of(request: Request, given: str | None) -> str:
    """Who goes into the log: a person's own name whatever is given; a machine's label, behind the name it gives.

    A person's name has no brackets, so a machine's line can never be taken for a person's.
    """
    actor = actor_of(request)
    if actor.via == "session":
        return actor.name
    told = "".join(letter if letter.isprintable() else " " for letter in given or "").strip()
    return f"{told} [{actor.name}]".strip()


def address_of(request: Request) -> str:
    """Where the request comes from: the network address, without the port."""
    return "" if request.client is None else request.client.host


def _token(request: Request) -> str:
    """From the header, or, because an EventSource cannot send headers, from the address."""
    header = request.headers.get("authorization", "")
    if header.lower().startswith("bearer "):
        return header[7:].strip()
    return request.query_params.get("token", "") if request.method in READS else ""


def _denied(role: Role, needed: Role) -> Words:
    return Words(
        f"需要{needed.label.zh}权限,当前为{role.label.zh}",
        f"this needs the role {needed.label.en}; yours is {role.label.en}",
    )
