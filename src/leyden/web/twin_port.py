"""The twin's control port, on loopback only: its clock, its faults, and the reset of its batteries."""

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from leyden import __version__
from leyden.model.words import Words
from leyden.runtime.describe import time_json, words_json
from leyden.runtime.twin_host import TwinHost
from leyden.twin import FaultError
from leyden.web.models import FaultRequest, ResetRequest
from leyden.web.problems import ApiError, tell, tell_invalid
from leyden.web.responses import json_response


def create_twin_app(host: TwinHost) -> FastAPI:
    """Origin, speed and faults of one twin."""
    app = FastAPI(title="Leyden twin", version=__version__)
    app.add_exception_handler(ApiError, tell)
    app.add_exception_handler(RequestValidationError, tell_invalid)

    for routes in (_clock(host), _faults(host), _resets(host)):
        app.include_router(routes)
        # The same under the site's own paths, so that `leyden fault` can be pointed at a twin that runs alone.
        app.include_router(routes, prefix="/api/twin")
    return app


def _clock(host: TwinHost) -> APIRouter:
    router = APIRouter()

    @router.get("/clock")
    async def clock() -> Response:
        """From which a site takes its time; `monotonic_s` is this computer's monotonic clock at the origin."""
        return json_response(
            {
                "origin": host.clock.origin.isoformat(),
                "monotonic_s": host.clock.monotonic_s,
                "speed": host.clock.speed,
                "site": host.site.id,
            }
        )

    return router


def _faults(host: TwinHost) -> APIRouter:
    router = APIRouter()

    @router.get("/faults")
    async def faults() -> Response:
        """What can be put in, and what is in."""
        kinds = [
            {
                "kind": kind.kind,
                "label": words_json(kind.label),
                "targets": list(kind.targets),
                "params": [
                    {"name": p.name, "unit": p.unit, "label": words_json(p.label), "default": p.default}
                    for p in kind.params
                ],
            }
            for kind in host.twin.faults.kinds()
        ]
        active = [
            {"id": f.id, "kind": f.kind, "target": f.target, "params": dict(f.params), "since": time_json(f.since)}
            for f in host.twin.faults.active()
        ]
        return json_response({"kinds": kinds, "active": active})

    @router.post("/faults")
    async def put(body: FaultRequest) -> Response:
        """Put a fault in."""
        try:
            fault = host.twin.faults.put(body.kind, body.target, body.params)
        except FaultError as error:
            raise ApiError(422, error.words) from None
        return json_response({"id": fault.id})

    @router.delete("/faults/{fault_id}")
    async def take(fault_id: int) -> Response:
        """Take a fault out."""
        try:
            host.twin.faults.take(fault_id)
        except KeyError:
            raise ApiError(404, Words("没有这个故障", "there is no such fault")) from None
        return json_response({"taken": True})

    return router


def _resets(host: TwinHost) -> APIRouter:
    router = APIRouter()

    @router.post("/reset")
    async def reset(body: ResetRequest) -> Response:
        """What a person does at the battery management's own panel: its latches are let go."""
        try:
            host.twin.reset(body.battery)
        except KeyError:
            names = ", ".join(host.twin.batteries)
            said = Words(
                f"没有电池 {body.battery!r};可选:{names}", f"there is no battery {body.battery!r}; there are: {names}"
            )
            raise ApiError(404, said) from None
        return json_response({"reset": body.battery})

    return router
