"""Modbus TCP as a server: several units behind one port, each with its own registers and its own link fault.

Written by us because pymodbus's server costs several times as much per request, and because it tags a late answer with
the number of the latest request, which a twin that plays slow devices must not do. See docs/benchmarks.md.
"""

import asyncio
import struct
from collections.abc import Mapping
from typing import ClassVar, Protocol
from weakref import WeakKeyDictionary

from leyden.devices.map import Table
from leyden.model.link_fault import LinkFault

_HEADER = struct.Struct(">HHHB")  # transaction, protocol, length of what follows, unit
_READ = struct.Struct(">HH")
_READS: Mapping[int, Table] = {3: "holding", 4: "input"}
_WRITE_ONE, _WRITE_MANY = 6, 16
_MOST_READ, _MOST_WRITTEN = 125, 123
_LONGEST = 254
"""Unit, function and data; more is no Modbus."""

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE, NOBODY_THERE = 1, 2, 3, 4, 11


class RefuseError(Exception):
    """A unit's answer that it will not, with the Modbus exception code."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(code)


class Unit(Protocol):
    """What answers behind a port."""

    @property
    def link_fault(self) -> LinkFault | None:
        """The fault to play, if any."""
        ...

    def read(self, table: Table, address: int, count: int) -> bytes:
        """Registers in network order; raises RefuseError."""
        ...

    def write(self, address: int, data: bytes) -> None:
        """Take registers in network order; raises RefuseError."""
        ...


class Listener:
    """A port with units behind it. Units that are added at the same host and port share one listener."""

    _there: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, int], "Listener"]]] = (
        WeakKeyDictionary()
    )

    def __init__(self, host: str) -> None:
        self.host = host
        self.port = 0
        self._units: dict[int, Unit] = {}
        self._server: asyncio.Server | None = None
        self._peers: set[_Peer] = set()

    @classmethod
    async def at(cls, host: str, port: int) -> "Listener":
        """The listener at an address, opened where there is none; port 0 lets the system choose a free one."""
        loop = asyncio.get_running_loop()
        there = cls._there.setdefault(loop, {})
        if (host, port) in there:
            return there[host, port]
        listener = cls(host)
        listener._server = await loop.create_server(lambda: _Peer(listener._units, listener._peers), host, port)
        listener.port = listener._server.sockets[0].getsockname()[1]
        there[host, listener.port] = listener
        return listener

    def add(self, number: int, unit: Unit) -> None:
        """Let a unit answer; raises OSError where its number is taken."""
        if number in self._units:
            raise OSError(f"unit {number} at {self.host}:{self.port} is served already")
        self._units[number] = unit

    async def remove(self, unit: Unit) -> None:
        """Take a unit away; without units the port is closed, with every connection to it."""
        for number in [number for number, other in self._units.items() if other is unit]:
            del self._units[number]
        if not self._units and self._server is not None:
            server, self._server = self._server, None
            del self._there[asyncio.get_running_loop()][self.host, self.port]
            server.close()
            self.cut()
            await server.wait_closed()
            await asyncio.sleep(0)  # the connections end with the loop's next turn

    def cut(self) -> None:
        """Break every connection, as a pulled cable or a restarted gateway does."""
        for peer in tuple(self._peers):
            peer.cut()


class _Peer(asyncio.Protocol):
    """One connection."""

    def __init__(self, units: Mapping[int, Unit], peers: "set[_Peer]") -> None:
        self._units = units
        self._peers = peers
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._peers.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._peers.discard(self)

    def cut(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) > _HEADER.size:
            number, protocol, length, unit = _HEADER.unpack_from(self._buffer)
            if protocol != 0 or not 2 <= length <= _LONGEST:
                self.cut()  # not Modbus, or out of step: nothing after this can be trusted
                return
            if len(self._buffer) < length + 6:
                return
            request = bytes(self._buffer[_HEADER.size : length + 6])
            del self._buffer[: length + 6]
            self._serve(number, unit, request)

    def _serve(self, number: int, unit_id: int, request: bytes) -> None:
        unit = self._units.get(unit_id)
        fault = None if unit is None else unit.link_fault
        if fault is not None and fault.kind == "silent":
            return
        refused = fault is not None and fault.kind == "exceptions"
        answer = _exception(request[0], DEVICE_FAILURE) if refused else _answer(unit, request)
        frame = _HEADER.pack(number, 0, len(answer) + 1, unit_id) + answer
        if fault is not None and fault.kind == "slow":
            asyncio.get_running_loop().call_later(fault.delay_s, self._send, frame)
        else:
            self._send(frame)

    def _send(self, frame: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame)


def _exception(function: int, code: int) -> bytes:
    return bytes((function | 0x80, code))


def _answer(unit: Unit | None, request: bytes) -> bytes:
    """The answer to one request, function code first."""
    function = request[0]
    if unit is None:
        return _exception(function, NOBODY_THERE)
    try:
        if function in _READS:
            address, count = _two(request, 5)
            if not 1 <= count <= _MOST_READ:
                raise RefuseError(ILLEGAL_VALUE)
            return bytes((function, 2 * count)) + unit.read(_READS[function], address, count)
        if function == _WRITE_ONE:
            address, _ = _two(request, 5)
            unit.write(address, request[3:5])
            return request
        if function == _WRITE_MANY:
            return _write_many(unit, request)
        raise RefuseError(ILLEGAL_FUNCTION)
    except RefuseError as refused:
        return _exception(function, refused.code)


def _write_many(unit: Unit, request: bytes) -> bytes:
    address, count = _two(request, None)
    if not 1 <= count <= _MOST_WRITTEN or len(request) != 6 + 2 * count or request[5] != 2 * count:
        raise RefuseError(ILLEGAL_VALUE)
    unit.write(address, request[6:])
    return request[:5]


def _two(request: bytes, length: int | None) -> tuple[int, int]:
    if len(request) < 5 or (length is not None and len(request) != length):
        raise RefuseError(ILLEGAL_VALUE)
    first, second = _READ.unpack_from(request, 1)
    return first, second
