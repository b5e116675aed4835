"""Why something was decided, and what people did."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from fastapi.responses import Response

from leyden.model.words import Words
from leyden.runtime.describe import action_json, decision_json, time_json, words_json
from leyden.runtime.mode import LIVE, SHADOW
from leyden.runtime.station import Station
from leyden.runtime.why import headline, sentences
from leyden.web.models import Actions, WhyModel
from leyden.web.problems import ApiError, refusals
from leyden.web.responses import json_response
from leyden.web.times import Instant

Json = dict[str, Any]
Moment = Annotated[Instant | None, Query(description="ISO 8601; without a zone it is UTC; default: now")]
_BACK = (timedelta(minutes=2), timedelta(hours=2), timedelta(days=2), timedelta(days=400))
"""How far back the newest decision is looked for, in one go after another: the nearest is found at once."""


def router(station: Station) -> APIRouter:
    """Reading is enough; these routes run on threads, beside the cycle."""
    routes = APIRouter(tags=["why"])

    @routes.get(
        "/why",
        summary="The newest decision at or before a time, its whole trail as sentences",
        responses={200: {"model": WhyModel}, **refusals(404)},
    )
    def why(time: Moment = None) -> Response:
        found = _decision(station, time or station.clock.now())
        shadow = _in_shadow(station, datetime.fromisoformat(found["time"]))
        lines = [words_json(line) for line in sentences(found)]
        return json_response(
            {**found, "headline": words_json(headline(found, shadow)), "lines": lines, "shadow": shadow}
        )

    @routes.get("/actions", summary="What people did, newest first, as sentences", responses={200: {"model": Actions}})
    def actions(
        start: Annotated[Instant | None, Query(description="ISO 8601; default: 30 days before the end")] = None,
        end: Annotated[Instant | None, Query(description="ISO 8601; default: now")] = None,
        limit: Annotated[int, Query(ge=1, le=5000)] = 200,
    ) -> Response:
        until = end or station.clock.now() + timedelta(seconds=1)
        begin = start or until - timedelta(days=30)
        if begin >= until:
            raise ApiError(422, Words("起始时间必须早于结束时间", "the start must be before the end"))
        kept = station.ledger.actions.between(begin, until, limit)
        return json_response({"actions": [action_json(action) for action in kept]})

    return routes


def _decision(station: Station, time: datetime) -> Json:
    """As it is now, or as it was recorded; raises ApiError where there is none."""
    moment = station.moment
    if moment is not None and moment.decision.time <= time:
        return {**decision_json(moment.decision), "time": time_json(moment.decision.time)}
    until = time + timedelta(microseconds=1)
    for back in _BACK:
        kept = station.record.decisions(until - back, until, 1)
        if kept:
            return {**orjson.loads(kept[0].body), "time": time_json(datetime.fromtimestamp(kept[0].t, UTC))}
    raise ApiError(404, Words("该时刻之前没有决策记录", "no decision was recorded before that time"))


def _in_shadow(station: Station, time: datetime) -> bool:
    """Whether the site was in shadow then: since its mode began, or by what people had done before."""
    mode = station.mode
    if time >= mode.since or mode.mark not in (SHADOW, LIVE):
        return mode.mark == SHADOW
    before = station.ledger.actions.between(time - timedelta(days=4000), time, 5000)
    last = next((action.what for action in before if action.what in ("armed", "disarmed")), None)
    return last != "armed"
