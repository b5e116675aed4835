"""Where `leyden cells --site` finds its frames: the files of closed days, and the site or what it left for the rest."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rich.progress import Progress

from leyden.bms.watch import Digest, curve_of, digest
from leyden.cli.cells_told import Names
from leyden.cli.client import EXIT_REFUSED, fail, fail_as
from leyden.cli.consoles import err
from leyden.cli.site_file import load_or_fail
from leyden.model.site import Battery
from leyden.runtime.alone import runs
from leyden.runtime.cell_history import RunningSite, Unclosed, left_record, newest_day, rack_frames, recorded_day
from leyden.runtime.config import SiteConfig, data_folder
from leyden.runtime.http import AnswerError, request_json

DAY_S = 86_400


def site_strings(
    path: Path, battery: str | None, days: int, url: str | None, token: str | None
) -> tuple[list[list[Digest]], Names]:
    """Digests of every rack, and what their cells are called: rack-module-cell, with the battery before if many."""
    config = load_or_fail(path)
    wanted = [one for one in config.site.batteries if battery in (None, one.name)]
    if not wanted:
        known = ", ".join(one.name for one in config.site.batteries) or "none"
        fail(f"{path}: there is no battery {battery}; it has {known}", 2)
    folder = data_folder(config, config.twin is not None)
    try:
        with _unclosed(config, folder, url, token) as (unclosed, last):
            if last is None:
                fail(
                    f"{folder} holds no frames of cells: this site has not recorded any here (or say --url)",
                    EXIT_REFUSED,
                )
            span = [last - timedelta(days=back) for back in range(days - 1, -1, -1)]
            strings = [string for one in wanted for string in _strings(config, folder, one, span, unclosed)]
    except AnswerError as error:
        fail_as(error)
    names = [name for one in wanted for name in _names(one, len(wanted) > 1)]
    return strings, Names(config.site.name.en, names)


def _strings(
    config: SiteConfig, folder: Path, battery: Battery, span: list[date], unclosed: Unclosed | None
) -> list[list[Digest]]:
    curve = curve_of(config.cells[battery.cell.name])
    strings: list[list[Digest]] = [[] for _ in range(battery.layout.rack)]
    with Progress(console=err, transient=True) as progress:
        for day in progress.track(span, description=battery.name):
            recorded = recorded_day(folder, battery, day, unclosed)
            if recorded is None:
                continue
            number = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) // DAY_S
            for rack, frames in enumerate(rack_frames(recorded)):
                if (made := digest(frames, number, curve)) is not None:
                    strings[rack].append(made)
    return strings


@contextmanager
def _unclosed(
    config: SiteConfig, folder: Path, url: str | None, token: str | None
) -> Iterator[tuple[Unclosed | None, date | None]]:
    """Who knows the days that stand in no file yet, and which day is the last."""
    if url is not None or runs(folder):
        address = (url or config.web.address).rstrip("/")
        site = RunningSite(lambda path: request_json("GET", address + path, token=token))
        yield site, site.now().astimezone(UTC).date()
        return
    with left_record(folder) as left:
        now = None if left is None else left.now()
        known = [day for day in (newest_day(folder), now and now.date()) if day]
        yield left, max(known, default=None)


def _names(battery: Battery, many: bool) -> Iterator[list[str]]:
    layout, before = battery.layout, f"{battery.name} " if many else ""
    for rack in range(1, layout.rack + 1):
        yield [
            f"{before}{rack}-{module}-{cell}"
            for module in range(1, layout.module + 1)
            for cell in range(1, layout.cell + 1)
        ]
