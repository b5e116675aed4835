"""A device that is not there: a Modbus TCP server made of the same map that the driver reads with."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leyden.devices.codec import decode, encode, encode_array, encode_text, factor_of, fitting_factor, split
from leyden.devices.locate import Factors, Frame, Located, LocatedWrite, Locator, MissingFactorError
from leyden.devices.map import DeviceMap, Table
from leyden.devices.registers import Registers
from leyden.devices.sunspec import laid_out
from leyden.devices.things import Thing, things_of
from leyden.devices.wire.modbus_server import ILLEGAL_VALUE, Listener, RefuseError
from leyden.model.address import Address
from leyden.model.link_fault import LinkFault
from leyden.model.readings import Reading
from leyden.model.site import Device, Layout, Site

WriteHandler = Callable[[str, Mapping[str, float]], None]
"""Role and what was written to it, in SI and by the one sign rule."""

RATED_W = 1e6
"""What a device says of its rating where nobody says better."""

_LATCH_S = 1.0
"""A frame of cells is made when its first register is read, and again after so long of wall time."""


class DeviceServer:
    """Poses as one device: answers reads from the newest readings, hands writes on, plays faults of the link."""

    def __init__(
        self,
        device: Device,
        device_map: DeviceMap,
        layout: Layout | None = None,
        *,
        rated_w: Mapping[str, float] | None = None,
        roles: Sequence[str] | None = None,
    ) -> None:
        """`rated_w` by role, for maps that say shares of it; `roles` that it plays, all of its map's unless said.

        A device that says its rating itself says RATED_W where none is given. Raises MisfitError where the map has no
        room for the layout, or a device that does not say its rating needs one.
        """
        self.device = device
        self.map = device_map
        self.on_write: WriteHandler | None = None
        self.fault: LinkFault | None = None
        """The link fault to play, or None."""
        says = {role: RATED_W for role, said in device_map.roles.items() if said.rated is not None}
        ratings = {**says, **(rated_w or {})}
        names = tuple(device_map.roles) if roles is None else tuple(roles)
        self._listener: Listener | None = None
        self._tables: dict[Table, Registers] = {"holding": Registers(), "input": Registers()}
        self._bases = self._lay_out()
        locators = {role: Locator(device_map, self._bases, layout, ratings.get(role)) for role in names}
        self._roles = {role: _Role(self._tables, locator.reads(role)) for role, locator in locators.items()}
        for role in sorted(locators, key=lambda role: role in (rated_w or {})):  # roles may share the register
            self._put_rating(locators[role].rated(role), ratings.get(role, RATED_W))
        self._spots = [
            _Spot(role, write, self._tables["holding"])
            for role, locator in locators.items()
            for write in locator.writes(role).values()
        ]
        for registers in self._tables.values():
            registers.bridge(device_map.gap)

    @classmethod
    def for_site(cls, site: Site, name: str, device_map: DeviceMap) -> "DeviceServer":
        """The server of a site's device: its layout, ratings and roles are the site's."""
        things: tuple[Thing, ...] = things_of(site, name)
        return cls(
            site.device(name),
            device_map,
            next((thing.layout for thing in things if thing.layout is not None), None),
            rated_w={thing.role: thing.rated_w for thing in things if thing.rated_w is not None},
            roles=[thing.role for thing in things],
        )

    async def start(self, host: str | None = None, port: int | None = None) -> int:
        """Listen at the device's own address unless another is given; returns the port (0 lets the system choose).

        Where another server listens at this host and port already, this one joins it as a unit of its own.
        """
        address = Address.from_text(self.device.at)
        where = address.host if host is None else host, address.port if port is None else port
        self._listener = await Listener.at(*where)
        self._listener.add(address.unit, self)
        return self._listener.port

    async def stop(self) -> None:
        """No longer answer; the last server behind a port closes it."""
        if self._listener is not None:
            await self._listener.remove(self)
            self._listener = None

    def cut(self) -> None:
        """Break every connection once, as a pulled cable does; the port stays open."""
        if self._listener is not None:
            self._listener.cut()

    def update(self, role: str, reading: Reading) -> None:
        """Take over what the thing measures now. Cheap: what did not change is not encoded, cells only when read."""
        self._roles[role].update(reading)

    @property
    def link_fault(self) -> LinkFault | None:
        """The fault to play, as the listener asks for it."""
        return self.fault

    def read(self, table: Table, address: int, count: int) -> bytes:
        """Registers in network order; raises RefuseError."""
        for role in self._roles.values():
            role.freshen(table, address, count)
        return self._tables[table].answer(address, count)

    def write(self, address: int, data: bytes) -> None:
        """Take registers from outside and hand on what they mean; raises RefuseError and then changes nothing."""
        holding = self._tables["holding"]
        before = holding.take(address, data)
        written: dict[str, dict[str, float]] = {}
        for spot in self._spots:
            value = spot.value(address, len(data) // 2, before) if self._roles[spot.role].known else None
            if value is not None:
                if value != value:
                    holding.take(address, before)
                    raise RefuseError(ILLEGAL_VALUE)
                written.setdefault(spot.role, {})[spot.write.point.name] = value
        for role, values in written.items():
            self._roles[role].forget()
            if self.on_write is not None:
                self.on_write(role, values)

    def _put_rating(self, point: Located | None, rated_w: float) -> None:
        if point is not None:
            registers = self._tables[point.table]
            registers.define(point.address, point.words)
            if point.factor_address is not None:
                registers.define(point.factor_address, 1)
            _put(registers, [point], [rated_w])

    def _lay_out(self) -> Mapping[int, int]:
        """The SunSpec chain and the device's identity; nothing where the map has neither."""
        holding = self._tables["holding"]
        bases: Mapping[int, int] = {}
        if self.map.models:
            bases, chain = laid_out(self.map.models)
            for model in self.map.models:
                base = bases[model.id]
                holding.define(base, model.length + 2)
                for absent in model.absent:
                    bits = split(absent.type.missing, absent.type.words, low_word_first=False)
                    holding.put(base + absent.offset, bits * absent.count)
                holding.put_all({base + offset: value for offset, value in model.constants.items()})
            holding.put_all(chain)
        says = {"maker": "Leyden", "model": self.map.name, "serial": self.device.name}
        for name, (address, words) in Locator(self.map, bases).identity().items():
            holding.define(address, words)
            holding.put(address, encode_text(says.get(name, ""), words))
        return bases


