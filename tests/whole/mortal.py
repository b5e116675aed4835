"""A site that may be killed at any moment and be born again at once, beside a twin in this process whose truth is seen
at every step."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from math import inf, isnan
from pathlib import Path
from typing import Any

from leyden.cli.serving import Server
from leyden.runtime.config import SiteConfig, data_folder, load_config
from leyden.runtime.twin_host import TwinHost
from leyden.twin import Twin
from leyden.web.twin_port import create_twin_app
from tests.whole.park import Park, moved, with_key

SITE = """
[site]
id = "mortal"
timezone = "Asia/Shanghai"
currency = "CNY"
[device.gate]
map = "sunspec-meter"
at = "tcp://127.0.0.1:5020/1"
[device.bms1]
map = "leyden-bms"
at = "tcp://127.0.0.1:5021/1"
bulk = "1 h"
[device.pcs1]
map = "sunspec-pcs"
at = "tcp://127.0.0.1:5022/1"
[device.line]
map = "sunspec-meter"
at = "tcp://127.0.0.1:5023/1"
[grid]
device = "gate"
import_limit = "260 kW"
export_limit = "0 W"
meter_delay = "0.2 s"
[battery.b1]
cell = "lfp-280ah"
layout = { rack = 2, module = 8, cell = 48 }
bms = "bms1"
converter = { device = "pcs1", power = "300 kW", ramp = "100 kW/s" }
[load.line1]
device = "line"
[history]
flush = "0.1 s"
[web]
read = "open"
[twin]
soc = 0.9
load.line1 = { profile = "constant", peak = "200 kW" }
"""
"""Discharging all it can it would feed in, charging all it can it would draw too much, and nothing else moves."""

RATED_W, LOAD_W, IMPORT_W, EXPORT_W = 300e3, 200e3, 260e3, 0.0
LATE_S = 4.0
"""How long a converter may take to rest when its watchdog has run out: its ramp, and two steps of the twin."""
BLUR = 0.01
"""Share of the rating that meter, delay and rounding blur a limit by."""
MOVING = 0.1
"""The same while power moves: meter and converter are not read at one instant, and at speed instants are far apart."""
MOVES_S = 15.0
"""How long power may move: the ramp, two cycles, and a stumble of this computer at speed. A site that is dead corrects
nothing: then until the converter's watchdog has run out, or, where it is born again sooner, from its first word on."""


@dataclass
class Truth:
    """What was really so, step by step; `wrong` is what should never be."""

    t: list[float] = field(default_factory=list)
    """Elapsed site time."""
    power_w: list[float] = field(default_factory=list)
    told_s: float = -inf
    """When the converter was last written to."""
    tells: list[float] = field(default_factory=list)
    """All these moments."""
    within_s: float = 0.0
    """When the gate was last within its limits, but for the blur."""
    dead_s: float = 0.0
    """When the site died last; it lives as soon as it has said a word after that."""
    born_s: float = 0.0
    """When it said the first word of its life."""
    wrong: list[str] = field(default_factory=list)
    most_import_w: float = -inf
    most_export_w: float = -inf

    def look(self, twin: Twin) -> None:
        """After a step."""
        now_s, pcs, grid_w = twin.told_s, twin.batteries["b1"].pcs, twin.gate.newest.power_w
        self.most_import_w, self.most_export_w = max(self.most_import_w, grid_w), max(self.most_export_w, -grid_w)
        if abs(pcs.power_w) > BLUR * RATED_W and not now_s - self.told_s <= pcs.watchdog_s + LATE_S:
            self.blame(
                now_s, f"{pcs.power_w:.0f} W, last told {now_s - self.told_s:.1f} s ago ({pcs.watchdog_s:.0f} s)"
            )
        excess_w = max(grid_w - IMPORT_W, -grid_w - EXPORT_W)
        self.within_s = now_s if excess_w <= BLUR * RATED_W else self.within_s
        alone_s = 0.0 if self.lives or isnan(pcs.watchdog_s) else pcs.watchdog_s + LATE_S
        since_s = max(self.within_s, self.born_s) if self.lives else self.within_s
        if not (excess_w <= MOVING * RATED_W and now_s - since_s <= alone_s + MOVES_S):
            self.blame(now_s, f"{grid_w:.0f} W at the gate, over its limit for {now_s - self.within_s:.1f} s")
        if twin.batteries["b1"].bms.fault_bits:
            self.blame(now_s, "the battery management tripped")
        self.t.append(now_s)
        self.power_w.append(pcs.power_w)

    @property
    def lives(self) -> bool:
        """Whether the site has said a word since it died last."""
        return self.told_s > self.dead_s

    def told(self, now_s: float) -> None:
        """The site says something to its converter."""
        self.born_s = self.born_s if self.lives else now_s
        self.told_s = now_s
        self.tells.append(now_s)

    def blame(self, now_s: float, what: str) -> None:
        """Take down what is wrong; the first of it will do."""
        if len(self.wrong) < 20:
            self.wrong.append(f"{now_s:.1f} s: {what}")

    def since(self, t: float) -> list[tuple[float, float]]:
        """(time, power) after a moment."""
        first = next((i for i in range(len(self.t) - 1, -1, -1) if self.t[i] <= t), 0)
        return list(zip(self.t[first:], self.power_w[first:], strict=False))


