"""One battery, from its limits down to its worst cells."""

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import Response

from leyden.model.words import Words
from leyden.runtime.describe import finite, time_json
from leyden.runtime.station import Moment, Station
from leyden.web.battery_document import Json, limits_json, racks_json, said_json, worst_json
from leyden.web.battery_models import BatteryModel
from leyden.web.problems import ApiError, refusals
from leyden.web.responses import json_response


def router(station: Station) -> APIRouter:
    """Reading is enough."""
    routes = APIRouter(tags=["now"])

    @routes.get(
        "/battery/{battery}",
        summary="A battery now: limits and what sets them, racks, worst cells",
        response_model=BatteryModel,
        responses=refusals(404),
    )
    async def one(battery: str) -> Response:
        if battery not in {known.name for known in station.site.batteries}:
            raise ApiError(404, Words(f"没有电池 {battery}", f"there is no battery {battery}"))
        if station.moment is None:
            raise ApiError(503, Words("站点正在启动", "the site is starting"))
        return json_response(_battery(station, station.moment, battery))

    return routes


def _battery(station: Station, moment: Moment, name: str) -> Json:
    battery = next(one for one in station.site.batteries if one.name == name)
    snapshot = moment.snapshot
    reading, now, elapsed_s = snapshot.readings.battery[name], snapshot.time, snapshot.context.elapsed_s
    worst, since_s = station.cells.worst.get(name) or (None, 0.0)
    cells = reading.stamp("cell_voltage_v")
    return {
        "name": name,
        "time": time_json(now),
        **said_json(reading),
        **limits_json(name, reading, moment.decision.steps),
        "quality": cells.quality.name,
        "cells_age_s": finite(cells.age_s),
        "racks": racks_json(battery.layout, reading, *station.watching.racks(name)),
        "worst": [] if worst is None else worst_json(worst, battery.layout, reading, now, elapsed_s),
        "watched_since": None if worst is None else time_json(now - timedelta(seconds=elapsed_s - since_s)),
    }
