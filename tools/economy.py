"""What a site writes to its disk in a day, and what its process weighs.

    python -m tools.economy --site home.toml --speed 60

Runs a copy of a shipped site beside its twin for a day of site time and a little more, so that one day closes. Faster
than life, the record is flushed as much more often: every batch then holds as many rows as it does at speed 1, and so
the database writes what it would in a day. Written is what Linux says the process sent to the disk (`write_bytes` of
/proc/PID/io, whole pages), so the database's log and its checkpoints, the closing of the day and the ledger are in it;
memory is the proportional set size. What is not as in life: the kernel would write a page that is dirtied again within
the half minute of its own write-back once, here more pages fall into it; and the twin's own files are not counted.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from leyden.runtime.config import data_folder, load_config
from leyden.runtime.http import AnswerError
from tests.whole.park import Park, running, with_key
from tools.soak import named

DAY_S = 86400.0
CLOSING_S = 900.0
"""Site time after midnight UTC in which the day is closed."""
START = "2026-05-28T08:02"
"""Two minutes after midnight UTC in Asia/Shanghai, on a day on which every shipped site has much to do."""


@dataclass
class Seen:
    """The site's process over the run; one that is started again counts on."""

    t0: float
    t: float = 0.0
    before: int = 0
    written: int = 0
    pid: int = 0
    pss_mb: list[float] = field(default_factory=list)

    def look(self, park: Park) -> None:
        """One sample."""
        self.t = float(park.live()["t"])
        site = named(park)["site"]
        written = int(site.io_counters().write_bytes)
        if site.pid != self.pid:
            self.before, self.pid = self.written if self.pid else -written, site.pid
        self.written = self.before + written
        self.pss_mb.append(site.memory_full_info().pss / 1e6)

    @property
    def days(self) -> float:
        """Of site time."""
        return (self.t - self.t0) / DAY_S


def watch(park: Park, hours: float, every_s: float) -> Seen:
    """Until so many hours of site time have passed; nothing is counted before this begins."""
    seen = Seen(float(park.live()["t"]))
    while seen.t - seen.t0 < 3600.0 * hours:
        try:
            seen.look(park)
        except (AnswerError, psutil.Error, KeyError) as error:
            print(f"{error}", file=sys.stderr)
        time.sleep(every_s)
    return seen


def files(folder: Path) -> Iterator[str]:
    """How large what is kept has become, kind by kind."""
    kinds: dict[str, int] = {}
    for path in folder.rglob("*"):
        if path.is_file():
            kind = path.relative_to(folder).parts[0]
            kinds[kind] = kinds.get(kind, 0) + path.stat().st_size
    for kind, size in sorted(kinds.items(), key=lambda item: -item[1]):
        yield f"  {kind:20}{size / 1e6:8.1f} MB"


def main() -> int:
    """Run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", default="home.toml", help="of sites/")
    parser.add_argument("--speed", type=float, default=60.0)
    parser.add_argument("--start", default=START)
    parser.add_argument("--hours", type=float, default=(DAY_S + CLOSING_S) / 3600.0, help="of site time")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between samples")
    parser.add_argument("--flush", type=float, help="seconds of site time, instead of the site's own")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="leyden-economy-") as name:
        flush_s = said.flush or load_config(Path("sites") / said.site).history.flush_s
        faster = partial(with_key, table="history", line=f'flush = "{max(flush_s / said.speed, 0.05):.3f} s"')
        with running(Path(name), said.site, "--speed", str(said.speed), "--start", said.start, change=faster) as park:
            seen = watch(park, said.hours, said.every)
            folder = data_folder(load_config(park.site_file), simulated=True)
            kept = list(files(folder))
    print(f"{said.site} at x{said.speed:g}, flushed every {flush_s:g} s of site time, {seen.days:.3f} days")
    print(f"written: {seen.written / 1e6:.0f} MB, a day {seen.written / 1e6 / seen.days:.0f} MB")
    pss_mb = sorted(seen.pss_mb)
    print(f"memory of the site's process: median {pss_mb[len(pss_mb) // 2]:.0f} MB, highest {pss_mb[-1]:.0f} MB (PSS)")
    print("kept:", *kept, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
