"""Commands by a person: preview, grant, release."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from leyden.model.bounds import Bounds
from leyden.model.decision import Decision
from leyden.model.site import BATTERIES
from leyden.model.words import Words
from leyden.runtime.describe import leases_json, words_json
from leyden.runtime.leases import LeaseRefusedError
from leyden.runtime.station import Station
from leyden.web.auth import by_of
from leyden.web.models import Granted, ManualRequest, Preview, Text
from leyden.web.problems import ApiError, refusals
from leyden.web.record_models import Released

CommandId = Annotated[int, Path(ge=1, lt=2**63)]
_STARTING = Words("站点正在启动", "the site is starting")
_AS_ASKED = Words("按请求执行:{power_w}", "as asked: {power_w}")
_LIMITED = Words("请求 {asked_w},将执行 {power_w}:{why}", "asked {asked_w}, would do {power_w}: {why}")
_BOUND = Words("受更高优先级控制器限制", "a controller of higher priority limits it")


def preview_router(station: Station) -> APIRouter:
    """What would happen; reading is enough."""
    router = APIRouter(tags=["commands"])

    @router.post("/manual/preview", summary="What a command would do now", response_model=Preview)
    async def preview(body: ManualRequest) -> Preview:
        _checked(station, body)
        return _preview(station, body)

    return router


def router(station: Station) -> APIRouter:
    """What makes it happen."""
    routes = APIRouter(tags=["commands"])

    @routes.post("/manual", summary="Put a command in force: a lease that ends by itself", response_model=Granted)
    async def grant(body: ManualRequest, request: Request) -> Granted:
        _checked(station, body)
        would = _preview(station, body)
        by = by_of(request, body.by)
        lease = station.command(body.target, body.power_w, body.duration_s, by, body.reason)
        command = leases_json((lease,), station.clock.elapsed_s())[0]
        return Granted.model_validate({"command": command, "preview": would})

    @routes.delete("/manual/{command_id}", summary="End a command before its time", responses=refusals(404))
    async def release(command_id: CommandId, request: Request, by: str | None = None) -> Released:
        if not station.release(command_id, by_of(request, by)):
            raise ApiError(404, Words("该指令已不在执行", "this command is not in force"))
        return Released()

    return routes


def _checked(station: Station, body: ManualRequest) -> None:
    try:
        station.leases.check(body.target, body.power_w, body.duration_s)
    except LeaseRefusedError as error:
        raise ApiError(422, error.words) from None


def _preview(station: Station, body: ManualRequest) -> Preview:
    decision = station.preview(body.target, body.power_w)
    if decision is None:
        raise ApiError(503, _STARTING)
    power_w = decision.total_w if body.target == BATTERIES else decision.setpoints[body.target].power_w
    words = _AS_ASKED.fill({"power_w": power_w})
    if not Bounds(power_w - 1.0, power_w + 1.0).contains(body.power_w):
        values = {"asked_w": body.power_w, "power_w": power_w, "why": _why(decision, body.target, power_w)}
        words = _LIMITED.fill(values)
    return Preview(power_w=power_w, text=Text.model_validate(words_json(words)))


def _why(decision: Decision, target: str, power_w: float) -> Words:
    """The last step before the request that set the edge at which the answer lies."""
    reason = _BOUND
    for step in decision.steps:
        if step.want.target == target and step.taken_w is not None:
            break
        at_edge = min(abs(step.allowed_w.low - power_w), abs(step.allowed_w.high - power_w)) <= 1.0
        if step.narrowed and (at_edge or step.want.target == BATTERIES):
            reason = step.want.reason.words
    return reason
