"""The HTTP API and the control room's files; no logic of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi import Path as PathParam
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, Response, StreamingResponse
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
from leyden.runtime.describe import time_json, words_json
from leyden.runtime.night import Night
from leyden.runtime.station import Station
from leyden.web import (
    history_routes,
    lock_routes,
    manual_routes,
    mode_routes,
    night_routes,
    twin_routes,
    user_routes,
    why_routes,
)
from leyden.web.auth import Actor, Gate, by_of
from leyden.web.limits import Limits, Meter, Mistakes
from leyden.web.live import alarm_json, live_json, site_json
from leyden.web.logins import Logins
from leyden.web.models import AckRequest, AlarmModel, LiveModel
from leyden.web.problems import ApiError, refusals, tell, tell_http, tell_invalid, tell_unavailable
from leyden.web.responses import json_response
from leyden.web.shield import Shield
from leyden.web.stream import Hub
from leyden.web.user_routes import People

AlarmId = Annotated[int, PathParam(ge=1, lt=2**63)]
COMMON = refusals(401, 403, 413, 422, 429, 503)
"""What every route may answer instead."""
STATIC = Path(__file__).parent / "static"
_STARTING = Words("站点正在启动", "the site is starting")

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
    gate = people.gate
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
    app.add_middleware(Shield, most_bytes=limits.body_bytes, clock=clock.elapsed_s)
    app.add_exception_handler(ApiError, tell)
    app.add_exception_handler(HTTPException, tell_http)
    app.add_exception_handler(RequestValidationError, tell_invalid)
    for error in (RecordUnavailableError, LedgerError):
        app.add_exception_handler(error, tell_unavailable)

    def include(role: Role, *routers: APIRouter) -> None:
        for router in routers:
            app.include_router(router, prefix="/api", dependencies=gate.asks(role), responses=COMMON)

    app.include_router(user_routes.login_router(people), prefix="/api")
    include(Role.VIEWER, _moment_routes(config, station, hub, gate), history_routes.router(station))
    include(Role.VIEWER, manual_routes.preview_router(station), user_routes.password_router(people))
    include(Role.VIEWER, why_routes.router(station), mode_routes.reading(station), lock_routes.reading(station))
    include(Role.OPERATOR, manual_routes.router(station), _alarm_actions(station))
    include(Role.OPERATOR, mode_routes.router(station), lock_routes.router(station))
    include(Role.ADMINISTRATOR, user_routes.users_router(people), user_routes.tokens_router(people))
    if twin_port is not None:
        include(Role.VIEWER, twin_routes.reading(twin_port))
        include(Role.ENGINEER, twin_routes.writing(twin_port))
    if watching is not None:
        _include_service(app, config, people, watching)
    _serve_room(app)
    return app


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


def _moment_routes(config: SiteConfig, station: Station, hub: Hub, gate: Gate) -> APIRouter:
    router = APIRouter(tags=["now"])

    @router.get("/site", summary="The site as it is described")
    def site() -> Response:
        return json_response(site_json(config, station))

    @router.get("/snapshot", summary="Everything about this moment", responses={200: {"model": LiveModel}})
    async def snapshot() -> Response:
        document = live_json(station)
        if document is None:
            raise ApiError(503, _STARTING)
        return json_response(document)

    @router.get("/stream", summary="The same, live: server-sent events `full`, `delta` and `ping`")
    async def stream(request: Request) -> StreamingResponse:
        def may() -> bool:
            try:
                return isinstance(gate.reader(request), Actor)
            except OSError:
                return True  # a ledger that is busy for a moment makes nobody blind

        return StreamingResponse(hub.read(may), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    @router.get("/health", summary="Whether the cycle turns and the record is written")
    async def health() -> Response:
        state = station.record.state()
        return json_response(
            {
                "ok": station.moment is not None and state.failing is None,
                "time": time_json(station.clock.now()),
                "lateness_s": round(station.lateness_s, 4),
                "record": {
                    "queued": state.queued,
                    "dropped": state.dropped,
                    "failing": None if state.failing is None else words_json(state.failing),
                },
            }
        )

    @router.get("/tariff", summary="The bands of one local day")
    async def tariff(date: Annotated[date | None, Query()] = None) -> Response:
        return json_response(_bands(config, station, date))

    return router


def _bands(config: SiteConfig, station: Station, day: date | None) -> dict[str, Any]:
    zone = config.site.zone
    local = day or station.clock.now().astimezone(zone).date()
    start = datetime.combine(local, time(), zone).astimezone(UTC)
    end = datetime.combine(local + timedelta(days=1), time(), zone).astimezone(UTC)
    tariff = config.tariff
    bands = [] if tariff is None else tariff.bands(start, end)
    return {
        "bands": [
            {
                "start": time_json(band.start),
                "end": time_json(band.end),
                "band": band.band,
                "label": words_json(band.label),
                "import_per_kwh": band.import_per_kwh,
                "export_per_kwh": band.export_per_kwh,
            }
            for band in bands
        ],
        "currency": config.site.currency,
        "estimate": True,
        "document": "" if tariff is None else tariff.document,
    }


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
        if path.startswith("api/"):
            raise ApiError(404, Words("没有这个接口", "there is no such address"))
        file = (STATIC / path).resolve()
        if path and file.is_file() and file.is_relative_to(STATIC.resolve()):
            return FileResponse(file)
        return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})
