"""Faults and resets of the twin, handed on to its control port."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response

from leyden.runtime.http import AnswerError, request_json
from leyden.web.models import FaultRequest, ResetRequest
from leyden.web.problems import ApiError, refusals
from leyden.web.responses import json_response
from leyden.web.site_models import FaultPut, Faults, FaultTaken, LatchesReset

FaultId = Annotated[int, Path(ge=1, lt=2**63)]


def _ask(port: int, method: str, path: str, body: Any = None) -> Any:
    try:
        return request_json(method, f"http://127.0.0.1:{port}{path}", body)
    except AnswerError as error:
        raise ApiError(error.status or 503, error.words) from None


def reading(port: int) -> APIRouter:
    """What can be put in, and what is."""
    router = APIRouter(tags=["twin"])

    @router.get("/twin/faults", summary="Kinds of faults, and those that are in", response_model=Faults)
    async def faults() -> Response:
        return json_response(await asyncio.to_thread(_ask, port, "GET", "/faults"))

    return router


def writing(port: int) -> APIRouter:
    """Putting faults in and taking them out; resetting what only a person may."""
    router = APIRouter(tags=["twin"])

    @router.post("/twin/faults", summary="Put a fault into the twin", response_model=FaultPut)
    async def put(body: FaultRequest) -> Response:
        return json_response(await asyncio.to_thread(_ask, port, "POST", "/faults", body.model_dump()))

    @router.delete(
        "/twin/faults/{fault_id}",
        summary="Take a fault out of the twin",
        response_model=FaultTaken,
        responses=refusals(404),
    )
    async def take(fault_id: FaultId) -> Response:
        return json_response(await asyncio.to_thread(_ask, port, "DELETE", f"/faults/{fault_id}"))

    @router.post(
        "/twin/reset",
        summary="Reset the latches of a battery management of the twin",
        response_model=LatchesReset,
        responses=refusals(404),
    )
    async def reset(body: ResetRequest) -> Response:
        return json_response(await asyncio.to_thread(_ask, port, "POST", "/reset", body.model_dump()))

    return router
