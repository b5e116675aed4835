"""Real devices as a Plant: reading and writing never wait, the devices' own tasks do."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from leyden.devices.budget import Budget, WriteStore
from leyden.devices.conditions import ANOTHER_MASTER, conditions_of
from leyden.devices.driver import Driver
from leyden.devices.frame_log import FrameLog
from leyden.devices.link import Link
from leyden.devices.locate import Locator, MisfitError
from leyden.devices.map import DeviceMap
from leyden.devices.session import Port
from leyden.devices.sunspec import laid_out
from leyden.devices.things import Thing, things_of
from leyden.devices.wire.modbus import ModbusWire
from leyden.devices.writer import Found, takes_commands
from leyden.model.address import Address
from leyden.model.clock import Clock
from leyden.model.condition import Condition
from leyden.model.errors import LeydenError
from leyden.model.plant import Setpoints
from leyden.model.readings import ROLES, Readings
from leyden.model.setpoint import Setpoint
from leyden.model.site import Site
from leyden.model.words import Words

_TICK_S = 0.5
"""How often the devices' own periods are looked at, in site time."""
_STOP_ANSWERS, _STOP_WALL_S = 4.0, 5.0
"""How many answers' time, and how much longer, the devices are given to be handed back."""


_NO_ANSWER = Words("无应答", "no answer")


class NotTakenOverError(LeydenError):
    """A command that was in force when control began could not be taken back; `words` say where and why."""

    def __init__(self, devices: Mapping[str, Words]) -> None:
        self.words = Words(
            "; ".join(f"{name}:{words.zh}" for name, words in devices.items()),
            "; ".join(f"{name}: {words.en}" for name, words in devices.items()),
        )
        super().__init__(self.words.en)


@dataclass(frozen=True, slots=True)
class Writes:
    """How often a device was written to."""

    total: int
    """Write requests since the start."""
    persistent_today: int
    """Values that the device stores, written today, by the site's day."""
    budget: int | None
    """How many of these there may be in a day; None for a device that stores nothing."""
    refused_today: int
    """How many were not made because the budget was used up."""


