"""Logging in and out, and who may what."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from leyden.history.ledger import Token, UnknownUserError, User, UserConflictError, UserError
from leyden.model.words import Words
from leyden.runtime.describe import time_json
from leyden.runtime.station import Station
from leyden.web.auth import Actor, Gate, actor_of, address_of, by_of
from leyden.web.logins import Logins
from leyden.web.people_models import (
    Known,
    LoginRequest,
    Me,
    NewToken,
    NewUser,
    PasswordRequest,
    Removed,
    TokenAnswer,
    TokenModel,
    TokensModel,
    UserAnswer,
    UserChange,
    UserModel,
    UsersModel,
)
from leyden.web.problems import ApiError, refusals

_NO_TOKEN = Words("没有这个令牌", "there is no such token")
_NOT_A_PERSON = Words("只有登录的用户才有密码", "only somebody who has logged in has a password")
_OLD_WRONG = Words("原密码错误", "the old password is wrong")
_NOTHING = Words("没有要修改的内容", "there is nothing to change")
_LABEL = Words("标签应为可打印字符", "a label has printable characters only")


@dataclass(frozen=True, slots=True)
class People:
    """What these routes work with."""

    station: Station
    gate: Gate
    logins: Logins
    now: Callable[[], datetime]
    """The computer's clock: people's shifts are not the twin's."""
    session_s: float

    def note(self, by: str, what: str, target: str, before: object = None, after: object = None) -> None:
        """Into the log of what people did, in the site's time as everything there."""
        self.station.ledger.actions.add(self.station.clock.now(), by, what, target, before, after)

    def me(self, found: Actor | ApiError) -> Me:
        """Who that is, for the room."""
        users = self.station.ledger.users.any()
        if isinstance(found, ApiError):
            return Me(name=None, role=None, via=None, users=users)
        return Me(name=found.name or None, role=found.role, via=found.via, users=users)

    def open_session(self, request: Request, response: Response, user: User) -> Known:
        """A new session, its secret in a cookie that no script can read and that no other site's page can use."""
        sessions = self.station.ledger.sessions
        if before := request.cookies.get(self.gate.cookie):
            sessions.close(before)
        secret = sessions.open(user.name, self.now(), self.session_s)
        response.set_cookie(
            self.gate.cookie,
            secret,
            max_age=int(self.session_s),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return Known(me=self.me(Actor(user.name, user.role, "session")))


def login_router(people: People) -> APIRouter:
    """Saying who one is: these ask for no role, and change nothing on the site."""
    routes = APIRouter(tags=["people"])
    ledger = people.station.ledger

    @routes.get("/me", summary="Who asks, as the site sees it")
    async def me(request: Request) -> Me:
        return people.me(people.gate.reader(request))

    @routes.post("/login", summary="Log in: a session in a cookie", responses=refusals(401, 413, 422, 429, 503))
    async def login(body: LoginRequest, request: Request, response: Response) -> Known:
        user = await people.logins.verify(address_of(request), body.user, body.password)
        people.note(user.name, "logged-in", user.name)
        return people.open_session(request, response, user)

    @routes.post("/logout", summary="End the session", responses=refusals(403, 413, 503))
    async def logout(request: Request, response: Response) -> Known:
        found = people.gate.person(request)
        if isinstance(found, Actor):
            ledger.sessions.close(request.cookies[people.gate.cookie])
            people.note(found.name, "logged-out", found.name)
        elif found.status == 403:
            raise found
        response.delete_cookie(people.gate.cookie, httponly=True, samesite="strict")
        return Known(me=people.me(ApiError(401, _NOT_A_PERSON)))

    return routes


def password_router(people: People) -> APIRouter:
    """One's own password."""
    routes = APIRouter(tags=["people"])

    @routes.post("/password", summary="Change one's own password; all other sessions end", responses=refusals(409))
    async def password(body: PasswordRequest, request: Request, response: Response) -> Known:
        actor = actor_of(request)
        if actor.via != "session":
            raise ApiError(409, _NOT_A_PERSON)
        try:
            await people.logins.verify(address_of(request), actor.name, body.old)
        except ApiError as error:
            raise (ApiError(422, _OLD_WRONG) if error.status == 401 else error) from None
        with _told():
            change = people.station.ledger.users.change
            _, user = await asyncio.to_thread(change, actor.name, people.now(), password=body.new)
        people.note(actor.name, "password-changed", actor.name)
        return people.open_session(request, response, user)

    return routes


def users_router(people: People) -> APIRouter:
    """Who can log in, for administrators."""
    routes = APIRouter(tags=["people"])
    users = people.station.ledger.users

    @routes.get("/users", summary="Everybody who can log in")
    async def everybody() -> UsersModel:
        return UsersModel(users=[_user(user) for user in users.all()])

    @routes.post("/users", summary="Let somebody log in", responses=refusals(409))
    async def add(body: NewUser, request: Request) -> UserAnswer:
        with _told():
            user = await asyncio.to_thread(users.add, body.name, body.role, body.password, people.now())
        people.note(by_of(request, None), "user-added", user.name, None, {"role": user.role})
        return UserAnswer(user=_user(user))

    @routes.patch(
        "/users/{name}", summary="Change somebody's role or password, or shut them out", responses=refusals(404, 409)
    )
    async def change(name: str, body: UserChange, request: Request) -> UserAnswer:
        if body == UserChange():
            raise ApiError(422, _NOTHING)
        with _told():
            before, after = await asyncio.to_thread(
                users.change, name, people.now(), body.role, body.password, body.enabled
            )
        kept = [{"role": user.role, "enabled": user.enabled} for user in (before, after)]
        renewed = {} if body.password is None else {"password": "changed"}
        people.note(by_of(request, None), "user-changed", after.name, kept[0], kept[1] | renewed)
        return UserAnswer(user=_user(after))

    @routes.delete("/users/{name}", summary="Remove somebody", responses=refusals(404, 409))
    async def remove(name: str, request: Request) -> Removed:
        with _told():
            user = users.remove(name)
        people.note(by_of(request, None), "user-removed", user.name, {"role": user.role})
        return Removed()

    return routes


def tokens_router(people: People) -> APIRouter:
    """What machines may, for administrators."""
    routes = APIRouter(tags=["people"])
    tokens = people.station.ledger.tokens

    @routes.get("/tokens", summary="Tokens that have not been taken back")
    async def every() -> TokensModel:
        return TokensModel(tokens=[_token(token) for token in tokens.all() if token.revoked is None])

    @routes.post("/tokens", summary="A token for a machine; its secret is told this once")
    async def create(body: NewToken, request: Request) -> TokenAnswer:
        label = body.label.strip()
        if not label or not label.isprintable():
            raise ApiError(422, _LABEL)
        expires = None if body.expires_s is None else people.now() + timedelta(seconds=body.expires_s)
        secret = tokens.create(label, body.role, people.now(), expires)
        number = int(secret.split(".")[1])
        after = {"role": body.role, "expires": None if expires is None else time_json(expires)}
        people.note(by_of(request, None), "token-made", f"{number} {label}", None, after)
        return TokenAnswer(token=secret, id=number)

    @routes.delete("/tokens/{token_id}", summary="Take a token back", responses=refusals(404))
    async def remove(token_id: Annotated[int, Path(ge=1, lt=2**63)], request: Request) -> Removed:
        if not tokens.revoke(token_id, people.now()):
            raise ApiError(404, _NO_TOKEN)
        people.note(by_of(request, None), "token-removed", str(token_id))
        return Removed()

    return routes


@contextmanager
def _told() -> Iterator[None]:
    """What the ledger will not do with a person, as the API says it."""
    try:
        yield
    except UserError as error:
        status = {UnknownUserError: 404, UserConflictError: 409}.get(type(error), 422)
        raise ApiError(status, error.words) from None


def _user(user: User) -> UserModel:
    return UserModel(
        name=user.name,
        role=user.role,
        enabled=user.enabled,
        made=time_json(user.made),
        changed=time_json(user.changed),
    )


def _token(token: Token) -> TokenModel:
    expires = None if token.expires is None else time_json(token.expires)
    return TokenModel(id=token.id, label=token.label, role=token.role, made=time_json(token.made), expires=expires)
