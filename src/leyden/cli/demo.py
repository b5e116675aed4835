"""`leyden demo`: a twin and its site side by side, each started again if it dies."""

import asyncio
import contextlib
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from leyden.cli.client import err, fail
from leyden.cli.serving import until_signal
from leyden.cli.twin import moment_of, set_aside
from leyden.cli.up import EXIT_BAD_SITE, load_or_fail
from leyden.runtime.clock import SimulatedClock
from leyden.runtime.config import SiteConfig
from leyden.runtime.simulate import simulate
from leyden.runtime.twin_host import has_twin, save_twin
from leyden.runtime.wiring import data_folder, demo_environment, make_station, open_stores
from leyden.twin import Twin

LONGEST_WAIT_S = 30.0
WARM_UP_PERIOD_S = 5.0
"""Plant and control turn this often while the day so far is simulated: coarser than live, and a fifth of the waiting."""


def demo(
    site: Annotated[Path, typer.Argument(help="A site file with a [twin].")] = Path("sites/park.toml"),
    speed: Annotated[float | None, typer.Option("--speed", help="Times faster than the wall clock.")] = None,
    start: Annotated[str | None, typer.Option("--start", help="Local date and time of the site to begin at.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew; the simulated record is set aside.")] = False,
) -> None:
    """Run a simulated site: real Modbus TCP between a twin and the site, and the control room on its port.

    At the first start the day so far is simulated at once, so that there is a day to look at; later starts go on where
    the demo was stopped.

    Example: leyden demo --speed 60
    """
    config = load_or_fail(site)
    if config.twin is None:
        fail(f"{site} has no [twin] table: add one (see docs/guides/your-own-site.md)", EXIT_BAD_SITE)
    folder = data_folder(config, simulated=True)
    if fresh or start is not None:
        set_aside(folder)
    if not has_twin(folder):
        _simulate_the_day_so_far(config, moment_of(config, start))
    options = [] if speed is None else ["--speed", str(speed)]
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_supervise({"twin": ["twin", str(site), *options], "site": ["up", str(site)]}))


def _simulate_the_day_so_far(config: SiteConfig, start: datetime | None) -> None:
    """From the site's midnight to the moment of the start: the same control on the same twin, in one process."""
    assert config.twin is not None
    begin = Twin(config.site, config.twin, config.cells, start).time
    midnight = begin.astimezone(config.site.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    coarse = replace(config.twin, step_s=WARM_UP_PERIOD_S)
    twin, clock = Twin(config.site, coarse, config.cells, midnight), SimulatedClock(midnight.astimezone(UTC))
    with open_stores(config, simulated=True) as stores, Progress(console=err, transient=True) as progress:
        bar = progress.add_task("simulating the day so far", total=1.0)
        station = make_station(config, demo_environment(1.0), clock, twin, None, stores)
        simulate(station, twin, clock, begin, WARM_UP_PERIOD_S, lambda done: progress.update(bar, completed=done))
    save_twin(twin, data_folder(config, simulated=True))


async def _supervise(commands: dict[str, list[str]]) -> None:
    """Keep every command running until a signal comes."""
    await until_signal(*(_keep(name, command) for name, command in commands.items()))


async def _keep(name: str, command: list[str]) -> None:
    """One process, started again with growing patience when it dies young."""
    loop, wait_s = asyncio.get_running_loop(), 1.0
    while True:
        born_s = loop.time()
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "leyden", *command)
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            await _end(process)
            raise
        wait_s = 1.0 if loop.time() - born_s > 60.0 else min(LONGEST_WAIT_S, 2.0 * wait_s)
        err.print(f"{name} ended with code {code}; starting it again in {wait_s:g} s", style="yellow")
        await asyncio.sleep(wait_s)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask it to stop; make it, if it will not."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 8.0)
        except TimeoutError:
            process.kill()
            await process.wait()
