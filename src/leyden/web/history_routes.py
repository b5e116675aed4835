"""The record over HTTP: series at screen resolution, cells, decisions, alarms, exports."""

from datetime import UTC, datetime, timedelta
from tempfile import TemporaryFile
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse
from starlette.background import BackgroundTask

from leyden.alarms.alarm import alarm_from_json
from leyden.history import Series
from leyden.history.record.cells import MISSING, Int16s, to_int16
from leyden.history.record.lookup import RecordedDecision, RecordedSlot
from leyden.model.plan import SlotMode
from leyden.model.readings import BatteryReading, Floats
from leyden.model.words import Words
from leyden.runtime.cells import PER_DEGC, PER_VOLT
from leyden.runtime.describe import finite, slot_title, time_json, words_json
from leyden.runtime.station import Station
from leyden.web.live import alarm_json
from leyden.web.problems import ApiError, refusals
from leyden.web.record_models import AlarmsModel, CellsModel, DecisionsModel, HistoryModel, PlanModel
from leyden.web.responses import json_response
from leyden.web.times import Instant

Json = dict[str, Any]
MEDIA = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
FILES: dict[int | str, Json] = {
    200: {"description": "The file", "content": {kind: {"schema": {"type": "string"}} for kind in MEDIA.values()}}
}
Start = Annotated[Instant | None, Query(description="ISO 8601; without a zone it is UTC; default: 24 h before the end")]
End = Annotated[Instant | None, Query(description="ISO 8601; default: now")]
Points = Annotated[str, Query(description="point names, separated by commas", max_length=4000)]


def router(station: Station) -> APIRouter:
    """Everything that reads the record; these routes run on threads, beside the cycle."""
    routes = APIRouter(tags=["history"])
    _curves(routes, station)
    _events(routes, station)
    _cell_frames(routes, station)
    return routes


def _curves(routes: APIRouter, station: Station) -> None:

    @routes.get(
        "/history", summary="Any points over any span: min, mean and max per pixel", response_model=HistoryModel
    )
    def history(
        points: Points,
        start: Start = None,
        end: End = None,
        width: Annotated[int, Query(ge=1, le=4000, description="pixels")] = 800,
    ) -> Response:
        names, (begin, until) = _names(station, points), _span(station, start, end)
        found = station.record.query(names, begin, until, width)
        return json_response(
            {"step_s": found.step_s, "series": {name: _series(series) for name, series in found.series.items()}}
        )

    @routes.get("/export", summary="The same as a file", response_class=StreamingResponse, responses=FILES)
    def export(
        points: Points,
        start: Start = None,
        end: End = None,
        kind: Annotated[Literal["csv", "parquet"], Query(alias="format")] = "csv",
        step: Literal["raw", "1min", "15min"] = "1min",
        bom: Annotated[bool, Query(description="a byte order mark, for Excel")] = False,
    ) -> Response:
        names, (begin, until) = _names(station, points), _span(station, start, end)
        file = TemporaryFile()  # noqa: SIM115 - closed when the answer has been sent
        zone = station.site.zone
        station.record.export(file, names, begin, until, step=step, form=kind, zone=zone, bom=bom)
        file.seek(0)
        name = f"{station.site.id}_{begin:%Y%m%dT%H%M}_{until:%Y%m%dT%H%M}_{step}.{kind}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        chunks = iter(lambda: file.read(1 << 16), b"")
        return StreamingResponse(chunks, media_type=MEDIA[kind], headers=headers, background=BackgroundTask(file.close))


def _events(routes: APIRouter, station: Station) -> None:
    @routes.get(
        "/plan",
        summary="The plan: what was planned for a span, and what is planned from now on",
        response_model=PlanModel,
    )
    def plan(start: Start = None, end: End = None) -> Response:
        now = station.clock.now()
        begin, until = start or now - timedelta(hours=24), end or now + timedelta(hours=48)
        current = None if station.planner is None else station.planner.plan
        return json_response(
            {
                "slots": [_slot(slot) for slot in station.record.planned(begin, until)],
                "made": None if current is None else time_json(current.made),
                "source": None if current is None else current.source,
                "version": None if current is None else current.version,
            }
        )

    @routes.get("/decisions", summary="Decisions with their trails, newest first", response_model=DecisionsModel)
    def decisions(start: Start = None, end: End = None, limit: Annotated[int, Query(ge=1, le=5000)] = 200) -> Response:
        begin, until = _span(station, start, end)
        kept = station.record.decisions(begin, until, limit)
        return json_response({"decisions": [_decision(row) for row in kept]})

    @routes.get("/alarms", summary="Alarms that were, newest first", response_model=AlarmsModel)
    def alarms(start: Start = None, end: End = None, limit: Annotated[int, Query(ge=1, le=5000)] = 200) -> Response:
        begin, until = _span(station, start, end)
        kept = station.ledger.alarms.between(begin, until, limit)
        return json_response({"alarms": [alarm_json(alarm_from_json(row)) for row in kept]})


