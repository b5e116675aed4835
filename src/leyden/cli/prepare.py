"""`leyden prepare`: what a demo does before its first start, in a process that leaves no memory behind."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from leyden.cli.client import fail
from leyden.cli.consoles import err
from leyden.cli.site_file import EXIT_BAD_SITE, load_or_fail
from leyden.cli.twin import moment_of, set_aside
from leyden.runtime.clock import SimulatedClock
from leyden.runtime.config import SiteConfig, data_folder
from leyden.runtime.simulate import simulate
from leyden.runtime.twin_host import has_twin, save_twin
from leyden.runtime.wiring import demo_environment, make_station, open_stores
from leyden.twin import Twin

WARM_UP_PERIOD_S = 5.0
"""How often plant and control turn meanwhile: coarser than live, and a fifth of the waiting."""


def prepare(
    site: Annotated[Path, typer.Argument(help="A site file with a [twin].")],
    start: Annotated[str | None, typer.Option("--start", help="Local date and time of the site to begin at.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew; the simulated record is set aside.")] = False,
) -> None:
    """Simulate the day so far at once, so that a demo's first look is at a day; does nothing where it was done before.

    Example: leyden prepare sites/park.toml
    """
    config = load_or_fail(site)
    if config.twin is None:
        fail(f"{site} has no [twin] table: add one (see docs/guides/your-own-site.md)", EXIT_BAD_SITE)
    folder = data_folder(config, simulated=True)
    if fresh or start is not None:
        set_aside(folder)
    if not has_twin(folder):
        _simulate_the_day_so_far(config, moment_of(config, start))


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
