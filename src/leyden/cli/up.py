"""`leyden up`: run a site."""

import asyncio
import contextlib
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from leyden.cli.client import EXIT_REFUSED, fail, language
from leyden.cli.consoles import err
from leyden.cli.serving import Server
from leyden.cli.signals import until_signal
from leyden.cli.site_file import load_or_fail
from leyden.devices import FieldPlant
from leyden.model.words import Words
from leyden.runtime.alone import AlreadyRunsError, alone
from leyden.runtime.clock import TwinClock, WallClock
from leyden.runtime.config import SiteConfig, data_folder
from leyden.runtime.config_web import tls_files
from leyden.runtime.http import AnswerError
from leyden.runtime.memory import share_memory_among_threads
from leyden.runtime.mode import SHADOW, kept_mode
from leyden.runtime.night import Night, night
from leyden.runtime.reload import Reload
from leyden.runtime.station import Environment, Station
from leyden.runtime.wiring import LIVE, demo_environment, first_token, make_station, open_stores, twin_clock
from leyden.runtime.write_counts import KeptCounts
from leyden.web.app import create_app

_SHADOW = Words(
    "影子模式:在确认 leyden arm {file} 之前,不向设备下发任何指令",
    "shadow: nothing is sent to the devices until `leyden arm {file}` is confirmed",
)
_TOKEN = Words(
    "管理员令牌,仅显示这一次(请保存;在监控室中它写在地址里):",
    "Administrator's token, shown only this once (keep it; in the room it stands in the address):",
)
TWIN_PATIENCE = 60
"""How often a site asks for its twin's clock, half a second apart, before it gives up."""


def up(
    site: Annotated[Path, typer.Argument(help="The site file, such as sites/park.toml.")],
    port: Annotated[int | None, typer.Option("--port", help="Instead of [web] port.")] = None,
) -> None:
    """Run a site: beside its twin where site.toml has one, else on the real devices.

    There it starts in shadow, reads and decides and sends nothing, until `leyden arm` is confirmed; from then on it
    starts in the mode it was left in.

    Example: leyden up sites/park.toml
    """
    share_memory_among_threads()
    config = load_or_fail(site)
    again = False
    try:
        with alone(data_folder(config, simulated=config.twin is not None)), contextlib.suppress(KeyboardInterrupt):
            again = asyncio.run(_run(config, port or config.web.port))
    except AlreadyRunsError as error:
        fail(str(error), EXIT_REFUSED)
    if again:  # the same process with the file as it is now, so that whoever watches over it goes on
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


async def _run(config: SiteConfig, port: int) -> bool:
    """Whether the site is to begin anew, with the site file as it is now."""
    clock, environment, twin_port = await _environment(config)
    simulated = config.twin is not None
    with open_stores(config, simulated) as stores:
        armed = kept_mode(stores.ledger, simulated, clock.now()).writes
        counts = KeptCounts(stores.ledger, clock)
        field = FieldPlant(config.site, config.maps, clock, clock.stumble_s, armed, counts)
        station = make_station(config, environment, clock, field, field, stores)
        with night(config, station, field.frames) as watching:
            app = create_app(config, station, twin_port, watching=watching)
            tls = None if config.web.tls is None else tls_files(config.web.tls, config.path.parent)
            server = Server(app, config.web.host, port, tls)
            _announce(config, station.mode.mark, port, first_token(stores.ledger, clock.now()))
            return await _serve(station, field, server, watching, Reload(config.path))


async def _environment(config: SiteConfig) -> tuple[WallClock | TwinClock, Environment, int | None]:
    if config.twin is None:
        return WallClock(), LIVE, None
    clock = await _patiently(config.twin.port, config.site.id)
    if clock is None:
        fail(f"no twin of this site answers on port {config.twin.port}: start it with `leyden twin {config.path}`", 3)
    return clock, demo_environment(clock.speed), config.twin.port


async def _patiently(port: int, site: str) -> TwinClock | None:
    """The twin's clock, once it is there."""
    for _ in range(TWIN_PATIENCE):
        with contextlib.suppress(AnswerError):
            return await asyncio.to_thread(twin_clock, port, site)
        await asyncio.sleep(0.5)
    return None


def _announce(config: SiteConfig, mark: str, port: int, new_token: str | None) -> None:
    address = replace(config.web, port=port).address
    err.print(f"{config.site.name.zh} · {config.site.name.en}  [bold]{mark}[/bold]  {address}")
    if mark == SHADOW:
        err.print(_SHADOW.fill({"file": config.path})[language()])
    if new_token is not None:
        err.print(_TOKEN[language()])
        err.print(f"  {address}/#token={new_token}", highlight=False, soft_wrap=True)


async def _serve(station: Station, field: FieldPlant, server: Server, watching: Night, reload: Reload) -> bool:
    """Everything side by side until a signal comes or one of them fails; then devices are handed back."""
    station.watches.append(reload.conditions)
    await field.start()
    try:
        await station.prepare()
        planning = [] if station.planner is None else [station.planner.run(station.soc_now)]
        beside = (*planning, server.run_until_cancelled(), watching.run(), reload.until_right())
        await until_signal(station.run(), *beside)
    finally:
        watching.manager.stopping(again=reload.wanted)
        await field.stop()
        station.keep_today()
    return reload.wanted