def _cell_frames(routes: APIRouter, station: Station) -> None:
    @routes.get(
        "/cells/{battery}",
        summary="Every cell of a battery, now",
        response_model=CellsModel,
        responses=refusals(404),
    )
    async def cells(battery: str) -> Response:
        return json_response(_cells_now(station, battery))

    @routes.get(
        "/cells/{battery}/at",
        summary="Every cell of a battery, from the record: the nearest frame before",
        response_model=CellsModel,
        responses=refusals(404),
    )
    def cells_at(battery: str, time: Instant) -> Response:
        _known(station, battery)
        frame = station.record.cells_at(battery, time)
        if frame is None:
            raise ApiError(404, Words("该时刻之前没有单体记录", "no cells were recorded before that time"))
        body = _cells(frame.voltage_mv, frame.temperature_ddegc)
        stamp = datetime.fromtimestamp(frame.t, UTC)
        return json_response({"time": time_json(stamp), "t": frame.t, "quality": "GOOD", **body, "rack": None})


def _slot(slot: RecordedSlot) -> Json:
    return {
        "start": time_json(slot.start),
        "end": time_json(slot.end),
        "target": slot.target,
        "mode": slot.mode,
        "power_w": finite(slot.power_w),
        "soc_end": finite(slot.soc_end),
        "price_per_kwh": finite(slot.price_per_kwh),
        "title": words_json(slot_title(SlotMode(slot.mode), slot.power_w)),
        "reason": {"zh": slot.reason.get("zh", ""), "en": slot.reason.get("en", "")},
    }


def _decision(row: RecordedDecision) -> Json:
    body: Json = orjson.loads(row.body)
    return {**body, "time": time_json(datetime.fromtimestamp(row.t, UTC))}


def _names(station: Station, points: str) -> list[str]:
    names = [name.strip() for name in points.split(",") if name.strip()]
    unknown = [name for name in names if name not in station.flattener.names]
    if unknown or not names:
        text = ", ".join(unknown) or "—"
        raise ApiError(422, Words(f"没有测点:{text}(见 /api/site)", f"no such point: {text} (see /api/site)"))
    return names


def _span(station: Station, start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    until = end or station.clock.now()
    begin = start or until - timedelta(hours=24)
    if begin >= until:
        raise ApiError(422, Words("起始时间必须早于结束时间", "the start must be before the end"))
    return begin, until


def _series(series: Series) -> Json:
    return {
        "t": series.t.tolist(),
        "min": [finite(value) for value in series.low.tolist()],
        "mean": [finite(value) for value in series.mean.tolist()],
        "max": [finite(value) for value in series.high.tolist()],
    }


def _known(station: Station, battery: str) -> None:
    if battery not in {b.name for b in station.site.batteries}:
        raise ApiError(404, Words(f"没有电池 {battery}", f"there is no battery {battery}"))


def _cells_now(station: Station, battery: str) -> Json:
    _known(station, battery)
    moment = station.moment
    reading = None if moment is None else moment.snapshot.readings.battery.get(battery)
    if moment is None or reading is None or not reading.cell_voltage_v.size:
        raise ApiError(503, Words("尚未收到单体数据", "no cells have been received yet"))
    body = _cells(to_int16(reading.cell_voltage_v, PER_VOLT), to_int16(reading.cell_temperature_degc, PER_DEGC))
    stamp = reading.stamp("cell_voltage_v")
    when = moment.snapshot.time - timedelta(seconds=stamp.age_s)
    return {
        "time": time_json(when),
        "t": round(when.timestamp(), 3),
        "quality": stamp.quality.name,
        **body,
        "rack": _racks(reading),
    }


def _cells(voltage_mv: Int16s, temperature_ddegc: Int16s) -> Json:
    return {
        "shape": list(voltage_mv.shape),
        "voltage_mv": _whole(voltage_mv),
        "temperature_ddegc": _whole(temperature_ddegc),
    }


def _whole(values: Int16s) -> list[int | None]:
    return [None if value == MISSING else value for value in values.ravel().tolist()]


def _racks(reading: BatteryReading) -> Json:
    def numbers(values: Floats) -> list[float | None]:
        return [finite(value) for value in values.tolist()]

    return {
        "soc": numbers(reading.rack_soc),
        "current_a": numbers(reading.rack_current_a),
        "voltage_v": numbers(reading.rack_voltage_v),
    }
