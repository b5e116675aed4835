"""A quarter of an hour, or all of a site, in one file: for those who look into it, and for those who keep it."""

import asyncio
import os
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from tempfile import mkstemp
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from leyden.model.words import Words
from leyden.runtime.backup import write_backup
from leyden.runtime.config import SiteConfig
from leyden.runtime.doctor import write_bundle
from leyden.runtime.evidence import live_evidence, raw_frames
from leyden.runtime.night import Night
from leyden.runtime.station import Station
from leyden.web.auth import by_of
from leyden.web.problems import ApiError
from leyden.web.times import Instant

ZIP = "application/zip"
_ZIP_ANSWER: dict[int | str, dict[str, object]] = {
    200: {"content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}, "description": "the file"}
}
_STAMP = "%Y%m%dT%H%M%SZ"


def doctor_router(config: SiteConfig, station: Station, watching: Night) -> APIRouter:
    """What was decided around a moment, and everything that it was decided from."""
    routes = APIRouter(tags=["service"])

    @routes.get(
        "/doctor", summary="A quarter of an hour in one file: leyden replay decides it again", responses=_ZIP_ANSWER
    )
    async def doctor(
        around: Annotated[Instant | None, Query(description="ISO 8601; without a zone UTC; default: now")] = None,
    ) -> FileResponse:
        moment = around or station.clock.now()
        frames = raw_frames(watching.frames, station.clock, moment)

        def write(path: Path) -> None:
            write_bundle(live_evidence(config, station, watching, moment, frames), moment, path)

        return await _file(write, watching.folder, f"{config.site.id}-{moment.astimezone(UTC):{_STAMP}}.zip")

    return routes


def backup_router(config: SiteConfig, station: Station, watching: Night) -> APIRouter:
    """All of a site; whoever has it has the site."""
    routes = APIRouter(tags=["service"])
    one_at_a_time = asyncio.Lock()

    @routes.get("/backup", summary="The whole site in one file: leyden restore puts it back", responses=_ZIP_ANSWER)
    async def backup(
        request: Request,
        secrets: Annotated[bool, Query(description="secrets.toml too")] = False,
    ) -> FileResponse:
        now = station.clock.now()
        station.ledger.actions.add(now, by_of(request, None), "backup-made", config.site.id, None, {"secrets": secrets})
        async with one_at_a_time:
            return await _file(
                lambda path: write_backup(config, station.record, path, secrets),
                watching.folder,
                f"{config.site.id}-backup-{now:{_STAMP}}.zip",
            )

    return routes


async def _file(write: Callable[[Path], None], folder: Path, name: str) -> FileResponse:
    """Made beside the data, on a thread, and gone when it has been sent."""
    try:
        path = await asyncio.to_thread(_made, write, folder)
    except OSError as error:
        raise ApiError(503, Words(f"无法写入:{error}", f"it cannot be written: {error}")) from None
    return FileResponse(path, media_type=ZIP, filename=name, background=BackgroundTask(path.unlink, missing_ok=True))


def _made(write: Callable[[Path], None], folder: Path) -> Path:
    handle, name = mkstemp(prefix=".sending-", suffix=".zip", dir=folder)
    os.close(handle)
    try:
        write(Path(name))
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)
