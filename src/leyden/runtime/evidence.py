"""Where a doctor looks: into a running site, or into the files that one has left."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from leyden.devices.frame_log import FrameLog
from leyden.history import HistoryError, Ledger, Record
from leyden.history.ledger.copy import copy_ledger
from leyden.model.clock import Clock
from leyden.runtime.blackbox import pieces_between
from leyden.runtime.config import SiteConfig, data_folder
from leyden.runtime.describe import time_json, words_json
from leyden.runtime.doctor import Evidence, RawFrame, around
from leyden.runtime.night import BOX, Night
from leyden.runtime.points import named_points
from leyden.runtime.station import Station

_RECORD = ("record.duckdb", "record.duckdb.wal", "leyden.json")
_SHELVES = ("readings", "decisions", "plans")
_DAY = timedelta(days=1)


def raw_frames(frames: FrameLog | None, clock: Clock, moment: datetime) -> list[RawFrame]:
    """What stood on the wires around a moment; to be called where the wires are served, because they go on writing."""
    if frames is None:
        return []
    now, now_s = clock.now(), clock.elapsed_s()
    start, end = around(moment)
    found = frames.between(now_s - (now - start).total_seconds(), now_s - (now - end).total_seconds())
    return [RawFrame(now - timedelta(seconds=now_s - f.time_s), f.device, f.direction, f.data) for f in found]


def live_evidence(
    config: SiteConfig, station: Station, watching: Night, moment: datetime, frames: Sequence[RawFrame]
) -> Evidence:
    """What a running site has; waits for the disk, so not to be called from its cycle."""
    start, end = around(moment)
    station.record.flush()
    return Evidence(
        config=config,
        folder=watching.folder,
        record=station.record,
        ledger=station.ledger,
        pieces=[piece.content for piece in watching.box.pieces(start, end)],
        frames=frames,
        state=_state(station, watching),
        hide=watching.secrets.hide,
        wall=_wall(station.clock, station.environment.speed),
    )


def _state(station: Station, watching: Night) -> dict[str, Any]:
    record, mode = station.record.state(), station.mode
    return {
        "time": time_json(station.clock.now()),
        "mode": {"mark": mode.mark, "since": time_json(mode.since), "by": mode.by},
        "speed": station.environment.speed,
        "lateness_s": station.lateness_s,
        "links": {
            name: {
                "state": link.state,
                "age_s": link.age_s,
                "error": None if link.error is None else words_json(link.error),
            }
            for name, link in station.links().items()
        },
        "record": {
            "queued": record.queued,
            "dropped": record.dropped,
            "refused": record.refused,
            "failing": None if record.failing is None else words_json(record.failing),
        },
        "messages_waiting": watching.notifier.waiting,
        "blackbox_dropped": watching.box.dropped,
    }


def _wall(clock: Clock, speed: float) -> Callable[[datetime], datetime]:
    """A twin's clock runs at a speed of its own, so that the same moment is another by the log's."""
    wall, now = datetime.now(UTC), clock.now()
    return lambda time: wall + (time - now) / speed


@contextmanager
def left_evidence(config: SiteConfig, moment: datetime) -> Iterator[Evidence]:
    """What a site that does not run has left; looked at in a copy, because opening it would change it."""
    simulated = config.twin is not None
    folder = data_folder(config, simulated)
    start, end = around(moment)
    with TemporaryDirectory(prefix="leyden-doctor-") as name:
        copy = Path(name)
        record, ledger = _copied_record(config, folder, copy, start, end), _copied_ledger(folder, copy)
        try:
            pieces = [piece.content for piece in pieces_between(folder / BOX, start.timestamp(), end.timestamp())]
            yield Evidence(config, folder, record, ledger, pieces)
        finally:
            for opened in (record, ledger):
                if opened is not None:
                    opened.close()


def _copied_record(config: SiteConfig, folder: Path, copy: Path, start: datetime, end: datetime) -> Record | None:
    for name in _RECORD:
        with suppress(OSError):
            shutil.copy2(folder / name, copy / name)
    days = {f"{day:%Y-%m-%d}.parquet" for day in (start, end, start - _DAY, start - 2 * _DAY)}
    for shelf in _SHELVES:
        for path in (folder / shelf).glob("*.parquet"):
            if path.name in days:
                (copy / shelf).mkdir(exist_ok=True)
                shutil.copy2(path, copy / shelf / path.name)
    if not (copy / "leyden.json").exists():
        return None
    try:
        points = [point.name for point in named_points(config.site)]
        return Record(copy, points, config.history, simulated=config.twin is not None)
    except HistoryError:
        return None


def _copied_ledger(folder: Path, copy: Path) -> Ledger | None:
    try:
        copy_ledger(folder / "ledger.sqlite", copy / "ledger.sqlite")
        return Ledger(copy)
    except (HistoryError, OSError):
        return None


def left(config: SiteConfig) -> bool:
    """Whether there is anything of this site here."""
    return data_folder(config, config.twin is not None).exists()
