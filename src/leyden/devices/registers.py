"""The registers of a device that our server poses as."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from leyden.devices.wire.modbus_server import ILLEGAL_ADDRESS, RefuseError

_SIZE = 65536


class Registers:
    """One Modbus table, in network order, so that an answer is a slice of it."""

    def __init__(self) -> None:
        self._data = bytearray(2 * _SIZE)
        self._there = bytearray(_SIZE)
        self._writable = bytearray(_SIZE)
        self._words: NDArray[np.uint16] = np.frombuffer(self._data, dtype=">u2")

    def define(self, address: int, count: int) -> None:
        """Registers that exist."""
        self._there[address : address + count] = b"\1" * count

    def open(self, address: int, count: int) -> None:
        """Registers that exist and may be written from outside."""
        self.define(address, count)
        self._writable[address : address + count] = b"\1" * count

    def bridge(self, gap: int) -> None:
        """Let holes of up to `gap` registers between those that exist be read along, as the map says they can be."""
        there = np.flatnonzero(np.frombuffer(self._there, np.uint8))
        for before, hole in zip(there, np.diff(there) - 1, strict=False):
            if 0 < hole <= gap:
                self.define(int(before) + 1, int(hole))

    def get(self, address: int, count: int) -> list[int]:
        """Contents as numbers."""
        found: list[int] = self._words[address : address + count].tolist()
        return found

    def put(self, address: int, registers: Sequence[int]) -> None:
        """Set contents."""
        at = 2 * address
        for register in registers:
            self._data[at] = register >> 8
            self._data[at + 1] = register & 0xFF
            at += 2

    def put_all(self, registers: Mapping[int, int]) -> None:
        """Define single registers and set them."""
        for address, register in registers.items():
            self.define(address, 1)
            self.put(address, (register,))

    def scatter(self, addresses: NDArray[np.int64], registers: NDArray[np.uint16]) -> None:
        """Set many registers at once."""
        self._words[addresses] = registers

    def answer(self, address: int, count: int) -> bytes:
        """What a reader gets; raises RefuseError where a register does not exist."""
        if address + count > _SIZE or self._there.find(0, address, address + count) >= 0:
            raise RefuseError(ILLEGAL_ADDRESS)
        return bytes(self._data[2 * address : 2 * (address + count)])

    def take(self, address: int, data: bytes) -> bytes:
        """What a writer puts, returning what stood there; raises RefuseError where it may not."""
        count = len(data) // 2
        if address + count > _SIZE or self._writable.find(0, address, address + count) >= 0:
            raise RefuseError(ILLEGAL_ADDRESS)
        before = bytes(self._data[2 * address : 2 * (address + count)])
        self._data[2 * address : 2 * (address + count)] = data
        return before

    def holds(self, frames: Iterable[tuple[int, tuple[int, ...]]]) -> bool:
        """Whether registers hold what they must."""
        return all(tuple(self.get(address, len(registers))) == registers for address, registers in frames)