@dataclass
class _Array:
    """An array point, and the newest values of it that nobody has asked for yet."""

    point: Located
    registers: NDArray[np.int64]
    first: int
    last: int
    waiting: NDArray[np.float64] | None = None
    latched_s: float = 0.0


class _Role:
    """What one role's readings put into the registers."""

    def __init__(self, tables: Mapping[Table, Registers], points: Sequence[Located]) -> None:
        self.known = False
        """Whether there has been a reading; only a role that is played takes writes."""
        self._tables = tables
        self._groups: dict[tuple[Table, int | None], list[Located]] = {}
        self._arrays: list[_Array] = []
        self._seen: dict[tuple[Table, int | None], list[float]] = {}
        for point in points:
            registers = point.registers()
            if point.shape is None:
                self._groups.setdefault((point.table, point.factor_address), []).append(point)
            else:
                self._arrays.append(_Array(point, registers, int(registers.min()), int(registers.max())))
            for address in registers.tolist() if point.shape is not None else (point.address,):
                tables[point.table].define(address, point.words if point.shape is None else 1)
            if point.factor_address is not None:
                tables[point.table].define(point.factor_address, 1)
        self._put_missing()

    def update(self, reading: Reading) -> None:
        self.known = True
        for key, points in self._groups.items():
            values = [float(getattr(reading, point.name)) for point in points]
            if self._seen.get(key) != values:
                self._seen[key] = values
                _put(self._tables[key[0]], points, values)
        for array in self._arrays:
            array.waiting = getattr(reading, array.point.name)

    def forget(self) -> None:
        """Somebody wrote registers: the next reading says again what holds, even where it did not change."""
        self._seen.clear()

    def freshen(self, table: Table, address: int, count: int) -> None:
        """Encode the cells that a read is about to take; the frame stands still while the rest of it is read."""
        for array in self._arrays:
            if array.waiting is None or table != array.point.table or array.last < address:
                continue
            now_s = time.monotonic()
            begins = address <= array.first < address + count
            if address + count > array.first and (begins or now_s - array.latched_s > _LATCH_S):
                self._put_array(array, array.waiting)
                array.waiting, array.latched_s = None, now_s

    def _put_missing(self) -> None:
        for key, points in self._groups.items():
            _put(self._tables[key[0]], points, [float("nan")] * len(points))
        for array in self._arrays:
            self._put_array(array, np.empty(0))

    def _put_array(self, array: _Array, values: NDArray[np.float64]) -> None:
        point = array.point
        whole = (values if values.shape == point.shape else np.full(point.shape or (), np.nan)).reshape(-1)
        sayable = slice(None) if point.coding.missing else whole == whole
        registers = encode_array(point.coding, whole[sayable], point.usual_factor)
        addresses = array.registers.reshape(-1, point.words)[sayable].reshape(-1)
        self._tables[point.table].scatter(addresses, registers)


