"""One connection to one device: where its points are, and how to read and write them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from leyden.devices.blocks import Block, Sweep, sweep_of
from leyden.devices.codec import Words16, decode, decode_array, decode_text, factor_of
from leyden.devices.locate import Bases, Frame, Located, LocatedWrite, Locator, MissingFactorError
from leyden.devices.map import POLLS, DeviceMap, Poll, Table
from leyden.devices.sunspec import bases_of, walk
from leyden.devices.things import Thing
from leyden.devices.wire.errors import RefusedError, WireError
from leyden.devices.wire.modbus import ModbusWire
from leyden.model.readings import Floats
from leyden.model.words import Words, printed_value


class NoFactorError(WireError):
    """A point cannot be written because the device does not say its scale factor."""

    def __init__(self, name: str) -> None:
        super().__init__(Words(f"{name}:设备未给出比例因子", f"{name}: the device gives no scale factor"))


class ShutError(RuntimeError):
    """Somebody wanted to write to a device that is not to be written to: a mistake of ours, stopped at the gate."""


@dataclass(slots=True)
class Port:
    """A unit behind a wire."""

    wire: ModbusWire
    unit: int
    timeout_s: float
    open: bool = False
    """Whether it may be written to. Nothing else lets a write through."""
    writes: int = 0
    """Write requests sent so far."""

    async def read(self, table: Table, address: int, count: int) -> list[int]:
        """Registers; raises a WireError."""
        return await self.wire.read(self.unit, table, address, count, self.timeout_s)

    async def write(self, address: int, registers: tuple[int, ...]) -> None:
        """Put registers; raises a WireError, or ShutError."""
        if not self.open:
            raise ShutError
        self.writes += 1
        await self.wire.write(self.unit, address, registers, self.timeout_s)

    async def find(self, address: int, count: int) -> list[int] | None:
        """Holding registers, or None where the device says it has none there."""
        try:
            return await self.read("holding", address, count)
        except RefusedError as refused:
            if refused.code == _NO_ADDRESS:
                return None
            raise


_NO_ADDRESS = 2


@dataclass(slots=True)
class Session:
    """A device as it was found when it was connected."""

    port: Port
    sweeps: Mapping[Poll, Sweep]
    reads: Mapping[tuple[str, str], Located]
    writes: Mapping[str, Mapping[str, LocatedWrite]]
    identity: Mapping[str, str]
    factors: dict[int, int | None] = field(default_factory=dict)
    """Newest scale factor by the address of its register."""
    full_w: Mapping[str, float] = field(default_factory=dict)
    """By role: the power of which nothing is a limit any more."""

    @classmethod
    async def open(cls, port: Port, device_map: DeviceMap, things: Sequence[Thing]) -> "Session":
        """Connect, walk the SunSpec chain if there is one, and place every point.

        Raises WireError, ChainError, or MisfitError.
        """
        bases = bases_of(device_map, await walk(port.find)) if device_map.models else {}
        locators = {thing.role: await _located(port, device_map, bases, thing) for thing in things}
        points = [point for role, locator in locators.items() for point in locator.reads(role)]
        writes = {role: locator.writes(role) for role, locator in locators.items()}
        watched = [_echo_of(write) for of in writes.values() for write in of.values() if _is_watched(write)]
        session = cls(
            port=port,
            sweeps={poll: sweep_of(poll, [*points, *watched], device_map.gap) for poll in POLLS},
            reads={(point.role, point.name): point for point in points},
            writes=writes,
            identity=await _identity(port, Locator(device_map, bases).identity()),
            full_w={role: locator.rated_w for role, locator in locators.items() if locator.rated_w is not None},
        )
        for of in writes.values():
            for write in of.values():
                for address in sorted(write.factor_addresses):
                    await session._learn_factor(address)
        return session

    def decoded(self, block: Block, registers: Sequence[int]) -> list[tuple[str, str, float]]:
        """Role, name and value of each single value in a block."""
        found = []
        for scalar in block.scalars:
            point = scalar.point
            factor: int | None = 0
            if scalar.factor_at is not None and point.factor_address is not None:
                factor = self.factors[point.factor_address] = factor_of(registers[scalar.factor_at])
            value = decode(point.coding, registers[scalar.at : scalar.at + point.words], factor)
            found.append((point.role, point.name, value))
        return found

    def array(self, point: Located, words: Words16) -> Floats:
        """The values of an array point from its registers in order, in its shape."""
        return decode_array(point.coding, words, self._factor(point)).reshape(point.shape or ())

    def resolution(self, role: str, name: str) -> float:
        """The step in which a written point can be said, in SI."""
        point = self.writes[role][name].point
        return point.coding.resolution(self._factor(point) or 0)

    async def put(self, role: str, name: str, value: float, lasts_s: float = 0.0) -> None:
        """Write a value, step by step as its map says; a limit of inf takes it away. Raises WireError.

        `lasts_s` is how long a command that carries its own end is to last.
        """
        write = self.writes[role][name]
        try:
            frames = write.frames(self.held(role, value), self.factors, lasts_s)
            frames = frames if math.isfinite(value) else (*frames, *write.released(self.factors))
        except MissingFactorError:
            raise NoFactorError(name) from None
        await self._send(frames)

    async def release(self, role: str, name: str) -> None:
        """Give a command back to the device's own mode. Raises WireError."""
        try:
            frames = self.writes[role][name].released(self.factors)
        except MissingFactorError:
            raise NoFactorError(name) from None
        await self._send(frames)

    async def in_force(self, role: str, name: str) -> bool:
        """Whether the device follows this command; True where it has no way to say. Raises WireError."""
        for address, registers in self.writes[role][name].released(self.factors):
            if tuple(await self.port.read("holding", address, len(registers))) != registers:
                return True
        return not self.writes[role][name].release

    def held(self, role: str, value: float) -> float:
        """What the registers hold for a value: rated power, where a limit is taken away."""
        return value if math.isfinite(value) else self.full_w.get(role, value)

    async def _send(self, frames: Sequence[Frame]) -> None:
        for address, registers in frames:
            await self.port.write(address, registers)

    async def echo(self, role: str, name: str) -> float | None:
        """What the device says of a value just written; None where its map knows no way to ask. Raises WireError."""
        write = self.writes[role][name]
        if write.about.read_back == "none":
            return None
        point = self.reads.get((role, write.about.read_back), write.point)
        value, factor = await _value(self.port, point)
        if point.factor_address is not None:
            self.factors[point.factor_address] = factor
        return value

    def _factor(self, point: Located) -> int | None:
        return 0 if point.factor_address is None else self.factors.get(point.factor_address)

    async def _learn_factor(self, address: int | None) -> None:
        if address is not None and address not in self.factors:
            registers = await self.port.find(address, 1)
            self.factors[address] = None if registers is None else factor_of(registers[0])


