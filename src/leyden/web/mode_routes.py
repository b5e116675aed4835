"""Arming a site and taking it to shadow; what it would have earned there; the month's demand."""

from dataclasses import asdict

from fastapi import APIRouter, Request
from fastapi.responses import Response

from leyden.model.role import Role
from leyden.model.site import Site
from leyden.model.words import Words
from leyden.runtime.describe import mode_json, words_json
from leyden.runtime.mode import LIVE, SHADOW
from leyden.runtime.refused import RefusedError
from leyden.runtime.station import Station
from leyden.web.auth import actor_of, by_of
from leyden.web.models import Demand, DemandRequest, ModeAnswer, ModeRequest, ShadowModel
from leyden.web.problems import ApiError, refusals
from leyden.web.responses import json_response


def reading(station: Station) -> APIRouter:
    """What shadow would have earned."""
    routes = APIRouter(tags=["mode"])

    @routes.get(
        "/shadow", summary="What the decisions would have earned in shadow", responses={200: {"model": ShadowModel}}
    )
    async def shadow() -> Response:
        sums, site = station.sums, station.site
        would_be = sums.would_be if station.mode.mark == SHADOW else None
        today = None
        if would_be is not None:
            sold = {"charged_wh": would_be.charged_wh, "discharged_wh": would_be.discharged_wh}
            today = {"day": would_be.day, "money": would_be.money, "soc": would_be.soc(site), **sold}
        days = [{k: v for k, v in asdict(day).items() if k != "covered_s"} for day in sums.shadow_days.days]
        return json_response({"estimate": True, "today": today, "days": days})

    return routes


def router(station: Station) -> APIRouter:
    """Operators leave live and enter the month's demand; going live asks for an engineer."""
    routes = APIRouter(tags=["mode"])

    @routes.post(
        "/mode", summary="Arm the site, or take it to shadow", response_model=ModeAnswer, responses=refusals(403, 409)
    )
    async def mode(body: ModeRequest, request: Request) -> Response:
        by, failed = by_of(request, body.by), {}
        try:
            if body.mark == LIVE:
                actor_of(request).must(Role.ENGINEER)
                _typed(body.site, station.site)
                await station.arm(by, body.reason)
            else:
                failed = dict(await station.disarm(by, body.reason))
        except RefusedError as error:
            raise ApiError(error.status, error.words) from None
        held = [{"device": device, "text": words_json(words)} for device, words in failed.items()]
        return json_response({"mode": mode_json(station.mode), "failed": held})

    @routes.post("/demand", summary="Enter the month's highest demand so far", response_model=Demand)
    async def demand(body: DemandRequest, request: Request) -> Demand:
        try:
            station.enter_demand(body.power_w, by_of(request, body.by), body.reason)
        except RefusedError as error:
            raise ApiError(error.status, error.words) from None
        return Demand(demand_month_w=station.sums.demand.at(station.clock.now(), station.site.zone))

    return routes


def _typed(text: str, site: Site) -> None:
    """Raises ApiError unless somebody typed what this site is called."""
    if text.strip() not in (site.id, site.name.zh, site.name.en):
        values = {"typed": text, "id": site.id}
        raise ApiError(422, _NOT_THIS_SITE.fill(values))


_NOT_THIS_SITE = Words(
    "投入运行须输入本站编号 {id}(或站名),收到的是“{typed}”",
    "to arm it, type this site's id {id} (or its name); found '{typed}'",
)
