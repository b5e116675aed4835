"""Run a demo fast for long, and tell whether it stays what it was: memory, alarms, cycles.

    python -m tools.soak --minutes 60 --speed 60

Works on a copy of the site, in a folder and on ports of its own. Memory is the proportional set size (what is shared by
processes counts once), as Linux tells it. Ends with code 1 where the limit is passed, memory grows, or an alarm came.
"""

import argparse
import io
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped]
import pyarrow.parquet as pq

from leyden.history import HistoryOptions, Record
from leyden.runtime.config import data_folder, load_config
from leyden.runtime.http import AnswerError
from leyden.runtime.points import named_points
from tests.whole.park import Park, running

LIMIT_MB = 400.0
FLAT_MB_PER_H = 10.0
"""What the second half may grow by, and how well ten minutes can tell."""
WARM_UP_SHARE = 0.5
"""Libraries load, caches fill: growth is judged after that."""


@dataclass
class Soak:
    """What was seen, sample by sample."""

    minutes: list[float] = field(default_factory=list)
    pss_mb: dict[str, list[float]] = field(default_factory=dict)
    rss_mb: dict[str, list[float]] = field(default_factory=dict)
    latest_s: float = 0.0
    """Largest lateness of a cycle that a sample met, in site time."""
    queued: int = 0
    dropped: int = 0
    alarms: dict[str, str] = field(default_factory=dict)

    def look(self, park: Park, minutes: float) -> None:
        """One sample of every process, and of what the site says of itself."""
        processes = named(park)
        if set(self.pss_mb) - set(processes):
            return  # one is being started again; the supervisor's log tells
        self.minutes.append(minutes)
        for name, process in processes.items():
            memory = process.memory_full_info()
            self.pss_mb.setdefault(name, []).append(memory.pss / 1e6)
            self.rss_mb.setdefault(name, []).append(memory.rss / 1e6)
        health, live = park.get("/api/health"), park.live()
        self.latest_s = max(self.latest_s, health["lateness_s"])
        self.queued = max(self.queued, health["record"]["queued"])
        self.dropped = health["record"]["dropped"]
        self.alarms |= {alarm["key"]: alarm["text"]["en"] for alarm in live["alarms"]}

    @property
    def total_mb(self) -> list[float]:
        """All processes together."""
        return [sum(at) for at in zip(*self.pss_mb.values(), strict=True)]

    def slope(self, values: list[float]) -> float:
        """Growth in MB an hour, after the warm-up."""
        first = int(len(values) * WARM_UP_SHARE)
        if len(values) - first < 3:
            return float("nan")
        return float(np.polyfit(np.array(self.minutes[first:]) / 60.0, values[first:], 1)[0])

    def table(self) -> Iterator[str]:
        """A line for each process and one for all."""
        yield f"{'':12}{'first':>8}{'max':>8}{'last':>8}{'MB/h':>8}{'RSS':>8}   MB (PSS)"
        for name, values in {**self.pss_mb, "together": self.total_mb}.items():
            rss_mb = self.rss_mb[name][-1] if name in self.rss_mb else sum(v[-1] for v in self.rss_mb.values())
            figures = (values[0], max(values), values[-1], self.slope(values), rss_mb)
            yield f"{name:12}" + "".join(f"{figure:8.0f}" for figure in figures)


def named(park: Park) -> Mapping[str, psutil.Process]:
    """The processes of a demo by what they do."""
    demo = psutil.Process(park.process.pid)
    found = {"supervisor": demo}
    for child in demo.children():
        words = child.cmdline()
        name = next((name for word, name in (("twin", "twin"), ("up", "site")) if word in words), None)
        if name is not None:
            found[name] = child
    return found


def cycles(park: Park) -> Iterator[str]:
    """How evenly the cycles came, from the record itself, since the demo was live."""
    config = load_config(park.site_file)
    names = [point.name for point in named_points(config.site)]
    record = Record(data_folder(config, simulated=True), names, HistoryOptions(), simulated=True)
    try:
        newest = record.last_t() or 0.0
        file = io.BytesIO()
        since = datetime.fromtimestamp(newest - 86400.0 * 30, UTC)
        record.export(file, ["grid.power_w"], since, datetime.fromtimestamp(newest + 1.0, UTC), form="parquet")
    finally:
        record.close()
    times = np.asarray(pq.read_table(file)["time"].cast("int64").to_numpy()) / 1e6
    period_s = config.site.period_s
    gaps = np.diff(times)
    live = gaps[np.argmax(gaps < 1.5 * period_s) :]  # before: the day so far, simulated in coarser turns
    late = live[live > 1.5 * period_s]
    yield f"{len(live)} cycles, {len(late)} came later than 1.5 periods ({len(late) / max(len(live), 1):.2%})"
    if len(live):
        p50, p99 = np.percentile(live, [50, 99])
        yield f"between cycles: p50 {p50:.2f} s, p99 {p99:.2f} s, longest {live.max():.1f} s of site time"


def soak(park: Park, minutes: float, every_s: float) -> Soak:
    """Watch for so long."""
    seen, begun = Soak(), time.monotonic()
    while (passed_s := time.monotonic() - begun) < 60.0 * minutes:
        try:
            seen.look(park, passed_s / 60.0)
        except (AnswerError, psutil.Error) as error:
            print(f"{passed_s / 60.0:.1f} min: {error}", file=sys.stderr)
        time.sleep(every_s)
    return seen


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0, help="of wall time")
    parser.add_argument("--speed", type=float, default=60.0)
    parser.add_argument("--site", default="park.toml", help="of sites/")
    parser.add_argument("--start", default="2026-09-20T00:05", help="soon after midnight: little is simulated first")
    parser.add_argument("--every", type=float, default=10.0, help="seconds between samples")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="leyden-soak-") as folder:
        with running(Path(folder), said.site, "--speed", str(said.speed), "--start", said.start) as park:
            seen = soak(park, said.minutes, said.every)
            restarts = park.log.read_text().count("starting it again")
        print(f"{said.site} at x{said.speed:g} for {said.minutes:g} min, {len(seen.minutes)} samples")
        print("\n".join([*seen.table(), *cycles(park)]))
        print(f"restarts {restarts}; record: {seen.queued} rows waited at most, {seen.dropped} dropped")
        print(f"largest lateness met: {seen.latest_s:.2f} s of site time")
        print("\n".join(f"alarm {key}: {text}" for key, text in seen.alarms.items()) or "no alarm")
    total_mb = seen.total_mb
    # Written so that nan, too few samples to judge, is not called flat.
    fine = max(total_mb) < LIMIT_MB and seen.slope(total_mb) < FLAT_MB_PER_H
    return 0 if fine and not seen.alarms and not restarts and not seen.dropped else 1


if __name__ == "__main__":
    sys.exit(main())
