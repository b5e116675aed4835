"""Locks that people hang on things, and take off again."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from leyden.model.lock import Lock
from leyden.model.words import Words
from leyden.runtime.describe import locks_json
from leyden.runtime.refused import RefusedError
from leyden.runtime.station import Station
from leyden.web.auth import actor_of, by_of
from leyden.web.models import LockModel, LockRequest, Locks
from leyden.web.problems import ApiError, refusals

Target = Annotated[str, Path(max_length=64)]
Reason = Annotated[str, Query(description="why; asked for", max_length=500)]


def reading(station: Station) -> APIRouter:
    """What hangs."""
    routes = APIRouter(tags=["locks"])

    @routes.get("/locks", summary="The locks that hang", response_model=Locks)
    async def locks() -> Locks:
        return _locks(station.locks.locks)

    return routes


def router(station: Station) -> APIRouter:
    """Operators hang locks; only a person takes one off."""
    routes = APIRouter(tags=["locks"])

    @routes.post(
        "/locks",
        summary="Lock a thing: zero power and no start, whoever asks",
        response_model=Locks,
        responses=refusals(409),
    )
    async def lock(body: LockRequest, request: Request) -> Locks:
        try:
            return _locks(station.lock(body.target, by_of(request, body.by), body.reason))
        except RefusedError as error:
            raise ApiError(error.status, error.words) from None

    @routes.delete(
        "/locks/{target}",
        summary="Take a lock off: a person's doing",
        response_model=Locks,
        responses=refusals(403, 404),
    )
    async def unlock(target: Target, request: Request, reason: Reason = "", by: str | None = None) -> Locks:
        _person(request, station)
        try:
            return _locks(station.unlock(target, by_of(request, by), reason))
        except RefusedError as error:
            raise ApiError(error.status, error.words) from None

    return routes


def _person(request: Request, station: Station) -> None:
    """Raises ApiError for a machine; where nobody can log in yet, the token of the first start is a person's."""
    if actor_of(request).via != "session" and station.ledger.users.any():
        raise ApiError(403, _A_PERSON)


def _locks(locks: Iterable[Lock]) -> Locks:
    return Locks(locks=[LockModel.model_validate(lock) for lock in locks_json(locks)])


_A_PERSON = Words(
    "只有登录的人可以解除挂牌,令牌不可以:请登录后操作", "only a person takes a lock off, never a token: log in to do it"
)
