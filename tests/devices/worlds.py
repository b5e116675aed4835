"""A plant and the devices that it talks to, over real sockets and in a time that only the test moves."""

import asyncio
import contextlib
from dataclasses import dataclass, field, replace

from leyden.devices import DeviceServer, FieldPlant, load_map
from leyden.model.readings import Reading
from leyden.model.setpoint import Setpoint
from tests.devices.places import READINGS, HandClock, device, park
from tests.whole.tap import Tap

MAPS = {
    "gate": "sunspec-meter",
    "bms1": "leyden-bms",
    "pcs1": "sunspec-pcs",
    "inv1": "sunspec-inverter",
    "w1": "sunspec-inverter",
    "line": "sunspec-meter",
}
PLAYS = {
    "gate": "grid", "bms1": "battery", "pcs1": "converter", "inv1": "solar", "w1": "wind", "line": "load"
}  # fmt: skip
PATIENCE_S = 20.0
"""How long is waited for what must happen; a computer may stand still for seconds."""


@dataclass
class World:
    """A plant and the devices that it talks to."""

    plant: FieldPlant
    servers: dict[str, DeviceServer]
    clock: HandClock
    told: list[tuple[str, str, dict[str, float]]] = field(default_factory=list)
    taps: dict[str, Tap] = field(default_factory=dict)
    """What counts the requests to each device."""

    async def turn(self, seconds: float = 1.0) -> None:
        """One cycle: time passes, the control points are asked for."""
        await self.clock.advance(seconds)
        await self.plant.poll(PATIENCE_S)

    async def until(self, true) -> None:
        """Let the tasks run until something has come about."""
        async with asyncio.timeout(PATIENCE_S):
            while not true():  # noqa: ASYNC110
                await asyncio.sleep(0.002)

    async def in_time(self, true) -> None:
        """Go on turning until something has come about; a driver that pauses goes on meanwhile."""
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await self.turn(5.0)
                await asyncio.sleep(0.01)

    async def asking(self, name: str) -> None:
        """Let the tasks run until a device was asked something and has not answered."""
        driver = self.plant._drivers[name]
        await self.until(lambda: driver._port.wire._waiting is not None)

    async def hold(self, seconds: int, **setpoints: Setpoint) -> None:
        """Cycle after cycle the same set-points, and what comes of them in each."""
        for _ in range(seconds):
            await self.turn(1.0)
            self.plant.write(setpoints)
            await self.quiet()

    async def quiet(self) -> None:
        """Let the tasks run until every device that is there has been told what it was to be told."""
        for driver in self.plant._drivers.values():
            await self.until(lambda driver=driver: driver._session is None or _is_quiet(driver))

    def written(self, name: str) -> dict[str, float]:
        """The newest of everything that a device was told."""
        return {point: value for one, _, values in self.told if one == name for point, value in values.items()}


def _is_quiet(driver) -> bool:
    """Nothing is asked for, nothing waits to be sent, nothing is under way."""
    idle = not driver.writer.pending and all(box._taken for box in driver.writer._outboxes.values())
    return idle and not driver.owes and driver._port.wire._waiting is None


def changed(role: str, **values: object) -> Reading:
    return replace(READINGS[role], **values)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def world(
    *names, maps=None, poll_s=1.0, timeouts_s=None, options=None, before=None, tapped=False, **plant_options
):
    """Devices at free ports, each with a reading, and a plant that has started on them. The gate is always there.

    `timeouts_s` by device, where one that is silent is to be given up soon; `options` of site.toml by device, the rest
    for the plant. `before` is given the servers before the plant starts; `tapped`, what goes over each wire is counted.
    """
    chosen, waits_s, said = maps or {}, timeouts_s or {}, options or {}
    ports, servers, taps = {}, {}, {}
    names = ("gate", *(name for name in names if name != "gate"))
    found = {name: chosen.get(name) or load_map(MAPS[name]) for name in names}
    draft = park(*(device(name, MAPS[name], 1) for name in names))
    clock = HandClock()
    told: list[tuple[str, str, dict[str, float]]] = []
    for name in names:
        server = servers[name] = DeviceServer.for_site(draft, name, found[name])
        server.update(PLAYS[name], READINGS[PLAYS[name]])
        server.on_write = lambda role, values, name=name: told.append((name, role, dict(values)))
        ports[name] = await server.start("127.0.0.1", 0)
        if tapped:
            taps[name] = Tap(ports[name])
            await taps[name].start()
            ports[name] = taps[name].port
    placed = (device(name, MAPS[name], ports[name], timeout_s=waits_s.get(name, 60.0)) for name in names)
    site = park(*(replace(one, poll_s=poll_s, **said.get(one.name, {})) for one in placed))
    plant = FieldPlant(site, found, clock, **plant_options)
    try:
        if before is not None:
            before(servers)
            told.clear()
        await plant.start()
        yield World(plant, servers, clock, told, taps)
    finally:
        await plant.stop()
        for tap in taps.values():
            await tap.stop()
        for server in servers.values():
            await server.stop()
