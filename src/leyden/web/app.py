"""The HTTP API and the control room's files; no logic of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles

from leyden import __version__
from leyden.alarms import UnknownAlarmError
from leyden.history import LedgerError, RecordUnavailableError
from leyden.model.words import Words
from leyden.runtime.config import SiteConfig
from leyden.runtime.describe import time_json, words_json
from leyden.runtime.station import Station
from leyden.web import history_routes, manual_routes, twin_routes
from leyden.web.auth import Gate
from leyden.web.live import alarm_json, live_json, site_json
from leyden.web.models import AckRequest, AlarmModel, LiveModel
from leyden.web.problems import ApiError, tell, tell_invalid, tell_unavailable
from leyden.web.responses import json_response
from leyden.web.stream import Hub

STATIC = Path(__file__).parent / "static"
_STARTING = Words("站点正在启动", "the site is starting")

DESCRIPTION = """
Reads and commands one site. Power is positive when it flows out of the thing into the bus (discharge, grid import,
generation); loads are negative. Units stand in the names: `_w _wh _v _a _s`. Ratios run from 0 to 1. Missing is null.
Times are ISO 8601 in UTC, or epoch seconds where the field is called `t`. Writing needs `Authorization: Bearer TOKEN`.
"""


def create_app(config: SiteConfig, station: Station, twin_port: int | None = None) -> FastAPI:
    """The application of one running site; `twin_port` is where the twin takes faults, where there is one."""
    gate = Gate(station.ledger, config.web.read == "open")
    hub = Hub(lambda: live_json(station))
    station.listen(lambda moment: hub.touch())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(hub.run())
        yield
        hub.close()
        task.cancel()

    app = FastAPI(title="Leyden", version=__version__, description=DESCRIPTION, lifespan=lifespan)
    app.add_exception_handler(ApiError, tell)
    app.add_exception_handler(RequestValidationError, tell_invalid)
    for error in (RecordUnavailableError, LedgerError):
        app.add_exception_handler(error, tell_unavailable)
    reading = [Depends(gate.may_read)]
    writing = [Depends(gate.may_write)]
    app.include_router(_moment_routes(config, station, hub), prefix="/api", dependencies=reading)
    app.include_router(history_routes.router(station), prefix="/api", dependencies=reading)
    app.include_router(manual_routes.preview_router(station), prefix="/api", dependencies=reading)
    app.include_router(manual_routes.router(station), prefix="/api", dependencies=writing)
    app.include_router(_alarm_actions(station), prefix="/api", dependencies=writing)
    if twin_port is not None:
        app.include_router(twin_routes.reading(twin_port), prefix="/api", dependencies=reading)
        app.include_router(twin_routes.writing(twin_port), prefix="/api", dependencies=writing)
    _serve_room(app)
    return app


def _moment_routes(config: SiteConfig, station: Station, hub: Hub) -> APIRouter:
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
    async def stream() -> StreamingResponse:
        return StreamingResponse(hub.read(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

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

    @router.post("/alarms/{alarm_id}/ack", summary="Say that somebody has seen it", response_model=AlarmModel)
    async def acknowledge(alarm_id: int, body: AckRequest) -> Response:
        try:
            alarm = station.acknowledge(alarm_id, body.by)
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