def _put(registers: Registers, points: Sequence[Located], values: Sequence[float]) -> None:
    """Points that share a scale factor (or have none), with the least factor that holds them all."""
    factor_address = points[0].factor_address
    factor = 0
    if factor_address is not None:
        factor = max(
            fitting_factor(point.coding, value, point.usual_factor) for point, value in zip(points, values, strict=True)
        )
        registers.put(factor_address, (factor & 0xFFFF,))
    for point, value in zip(points, values, strict=True):
        words = encode(point.coding, value, factor)
        if words is not None:  # a device that cannot say "missing" goes on saying what it said
            registers.put(point.address, words)


class _Spot:
    """Something that can be written, as the device sees it."""

    def __init__(self, role: str, write: LocatedWrite, holding: Registers) -> None:
        self.role = role
        self.write = write
        self._holding = holding
        fixed = (*write.before, *write.after)
        around = [(one.address, one.fixed.type.words) for one in fixed if one.fixed.lasts_s is None]
        self._spans = [(write.point.address, write.point.words), *around]
        released = [(one.address, one.fixed.type.words) for one in write.release]
        lasting = [(one.address, one.fixed.type.words) for one in fixed if one.fixed.lasts_s is not None]
        for address, words in (*self._spans, *released, *lasting):
            holding.open(address, words)
        self._releases = released

    def value(self, address: int, count: int, before: bytes) -> float | None:
        """What is in force after registers were written, None where that does not concern it; `before` stood there.

        A value works once everything around it holds, and works anew when any of it is written again: a set-point
        written before its enabling takes effect with it, and enabling again feeds a watchdog. One that is released is
        a limit of inf, or zero.
        """
        touched = any(at < address + count and address < at + words for at, words in self._spans)
        factors = {at: factor_of(self._holding.get(at, 1)[0]) for at in self.write.factor_addresses}
        if touched and self._holds(self.write.needed, factors):
            point = self.write.point
            factor = 0 if point.factor_address is None else factors[point.factor_address]
            return decode(point.coding, self._holding.get(point.address, point.words), factor)
        if self._is_released(address, before, factors):
            return math.inf if self.write.point.name == "limit_w" else 0.0
        return None

    def _holds(self, frames: Callable[[Factors], Sequence[Frame]], factors: Factors) -> bool:
        try:
            return self._holding.holds(frames(factors))
        except MissingFactorError:
            return False

    def _is_released(self, address: int, before: bytes, factors: Factors) -> bool:
        """Whether these registers were just given what takes the value out of force, and something else before."""
        if not self._releases or not self._holds(self.write.released, factors):
            return False
        return any(
            self._holding.answer(at, words) != before[2 * (at - address) : 2 * (at - address + words)]
            for at, words in self._releases
            if address <= at and at + words <= address + len(before) // 2
        )