WRITTEN = ".written"
"""Behind the role of a point that is read only to see whether a register still holds what was written."""


def _is_watched(write: LocatedWrite) -> bool:
    return write.about.read_back == "registers" and write.point.name != "run"


def _echo_of(write: LocatedWrite) -> Located:
    return replace(write.point, role=write.point.role + WRITTEN, poll="slow")


async def _value(port: Port, point: Located) -> tuple[float, int | None]:
    """One value and the scale factor that came with it, in one request."""
    first, last = point.address, point.address + point.words - 1
    if point.factor_address is not None:
        first, last = min(first, point.factor_address), max(last, point.factor_address)
    registers = await port.read(point.table, first, last - first + 1)
    factor = 0 if point.factor_address is None else factor_of(registers[point.factor_address - first])
    at = point.address - first
    return decode(point.coding, registers[at : at + point.words], factor), factor


async def _located(port: Port, device_map: DeviceMap, bases: Bases, thing: Thing) -> Locator:
    """The map placed for one thing; the rating that the device says comes before the one of site.toml."""
    locator = Locator(device_map, bases, thing.layout, thing.rated_w)
    rated = locator.rated(thing.role)
    if rated is None:
        return locator
    rated_w, _ = await _value(port, rated)
    return replace(locator, rated_w=rated_w) if rated_w > 0.0 else locator


async def _identity(port: Port, places: Mapping[str, tuple[int, int]]) -> Mapping[str, str]:
    found = {}
    for name, (address, words) in places.items():
        registers = await port.find(address, words)
        found[name] = "" if registers is None else decode_text(registers)
    return found


def not_followed(name: str, wanted: float, said: float) -> Words:
    """What to say where a device does not hold what was written to it."""
    zh_wanted, zh_said = printed_value(name, wanted, "zh"), printed_value(name, said, "zh")
    en_wanted, en_said = printed_value(name, wanted, "en"), printed_value(name, said, "en")
    return Words(
        f"回读不符:{name} 写入 {zh_wanted},设备为 {zh_said}",
        f"read-back: {name} was set to {en_wanted}, the device says {en_said}",
    )
