"""`leyden twin`: the simulated plant behind real sockets."""

import asyncio
import contextlib
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from leyden.cli.client import fail
from leyden.cli.consoles import err
from leyden.cli.serving import Server
from leyden.cli.signals import until_signal
from leyden.cli.site_file import EXIT_BAD_SITE, load_or_fail
from leyden.runtime.config import SiteConfig, data_folder
from leyden.runtime.memory import give_back_code
from leyden.runtime.twin_host import TwinHost
from leyden.twin import Twin, TwinStateError
from leyden.web.twin_port import create_twin_app


def twin(
    site: Annotated[Path, typer.Argument(help="A site file with a [twin], such as sites/park.toml.")],
    speed: Annotated[float | None, typer.Option("--speed", help="Times faster than the wall clock.")] = None,
    start: Annotated[str | None, typer.Option("--start", help="Local date and time of the site to begin at.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew; the simulated record is set aside.")] = False,
) -> None:
    """Pose as every device of a site, each at its own Modbus TCP address.

    It goes on where it was stopped, so that the record never runs backwards; --fresh or --start begin anew.

    Example: leyden twin sites/park.toml --speed 60
    """
    config = load_or_fail(site)
    if config.twin is None:
        fail(f"{site} has no [twin] table: add one (see docs/guides/your-own-site.md)", EXIT_BAD_SITE)
    if fresh or start is not None:
        set_aside(data_folder(config, simulated=True))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(config, speed, moment_of(config, start)))


def set_aside(folder: Path) -> None:
    """Move a simulated record out of the way; nothing is deleted."""
    if folder.exists():
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        shutil.move(str(folder), str(folder.with_name(f"{folder.name}-{stamp}")))


def moment_of(config: SiteConfig, start: str | None) -> datetime | None:
    """The moment that a person wrote, by the site's wall clock unless a zone stands with it."""
    if start is None:
        return None
    try:
        moment = datetime.fromisoformat(start)
    except ValueError:
        fail(f"'{start}' is no time: write it like 2026-07-15T06:00", EXIT_BAD_SITE)
    return moment if moment.tzinfo else moment.replace(tzinfo=config.site.zone)


async def _run(config: SiteConfig, speed: float | None, start: datetime | None) -> None:
    assert config.twin is not None
    folder = data_folder(config, simulated=True)
    folder.mkdir(parents=True, exist_ok=True)
    model = Twin(config.site, config.twin, config.cells, start)
    try:
        host = TwinHost(config.site, model, config.maps, folder, speed or config.twin.speed)
    except TwinStateError as error:
        fail(f"{error}; begin anew with --fresh", EXIT_BAD_SITE)
    give_back_code("libllvm")
    server = Server(create_twin_app(host), "127.0.0.1", config.twin.port)
    err.print(f"twin of {config.site.id}: {len(config.site.devices)} devices, x{host.clock.speed:g}, from {model.time}")
    await until_signal(host.run(), server.run_until_cancelled())