class FieldPlant:
    """Polls every device of a site on a task of its own, and keeps the newest image of each."""

    def __init__(
        self,
        site: Site,
        maps: Mapping[str, DeviceMap],
        clock: Clock,
        stumble_s: float = 0.0,
        armed: bool = True,
        counts: WriteStore | None = None,
    ) -> None:
        """`maps` by device name; `stumble_s` of site time is forgiven in every age, and a watchdog outlasts it, because
        where seconds pass in milliseconds a stumble of this computer looks like a dead device. Not `armed`, no write
        function code is ever sent. `counts` keeps how often devices' memories were written today. Raises MisfitError
        where a map cannot serve what its device speaks for.
        """
        self._stumble_s = stumble_s
        self._site = site
        self._clock = clock
        self._drivers: dict[str, Driver] = {}
        self._wires: dict[tuple[str, int], ModbusWire] = {}
        self._units: dict[tuple[str, int], dict[int, str]] = {}
        self._armed = armed
        self._changing = asyncio.Lock()
        self.frames = FrameLog(clock.elapsed_s)
        """What was on the wires for the last quarter of an hour."""
        limits = {device.name: device.writes_per_day for device in site.devices}
        self._budget = Budget(clock, site.zone, limits, counts)
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
            port = Port(self._wire(host, port_number, unit, device.name), unit, device.timeout_s)
            driver = Driver(device, device_map, things, port, clock, site.period_s, stumble_s, self._budget)
            self._drivers[device.name] = driver
            if armed:
                driver.arm()
            for thing in things:
                self._readers.append((driver, thing.role, thing.name))
                if thing.rated_w is not None and takes_commands(device_map, thing):
                    self._writers[thing.name] = (driver, thing.role, thing.rated_w)

    @property
    def armed(self) -> bool:
        """Whether devices are written to."""
        return self._armed

    @property
    def found(self) -> tuple[Found, ...]:
        """The commands that were in force when control began, of every device that was there since; most of them were
        left by a run that ended badly, and were cancelled. What the equipment did is in the readings.
        """
        return tuple(found for driver in self._drivers.values() for found in driver.writer.found)

    async def arm(self) -> None:
        """Take every device over: find what it was told and cancel it; from then on it may be written to.

        Returns when that is done; devices that are not there are taken over when they come. Armed anew, it also takes
        back what another master holds. Raises NotTakenOverError, disarmed again, where a device that is there keeps to
        what it was told.
        """
        async with self._changing:
            self._armed = True
            await self._settled(Driver.arm)
            refusing = {name: words for name, driver in self._drivers.items() if (words := driver.writer.not_taken)}
            if refusing:
                await self._disarm()
                raise NotTakenOverError(refusing)

    async def disarm(self) -> Mapping[str, Words]:
        """Hand every device back, then send no write function code until armed again.

        Returns the devices that could not be handed back, and why; their watchdogs do it. Called once more, it tries
        these again.
        """
        async with self._changing:
            return await self._disarm()

    async def _disarm(self) -> Mapping[str, Words]:
        self._armed = False
        await self._settled(Driver.disarm)
        now_s = self._clock.elapsed_s()
        alone = {name: driver for name, driver in self._drivers.items() if driver.writer.left_alone}
        return {name: driver.link(now_s).error or _NO_ANSWER for name, driver in alone.items()}

    async def start(self) -> None:
        """Begin to poll; returns when every device has answered once, and been taken over, or is known not to."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(driver.run(), name=f"device {name}") for name, driver in self._drivers.items()]
        self._pacing = loop.create_task(self._pace(), name="devices' pace")
        await asyncio.gather(*(driver.tried.wait() for driver in self._drivers.values()))

    async def stop(self) -> None:
        """Hand every device back as its map says (not armed, say nothing) and close the connections."""
        if self._pacing is None:
            return
        self._pacing.cancel()
        for driver in self._drivers.values():
            driver.stop()
        timeout_s = max((device.timeout_s for device in self._site.devices), default=0.0)
        patience_s = _STOP_ANSWERS * timeout_s + _STOP_WALL_S
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

    def writes(self) -> Mapping[str, Writes]:
        """How often the devices that take commands were written to, by name."""
        budget = self._budget
        return {
            name: Writes(
                driver.writer.sent,
                budget.spent(name),
                budget.limit(name) if driver.writer.persistent else None,
                budget.refused(name),
            )
            for name, driver in self._drivers.items()
            if driver.writer.writes
        }

    def conditions(self) -> Iterator[Condition]:
        """What is wrong that only the devices' side knows: other masters, budgets used up, no watchdog."""
        now_s = self._clock.elapsed_s()
        for name, driver in self._drivers.items():
            yield from conditions_of(name, driver.writer, self._budget, now_s)

    def acknowledge(self, key: str) -> bool:
        """A person has seen one of these conditions: a point that another master held is written again.

        False where the key is none of such a condition.
        """
        kind, _, rest = key.partition(":")
        device, _, point = rest.partition(":")
        driver = self._drivers.get(device)
        if kind != ANOTHER_MASTER or driver is None:
            return False
        role, _, name = point.partition(".")
        return driver.writer.forgive(role, name)

    def _wire(self, host: str, port: int, unit: int, device: str) -> ModbusWire:
        """The wire to an address, shared by all units behind it."""
        names = self._units.setdefault((host, port), {})
        names[unit] = device
        if (host, port) not in self._wires:
            self._wires[host, port] = ModbusWire(host, port, self.frames.tracer(names))
        return self._wires[host, port]

    async def _settled(self, change: Callable[[Driver], None]) -> None:
        for driver in self._drivers.values():
            change(driver)
        for driver in self._drivers.values():
            await driver.writer.settled.wait()

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