class SeenTwin(Twin):
    """A twin that is looked at."""

    def __init__(self, config: SiteConfig, start: datetime) -> None:
        assert config.twin is not None
        self.seen = Truth()
        super().__init__(config.site, config.twin, config.cells, start)

    def step(self, dt_s: float) -> None:
        super().step(dt_s)
        self.seen.look(self)

    def command(self, thing: str, values: Mapping[str, float]) -> None:
        super().command(thing, values)
        self.seen.told(self.told_s)


@dataclass
class Mortal:
    """One site, many lives."""

    park: Park
    twin: SeenTwin
    nursery: "subprocess.Popen[str]"
    pid: int = 0

    @property
    def truth(self) -> Truth:
        return self.twin.seen

    def beget(self) -> None:
        """A new life; returns as soon as it has begun."""
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write("\n")
        self.nursery.stdin.flush()
        self.pid = int(self.nursery.stdout.readline())

    def kill(self) -> float:
        """kill -9; the moment in site time."""
        os.kill(self.pid, signal.SIGKILL)
        self.truth.dead_s = self.twin.told_s
        return self.truth.dead_s


@contextmanager
def mortal(folder: Path, start: str, speed: float) -> Iterator[Mortal]:
    """The twin runs; nobody has been born yet."""
    text, ports = moved(SITE)
    site_file = folder / "mortal.toml"
    site_file.write_text(with_key(text, "history", 'folder = "var"'))
    config = load_config(site_file)
    twin = SeenTwin(config, datetime.fromisoformat(start))
    log = folder / "log.txt"
    command = [sys.executable, "-m", "tests.whole.nursery", str(site_file)]
    with log.open("wb") as stream, _living(config, twin, speed, ports["twin"]):
        nursery = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stream,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        try:
            assert nursery.stdout is not None
            assert nursery.stdout.readline() == "ready\n", log.read_text()
            park = Park(site_file, folder, f"http://127.0.0.1:{ports['web']}", nursery, log)  # type: ignore[arg-type]
            yield Mortal(park, twin, nursery)
        finally:
            assert nursery.stdin is not None
            nursery.stdin.close()
            nursery.wait(20)
            if nursery.stdout is not None:
                nursery.stdout.close()


@contextmanager
def _living(config: SiteConfig, twin: Twin, speed: float, port: int) -> Iterator[None]:
    """The twin behind its sockets, in a thread with a loop of its own."""
    folder = data_folder(config, simulated=True)
    folder.mkdir(parents=True, exist_ok=True)
    running: dict[str, Any] = {}
    ready = threading.Event()

    async def run() -> None:
        host = TwinHost(config.site, twin, config.maps, folder, speed)
        server = Server(create_twin_app(host), "127.0.0.1", port)
        running["loop"], running["task"] = asyncio.get_running_loop(), asyncio.current_task()
        ready.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(host.run())
            group.create_task(server.run_until_cancelled())

    def live() -> None:
        try:
            asyncio.run(run())
        except asyncio.CancelledError:
            pass
        finally:
            ready.set()

    thread = threading.Thread(target=live)
    thread.start()
    ready.wait(60.0)
    try:
        yield
    finally:
        running["loop"].call_soon_threadsafe(running["task"].cancel)
        thread.join(30.0)
        assert not thread.is_alive()
