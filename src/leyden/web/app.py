"""The HTTP API and the control room's files; no logic of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request
from fastapi import Path as PathParam
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from leyden import __version__
from leyden.alarms import UnknownAlarmError
from leyden.history import LedgerError, RecordUnavailableError
from leyden.model.clock import Clock
from leyden.model.role import Role
from leyden.model.words import Words
from leyden.runtime.clock import WallClock
from leyden.runtime.config import SiteConfig
from leyden.runtime.night import Night
from leyden.runtime.station import Station
from leyden.web import (
    battery_routes,
    history_routes,
    lock_routes,
    manual_routes,
    mode_routes,
    moment_routes,
    night_routes,
    twin_routes,
    user_routes,
    why_routes,
)
from leyden.web.addresses import Addresses
from leyden.web.auth import Gate, by_of
from leyden.web.limits import Limits, Meter, Mistakes
from leyden.web.live import alarm_json, live_json
from leyden.web.logins import Logins
from leyden.web.models import AckRequest, AlarmModel
from leyden.web.problems import ApiError, refusals, tell, tell_http, tell_invalid, tell_unavailable
from leyden.web.responses import json_response
from leyden.web.shield import Shield
from leyden.web.stream import Hub
from leyden.web.user_routes import People

AlarmId = Annotated[int, PathParam(ge=1, lt=2**63)]
READING = refusals(401, 422, 429, 503)
WRITING = READING | refusals(403, 413)
"""What routes may answer instead of what was asked for."""
STATIC = Path(__file__).parent / "static"

DESCRIPTION = """
Reads and commands one site. Power is positive when it flows out of the thing into the bus (discharge, grid import,
generation); loads are negative. Units stand in the names: `_w _wh _v _a _s`. Ratios run from 0 to 1. Missing is null.
Times are ISO 8601 in UTC, or epoch seconds where the field is called `t`. Machines say who they are with
`Authorization: Bearer TOKEN`, people by logging in; each route names the role it needs: viewer, operator, engineer or
administrator, each of whom may do what those before may.
"""


def create_app(
    config: SiteConfig,
    station: Station,
    twin_port: int | None = None,
    *,
    clock: Clock | None = None,
    limits: Limits | None = None,
    watching: Night | None = None,
) -> FastAPI:
    """The application of one running site; `twin_port` is where the twin takes faults, where there is one.

    `watching` has what a doctor asks for; without it there is no such route.

    `clock` is that of the people, whose sessions and waits are not the twin's: the computer's own unless given.
    """
    clock, limits = clock or WallClock(), limits or Limits()
    people = _people(config, station, clock, limits)
    hub = Hub(lambda: live_json(station))
    station.listen(lambda moment: hub.touch())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(hub.run())
        yield
        hub.close()
        task.cancel()

    # The framework's own pages of documentation fetch their scripts from elsewhere; docs/api.md is ours.
    app = FastAPI(
        title="Leyden", version=__version__, description=DESCRIPTION, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    app.add_middleware(Addresses, paths=lambda: app.openapi()["paths"])
    app.add_middleware(Shield, most_bytes=limits.body_bytes, clock=clock.elapsed_s)
    app.add_exception_handler(ApiError, tell)
    app.add_exception_handler(HTTPException, tell_http)
    app.add_exception_handler(RequestValidationError, tell_invalid)
    for error in (RecordUnavailableError, LedgerError):
        app.add_exception_handler(error, tell_unavailable)
    app.include_router(user_routes.login_router(people), prefix="/api")
    _include_reading(app, config, people, hub, twin_port)
    _include_writing(app, people, twin_port)
    if watching is not None:
        _include_service(app, config, people, watching)
    _serve_room(app)
    return app


def _include_reading(app: FastAPI, config: SiteConfig, people: People, hub: Hub, twin_port: int | None) -> None:
    """What everybody known may see."""
    station, viewer = people.station, people.gate.asks(Role.VIEWER)
    routers = [
        moment_routes.router(config, station, hub, people.gate),
        history_routes.router(station),
        battery_routes.router(station),
        why_routes.router(station),
        mode_routes.reading(station),
        lock_routes.reading(station),
        *([] if twin_port is None else [twin_routes.reading(twin_port)]),
    ]
    for router in routers:
        app.include_router(router, prefix="/api", dependencies=viewer, responses=READING)


def _include_writing(app: FastAPI, people: People, twin_port: int | None) -> None:
    """What takes a role to do; a preview changes nothing, and everybody may change their own password."""
    station = people.station
    roles: list[tuple[Role, APIRouter]] = [
        (Role.VIEWER, manual_routes.preview_router(station)),
        (Role.VIEWER, user_routes.password_router(people)),
        (Role.OPERATOR, manual_routes.router(station)),
        (Role.OPERATOR, _alarm_actions(station)),
        (Role.OPERATOR, mode_routes.router(station)),
        (Role.OPERATOR, lock_routes.router(station)),
        *([] if twin_port is None else [(Role.ENGINEER, twin_routes.writing(twin_port))]),
        (Role.ADMINISTRATOR, user_routes.users_router(people)),
        (Role.ADMINISTRATOR, user_routes.tokens_router(people)),
    ]
    for role, router in roles:
        app.include_router(router, prefix="/api", dependencies=people.gate.asks(role), responses=WRITING)


def _include_service(app: FastAPI, config: SiteConfig, people: People, watching: Night) -> None:
    """What those need who look after a site: an hour to look into, and all of it to keep."""
    for role, router in (
        (Role.ENGINEER, night_routes.doctor_router(config, people.station, watching)),
        (Role.ADMINISTRATOR, night_routes.backup_router(config, people.station, watching)),
    ):
        responses = refusals(401, 403, 422, 429, 503)
        app.include_router(router, prefix="/api", dependencies=people.gate.asks(role), responses=responses)


def _people(config: SiteConfig, station: Station, clock: Clock, limits: Limits) -> People:
    """Who asks, and what they may: all that routes need to know of it."""
    ledger, addresses = station.ledger, Mistakes(limits.address, clock.elapsed_s)
    gate = Gate(
        ledger,
        config.web.read == "open",
        now=clock.now,
        cookie=f"leyden-{config.site.id}",
        idle_s=config.web.session_idle_s,
        writes=Meter(limits.writes, clock.elapsed_s),
        guesses=addresses,
    )

    def told(address: str) -> None:
        text = Words(f"来自 {address} 的登录多次失败", f"logging in from {address} failed time and again")
        with suppress(OSError):  # it is told beside the refusal, which stands either way
            ledger.events.add(station.clock.now(), "login-failing", address, text)

    logins = Logins(ledger, limits, clock.elapsed_s, addresses, told)
    return People(station, gate, logins, clock.now, config.web.session_s)


def _alarm_actions(station: Station) -> APIRouter:
    router = APIRouter(tags=["alarms"])

    @router.post(
        "/alarms/{alarm_id}/ack",
        summary="Say that somebody has seen it",
        response_model=AlarmModel,
        responses=refusals(404),
    )
    async def acknowledge(alarm_id: AlarmId, body: AckRequest, request: Request) -> Response:
        try:
            alarm = station.acknowledge(alarm_id, by_of(request, body.by))
        except UnknownAlarmError:
            raise ApiError(404, Words("没有这条告警", "there is no such alarm")) from None
        return json_response(alarm_json(alarm))

    return router


class FreshFiles(StaticFiles):
    """Files whose names stay the same from version to version: a browser must ask whether its copy is still right."""

    def file_response(self, *args: Any, **kinds: Any) -> Response:
        """As usual, and never without asking."""
        answer = super().file_response(*args, **kinds)
        answer.headers["Cache-Control"] = "no-cache"
        return answer


def _serve_room(app: FastAPI) -> None:
    """The built control room; every path that is not the API's is the room's own page."""
    if not (STATIC / "index.html").exists():
        return
    app.mount("/assets", FreshFiles(directory=STATIC / "assets"), name="assets")

    @app.get("/{path:path}", include_in_schema=False)
    async def room(request: Request, path: str) -> Response:
        file = (STATIC / path).resolve()
        if path and file.is_file() and file.is_relative_to(STATIC.resolve()):
            return FileResponse(file)
        return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})
