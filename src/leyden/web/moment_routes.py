"""This moment: the site, everything about now, the live stream of it, and whether all is well."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from leyden.model.words import Words
from leyden.runtime.config import SiteConfig
from leyden.runtime.describe import time_json, words_json
from leyden.runtime.station import Station
from leyden.web.auth import Actor, Gate
from leyden.web.live import live_json, site_json
from leyden.web.models import LiveModel
from leyden.web.problems import ApiError
from leyden.web.record_models import BandsModel
from leyden.web.responses import json_response
from leyden.web.site_models import HealthModel, SiteModel
from leyden.web.stream import Hub
from leyden.web.times import Day

EVENTS = "text/event-stream"
EVENT = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "event": {"enum": ["full", "delta", "ping"]},
        "data": {"type": "string", "description": "JSON: all of /api/snapshot, what changed of it, or nothing"},
    },
}
"""One of them, as OpenAPI shows it."""
Date = Annotated[Day | None, Query(description="ISO 8601, by the site's calendar; default: today")]
_STARTING = Words("站点正在启动", "the site is starting")


def router(config: SiteConfig, station: Station, hub: Hub, gate: Gate) -> APIRouter:
    """Reading is enough."""
    routes = APIRouter(tags=["now"])

    @routes.get("/site", summary="The site as it is described", response_model=SiteModel)
    def site() -> Response:
        return json_response(site_json(config, station))

    @routes.get("/snapshot", summary="Everything about this moment", response_model=LiveModel)
    async def snapshot() -> Response:
        document = live_json(station)
        if document is None:
            raise ApiError(503, _STARTING)
        return json_response(document)

    @routes.get(
        "/stream",
        summary="The same, live: server-sent events `full`, `delta` and `ping`",
        response_class=StreamingResponse,
        responses={200: {"description": "Events for ever", "content": {EVENTS: {"schema": EVENT}}}},
    )
    async def stream(request: Request) -> StreamingResponse:
        def may() -> bool:
            try:
                return isinstance(gate.reader(request), Actor)
            except OSError:
                return True  # a ledger that is busy for a moment makes nobody blind

        return StreamingResponse(hub.read(may), media_type=EVENTS, headers={"Cache-Control": "no-store"})

    @routes.get("/health", summary="Whether the cycle turns and the record is written", response_model=HealthModel)
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

    @routes.get("/tariff", summary="The bands of one local day", response_model=BandsModel)
    async def tariff(
        date: Annotated[Day | None, Query(description="ISO 8601, by the site's calendar; default: today")] = None,
    ) -> Response:
        return json_response(_bands(config, station, date))

    return routes


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
