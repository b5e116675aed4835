"""Shadow, arm, lock, disarm and restart over real sockets; every frame to a device is counted by a listener between."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest

from leyden.control.manual import RAMP
from leyden.devices import FieldPlant
from leyden.model import Decision
from leyden.runtime.clock import TwinClock
from leyden.runtime.config import SiteConfig
from leyden.runtime.mode import kept_mode
from leyden.runtime.station import Station
from leyden.runtime.twin_host import TwinHost
from leyden.runtime.wiring import LIVE, make_station, open_stores
from leyden.runtime.write_counts import KeptCounts
from tests.whole.inside import configured
from tests.whole.tap import Tap
from tests.whole.wired import elsewhere, hosted

SPEED = 20.0
START = "2026-09-20 11:30"
RATED_W = 1.5e6
PATIENCE_S = 30.0


@dataclass
class Field:
    """A site that takes what answers at its addresses for real devices."""

    config: SiteConfig
    host: TwinHost
    taps: dict[str, Tap]
    station: Station
    plant: FieldPlant
    decisions: list[Decision] = field(default_factory=list)
    measured_w: list[float] = field(default_factory=list)
    """At the converter, when each was decided."""

    @property
    def writes(self) -> int:
        return sum(tap.writes for tap in self.taps.values())

    @property
    def power_w(self) -> float:
        """What the converter really does."""
        return self.host.twin.batteries["b1"].pcs.power_w

    async def until(self, true: Callable[[], object], why: str) -> None:
        """Wait for something that must come."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE_S
        while not true():
            assert loop.time() < end, why
            await asyncio.sleep(0.02)

    async def cycles(self, count: int) -> None:
        """Let so many decisions pass."""
        many = len(self.decisions) + count
        await self.until(lambda: len(self.decisions) >= many, "the cycle does not turn")


@asynccontextmanager
async def twin_behind_taps(config: SiteConfig) -> AsyncIterator[tuple[SiteConfig, TwinHost, dict[str, Tap]]]:
    """The devices, and the site whose addresses are those of the listeners before them."""
    config = elsewhere(config)
    async with hosted(config, START, SPEED) as host:
        taps = {device.name: Tap(int(device.at.rsplit(":", 1)[1].split("/")[0])) for device in config.site.devices}
        for tap in taps.values():
            await tap.start()
        devices = [replace(d, at=f"tcp://127.0.0.1:{taps[d.name].port}/1") for d in config.site.devices]
        try:
            yield replace(config, site=replace(config.site, devices=tuple(devices))), host, taps
        finally:
            for tap in taps.values():
                await tap.stop()


@asynccontextmanager
async def running(
    config: SiteConfig, host: TwinHost, taps: dict[str, Tap], killed: bool = False
) -> AsyncIterator[Field]:
    """One life of the site's process; `killed` ends it without a word to anybody."""
    clock = TwinClock(host.clock.origin, host.clock.monotonic_s, SPEED)
    with open_stores(config, simulated=True) as stores:
        armed = kept_mode(stores.ledger, False, clock.now()).writes
        counts = KeptCounts(stores.ledger, clock)
        plant = FieldPlant(config.site, config.maps, clock, clock.stumble_s, armed, counts)
        station = make_station(config, LIVE, clock, plant, plant, stores)
        found = Field(config, host, taps, station, plant)
        station.witnesses.append(lambda carried, snapshot, decision, body: found.decisions.append(decision))
        station.listen(lambda moment: found.measured_w.append(moment.snapshot.battery_power_w("b1")))
        await asyncio.wait_for(plant.start(), PATIENCE_S)
        await station.prepare()
        turning = asyncio.create_task(station.run())
        try:
            yield found
        finally:
            turning.cancel()
            with suppress(asyncio.CancelledError):
                await turning
            if killed:
                await _die(plant)
            else:
                await plant.stop()


async def _die(plant: FieldPlant) -> None:
    """As kill -9 does it: the sockets close, and nothing more is said."""
    for task in (*plant._tasks, plant._pacing):
        if task is not None:
            task.cancel()
    for wire in plant._wires.values():
        await wire.close()


