"""A plant and the devices that it talks to, over real sockets and in a time that only the test moves."""

import asyncio
import contextlib
from dataclasses import dataclass, field, replace

from leyden.devices import DeviceServer, FieldPlant, load_map
from leyden.model.readings import Reading
from tests.devices.places import READINGS, HandClock, device, park

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

    def written(self, name: str) -> dict[str, float]:
        """The newest of everything that a device was told."""
        return {point: value for one, _, values in self.told if one == name for point, value in values.items()}


def changed(role: str, **values: object) -> Reading:
    return replace(READINGS[role], **values)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def world(*names, maps=None, poll_s=1.0, timeouts_s=None, options=None, **plant_options):
    """Devices at free ports, each with a reading, and a plant that has started on them. The gate is always there.

    `timeouts_s` by device, where one that is silent is to be given up soon; `options` of site.toml by device, the rest
    for the plant.
    """
    chosen, waits_s, said = maps or {}, timeouts_s or {}, options or {}
    ports, servers = {}, {}
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
    placed = (device(name, MAPS[name], ports[name], timeout_s=waits_s.get(name, 60.0)) for name in names)
    site = park(*(replace(one, poll_s=poll_s, **said.get(one.name, {})) for one in placed))
    plant = FieldPlant(site, found, clock, **plant_options)
    try:
        await plant.start()
        yield World(plant, servers, clock, told)
    finally:
        await plant.stop()
        for server in servers.values():
            await server.stop()
