"""Real devices as a Plant: reading and writing never wait, the devices' own tasks do."""

import asyncio
from collections.abc import Mapping
from typing import Any

from leyden.devices.driver import Driver
from leyden.devices.link import Link
from leyden.devices.locate import Locator, MisfitError
from leyden.devices.map import DeviceMap
from leyden.devices.session import Port
from leyden.devices.sunspec import laid_out
from leyden.devices.things import Thing, things_of
from leyden.devices.wire.modbus import ModbusWire
from leyden.model.address import Address
from leyden.model.clock import Clock
from leyden.model.plant import Setpoints
from leyden.model.readings import ROLES, Readings
from leyden.model.setpoint import Setpoint
from leyden.model.site import Site

_TICK_S = 0.5
"""How often the devices' own periods are looked at, in site time."""
_STOP_WALL_S = 1.0
"""How much longer than an answer may take the devices are given to be handed back."""


class FieldPlant:
    """Polls every device of a site on a task of its own, and keeps the newest image of each."""

    def __init__(self, site: Site, maps: Mapping[str, DeviceMap], clock: Clock, stumble_s: float = 0.0) -> None:
        """`maps` by device name; `stumble_s` of site time is forgiven in every age, because where seconds pass in
        milliseconds a stumble of this computer looks like a dead device. Raises MisfitError where a map cannot serve
        what its device speaks for.
        """
        self._stumble_s = stumble_s
        self._site = site
        self._clock = clock
        self._drivers: dict[str, Driver] = {}
        self._wires: dict[tuple[str, int], ModbusWire] = {}
        self._readers: list[tuple[Driver, str, str]] = []
        self._writers: dict[str, tuple[Driver, str, float]] = {}
        """By the thing that follows: its device, its role there, and its rated power."""
        self._tasks: list[asyncio.Task[None]] = []
        self._pacing: asyncio.Task[None] | None = None
        for device in site.devices:
            device_map, things = maps[device.name], things_of(site, device.name)
            for thing in things:
                check_fit(device.name, device_map, thing)
            address = Address.from_text(device.at)
            host, port_number, unit = address.place
            wire = self._wires.setdefault((host, port_number), ModbusWire(host, port_number))
            driver = Driver(device, device_map, things, Port(wire, unit, device.timeout_s), clock, site.period_s)
            self._drivers[device.name] = driver
            for thing in things:
                self._readers.append((driver, thing.role, thing.name))
                if thing.rated_w is not None and device_map.roles[thing.role].write:
                    self._writers[thing.name] = (driver, thing.role, thing.rated_w)

    async def start(self) -> None:
        """Begin to poll; returns when every device has answered once or is known not to."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(driver.run(), name=f"device {name}") for name, driver in self._drivers.items()]
        self._pacing = loop.create_task(self._pace(), name="devices' pace")
        await asyncio.gather(*(driver.tried.wait() for driver in self._drivers.values()))

    async def stop(self) -> None:
        """Hand every device back (converters to zero, their watchdogs then take over) and close the connections."""
        if self._pacing is None:
            return
        self._pacing.cancel()
        for driver in self._drivers.values():
            driver.stop()
        patience_s = max((device.timeout_s for device in self._site.devices), default=0.0) + _STOP_WALL_S
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(self._pacing, *self._tasks, return_exceptions=True)
        self._tasks, self._pacing = [], None
        for wire in self._wires.values():
            await wire.close()

    async def poll(self, deadline_s: float) -> None:
        """Ask all control points together; returns when all have come, or after `deadline_s` of wall time.

        A device that took longer than this last time, or still owes the answer before this one, is asked but not
        waited for, so that it holds up nobody.
        """
        now_s = self._clock.elapsed_s()
        waited = [driver for driver in self._drivers.values() if driver.took_s <= deadline_s and not driver.owes]
        answers = {driver: driver.ask(now_s) for driver in self._drivers.values()}
        asked = [answer for driver in waited if (answer := answers[driver]) is not None]
        if asked:
            await asyncio.wait(asked, timeout=deadline_s)

    def read(self) -> Readings:
        """The newest image of everything, with the age and quality of each value now."""
        now_s = self._clock.elapsed_s() - self._stumble_s
        found: dict[str, dict[str, Any]] = {role: {} for role in ROLES}
        for driver, role, thing in self._readers:
            found[role][thing] = driver.reading(role, now_s)
        grid = found.pop("grid")
        return Readings(grid=next(iter(grid.values())), **found)

    def write(self, setpoints: Setpoints) -> None:
        """Drop what the equipment is to do into the devices' mailboxes; what is new in it is sent."""
        now_s = self._clock.elapsed_s()
        for thing, setpoint in setpoints.items():
            writer = self._writers.get(thing)
            if writer is not None:
                driver, role, rated_w = writer
                driver.want(role, _written(role, setpoint, rated_w), now_s)

    def links(self) -> Mapping[str, Link]:
        """How the connection to each device is doing, by its name."""
        now_s = self._clock.elapsed_s() - self._stumble_s
        return {name: driver.link(now_s) for name, driver in self._drivers.items()}

    async def _pace(self) -> None:
        """Let site time be noticed: slow points, cells, and the next attempt at a lost device."""
        next_s = self._clock.elapsed_s()
        while True:
            next_s = max(next_s + _TICK_S, self._clock.elapsed_s())
            await self._clock.sleep_until(next_s)
            now_s = self._clock.elapsed_s()
            for driver in self._drivers.values():
                driver.tick(now_s)


def check_fit(device: str, device_map: DeviceMap, thing: Thing) -> None:
    """Raises MisfitError where a map lacks the thing's role, or has no room for its layout."""
    if thing.role not in device_map.roles:
        has = ", ".join(device_map.roles)
        raise MisfitError(f"{device}: its map {device_map.name} has no {thing.role}; it has: {has}")
    bases, _ = laid_out(device_map.models)
    Locator(device_map, bases, thing.layout, thing.rated_w).reads(thing.role)


def _written(role: str, setpoint: Setpoint, rated_w: float) -> Mapping[str, float]:
    """A set-point as the write points of a role."""
    run = 1.0 if setpoint.run else 0.0
    if role == "converter":
        return {"setpoint_w": setpoint.power_w, "setpoint_var": setpoint.reactive_power_var, "run": run}
    return {"limit_w": min(max(setpoint.power_w, 0.0), rated_w), "run": run}