@pytest.fixture
def config(tmp_path) -> SiteConfig:
    return configured(tmp_path)


def gentle(decisions: list[Decision], period_s: float = 1.0) -> bool:
    """No step of the first commands is larger than the ramp; cycles may come late, so it is by their own time."""
    for before, after in pairwise(decisions):
        dt_s = (after.time - before.time).total_seconds()
        if abs(after.total_w - before.total_w) > RAMP * RATED_W * dt_s + 2e4:
            return False
    return True


@pytest.mark.timeout(180)
async def test_a_first_day_in_the_field(config):
    async with twin_behind_taps(config) as (site, host, taps):
        # In shadow: everything is read and decided, nothing is said, from the first connection to the last.
        async with running(site, host, taps) as shadow:
            await shadow.cycles(15)
            assert shadow.station.mode.mark == "SHADOW"
            assert abs(shadow.decisions[-1].total_w) > 1e5
            assert shadow.power_w == 0.0
            assert shadow.station.sums.would_be.money is not None
            assert not [alarm for alarm in shadow.station.alarms.active() if "follow" in alarm.key]
        assert sum(tap.codes.total() for tap in taps.values()) > 100
        assert shadow.writes == 0
        # Armed by a person: the first commands go on from rest, at a ramp.
        async with running(site, host, taps, killed=True) as live:
            await live.cycles(3)
            assert shadow.writes == 0
            await live.station.arm("Li", "commissioned")
            first = len(live.decisions)
            live.station.command("b1", 1.2e6, 3600.0, "Li")
            await live.until(lambda: live.power_w > 1.15e6, "it did not discharge")
            began = live.decisions[first : first + 12]
            assert abs(began[0].total_w) <= 2e4
            assert gentle(began)
            assert live.writes > 0
        # Killed at full command: live again, and on from what the converter does, which has just been told to rest.
        async with running(site, host, taps) as again:
            await again.cycles(1)
            assert again.station.mode.mark == "LIVE"
            assert abs(again.decisions[0].total_w - again.measured_w[0]) <= 2e4
            await again.until(lambda: again.power_w > 1.15e6, "the command was not taken up again")
            assert gentle(again.decisions[:12])
            # A lock outranks the command.
            again.station.lock("b1", "Li", "fan replaced")
            await again.until(lambda: abs(again.power_w) < 1e3, "a locked battery gives power")
            await again.cycles(10)
            assert abs(again.power_w) < 1e3
            again.station.unlock("b1", "Li", "done")
            await again.until(lambda: again.power_w > 1.15e6, "the command did not go on")
            # Handed back by a person: at rest before the answer, and not a word afterwards.
            assert await again.station.disarm("Li", "meter work") == {}
            said = again.writes
            await again.until(lambda: abs(again.power_w) < 1e3, "it was not handed back")
            await again.cycles(10)
            assert again.writes == said
            assert abs(again.decisions[-1].total_w) > 1e5
        assert again.writes == said


@pytest.mark.timeout(180)
async def test_a_device_that_cannot_be_handed_back_is_told_and_handed_back_later(config):
    async with twin_behind_taps(config) as (site, host, taps), running(site, host, taps) as live:
        await live.station.arm("Li", "")
        live.station.command("b1", 6e5, 3600.0, "Li")
        await live.until(lambda: live.power_w > 5.5e5, "it did not discharge")
        taps["pcs1"].dead = True
        failed = await asyncio.wait_for(live.station.disarm("Li", ""), PATIENCE_S)
        assert set(failed) == {"pcs1"}
        await live.cycles(3)
        (alarm,) = [a for a in live.station.alarms.active() if a.key == "not-handed-back:pcs1"]
        assert alarm.condition.priority == 1
        taps["pcs1"].dead = False
        await live.until(lambda: live.plant.links()["pcs1"].state == "online", "it did not come back")
        assert await live.station.disarm("Li", "once more") == {}
        await live.cycles(3)
        assert not [a for a in live.station.alarms.active() if a.standing and a.key.startswith("not-handed-back")]
        await live.until(lambda: abs(live.power_w) < 1e3, "it was not handed back")
