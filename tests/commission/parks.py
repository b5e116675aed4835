"""A small yard and its twin behind real Modbus TCP, on a bench whose time stands still while sockets work.

Site time moves on only when the bench waits, and the twin with it, so that a computer that stalls for seconds changes
nothing of what is measured.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from unittest.mock import patch

from leyden.commission import Bench, Finding, Mark, Report, Step, Wish, commission, pace
from leyden.commission.connect import bench_of
from leyden.devices import DeviceServer
from leyden.model.readings import Reading, Readings
from leyden.model.words import Words
from leyden.runtime.config import SiteConfig, load_config
from leyden.twin import Twin
from tests.whole.park import with_key
from tests.whole.wired import elsewhere

TICK_S = 0.05

ONE = """
[site]
id = "yard"
name = { en = "Yard", zh = "小院" }
timezone = "Asia/Shanghai"
currency = "CNY"

[device.gate]
map = "sunspec-meter"
at = "tcp://127.0.0.1:5020/1"
timeout = "20 s"
[device.line]
map = "sunspec-meter"
at = "tcp://127.0.0.1:5024/1"
timeout = "20 s"

[grid]
device = "gate"
import_limit = "60 kW"
export_limit = "20 kW"
meter_delay = "0.5 s"

[load.line1]
device = "line"

[twin]
step = "0.1 s"
converter_start = "1 s"
converter_dead_time = "0.2 s"
meter_noise = 0.001
load.line1 = { profile = "constant", peak = "8 kW" }
"""

BATTERY = """
[device.bms{n}]
map = "leyden-bms"
at = "tcp://127.0.0.1:51{n}1/1"
timeout = "20 s"
[device.pcs{n}]
map = "quick-pcs"
at = "tcp://127.0.0.1:51{n}2/1"
timeout = "20 s"

[battery.b{n}]
cell = "lfp-280ah"
layout = {{ rack = 2, module = 2, cell = 3 }}
bms = "bms{n}"
converter = {{ device = "pcs{n}", power = "5 kW", ramp = "10 kW/s", dead_time = "0.2 s" }}
"""


def yard(folder: Path, batteries: int = 1, twin: str = "", timeout: str = "20 s") -> SiteConfig:
    """A load of 8 kW and batteries of 5 kW, whose converters have a watchdog of 6 s; `twin` is a line of its table."""
    shipped = (files("leyden.devices") / "maps/sunspec-pcs.toml").read_text(encoding="utf-8")
    (folder / "maps").mkdir()
    (folder / "maps/quick-pcs.toml").write_text(shipped.replace('watchdog = "30 s"', 'watchdog = "6 s"'))
    batteries_text = "".join(BATTERY.format(n=n) for n in range(1, batteries + 1))
    text = (ONE + batteries_text).replace("20 s", timeout)
    (folder / "yard.toml").write_text(with_key(text, "twin", twin) if twin else text)
    return elsewhere(load_config(folder / "yard.toml"))


class SteppedClock:
    """Site time that the bench's own waiting moves on; the devices' pace only follows."""

    speed = 1.0
    stumble_s = 0.0

    def __init__(self, origin: datetime) -> None:
        self._origin = origin
        self._elapsed_s = 0.0
        self._waiting: list[tuple[float, asyncio.Event]] = []
        self.moved: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        return self._origin + timedelta(seconds=self._elapsed_s)

    def elapsed_s(self) -> float:
        return self._elapsed_s

    async def sleep_until(self, elapsed_s: float) -> None:
        task = asyncio.current_task()
        if task is not None and task.get_name() == "devices' pace":
            event = asyncio.Event()
            self._waiting.append((elapsed_s, event))
            await event.wait()
            return
        # Looking costs time too, or a bench that does nothing else would stand still.
        end_s = max(elapsed_s, self._elapsed_s + TICK_S)
        self._elapsed_s = end_s
        self.moved()
        for at_s, event in [one for one in self._waiting if one[0] <= self._elapsed_s]:
            self._waiting.remove((at_s, event))
            event.set()
        await asyncio.sleep(0)


@dataclass
class Yard:
    """What stands in it while it is open."""

    config: SiteConfig
    twin: Twin
    bench: Bench
    clock: SteppedClock
    asked: list[Words] = field(default_factory=list)

    async def run(self, *steps: Step, batteries: Iterable[str] = (), no: Iterable[Step] = ()) -> Report:
        """The steps that are named; a person says no to some of them."""
        declined = {f"{list(Step).index(step) + 1} " for step in no}

        async def ask(words: Words) -> bool:
            self.asked.append(words)
            return words.en[:2] not in declined

        wish = Wish(by="Li Lei", why="first start", steps=steps or tuple(Step), batteries=tuple(batteries))
        return await commission(self.config, self.bench, wish, ask)


@asynccontextmanager
async def opened(config: SiteConfig) -> AsyncIterator[Yard]:
    """The twin's devices behind their sockets, and the bench on them."""
    assert config.twin is not None
    twin = Twin(config.site, config.twin, config.cells)
    clock = SteppedClock(twin.time.astimezone(UTC))
    servers = {d.name: DeviceServer.for_site(config.site, d.name, config.maps[d.name]) for d in config.site.devices}
    roles = list(config.site.roles())

    def publish() -> None:
        readings = twin.read()
        for device, role, thing in roles:
            servers[device].update(role, _of(readings, role, thing))
        for device, server in servers.items():
            server.fault = twin.link_fault(device)

    def move() -> None:
        twin.step((clock.now() - twin.time).total_seconds())
        publish()

    for device, server in servers.items():
        things = {role: thing for name, role, thing in roles if name == device}
        server.on_write = lambda role, values, things=things: twin.command(things[role], values)
    clock.moved = move
    publish()
    async with AsyncExitStack() as stack:
        # Nothing stumbles here: everything has settled as soon as the physics has.
        stack.enter_context(patch.multiple(pace, SETTLE_SPARE_S=0.8, MEASURE_S=1.25, SLOWER=2.0))
        for server in servers.values():
            await server.start()
            stack.push_async_callback(server.stop)
        bench = await stack.enter_async_context(bench_of(config, clock))
        yield Yard(config, twin, bench, clock)


def _of(readings: Readings, role: str, thing: str) -> Reading:
    return readings.grid if role == "grid" else getattr(readings, role)[thing]


def codes(report: Report, mark: Mark = Mark.FAILED) -> set[str]:
    """The verdicts of one mark, by their codes."""
    return {finding.verdict.code for finding in report.findings if finding.mark is mark}


def numbers(finding: Finding) -> dict[str, Any]:
    """What a verdict holds."""
    return finding.verdict.as_json()


def at_rest(twin: Twin) -> bool:
    """Whether every battery rests once what was told last has been done."""
    twin.step(2.0)
    return quiet(twin)


def quiet(twin: Twin) -> bool:
    """Whether every battery rests now."""
    return all(abs(battery.power_w) < 1.0 for battery in twin.truth().battery.values())
