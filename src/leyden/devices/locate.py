"""Where the points of a map are in one device: models found, layout and rating of the thing applied."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from leyden.devices.codec import Coding, encode, split
from leyden.devices.map import DeviceMap, Fixed, Place, Poll, ReadPoint, RegisterPoint, Table, WritePoint
from leyden.model.errors import LeydenError
from leyden.model.site import Layout

Bases = Mapping[int, int]
"""SunSpec model -> address of its ID register."""

LAST_ADDRESS = 65535


class MisfitError(LeydenError):
    """A map cannot serve this thing: its layout has no room there, or its rating is not known."""


class MissingFactorError(LeydenError):
    """Something cannot be written because the device does not say its scale factor."""


@dataclass(frozen=True, slots=True)
class Located:
    """A value, or an array of values, at an address."""

    role: str
    name: str
    table: Table
    address: int
    words: int
    """Registers of one value."""
    coding: Coding
    """With the thing's rating in its scale, where the device says shares of it."""
    factor_address: int | None = None
    usual_factor: int = 0
    home: int | None = None
    """The SunSpec model around it, all of whose registers may be read."""
    poll: Poll = "slow"
    shape: tuple[int, ...] | None = None
    """Of an array; None for one value."""
    offsets: NDArray[np.int64] | None = None
    """Of an array: registers from `address` to each value, in C order."""

    def registers(self) -> NDArray[np.int64]:
        """Every register's address, in the order in which they hold the value or the array."""
        firsts = np.zeros(1, np.int64) if self.offsets is None else self.offsets
        return (self.address + firsts[:, None] + np.arange(self.words)).reshape(-1)


Frame = tuple[int, tuple[int, ...]]
"""Registers to be written in one request: address and contents."""


Factors = Mapping[int, int | None]
"""Newest scale factor by the address of its register."""


@dataclass(frozen=True, slots=True)
class LocatedFixed:
    """Registers with a fixed number, or with the time that a command lasts, at their address."""

    address: int
    fixed: Fixed
    factor_address: int | None

    def frame(self, factors: Factors, lasts_s: float = 0.0) -> Frame:
        """What they must hold; `lasts_s` is how long a command is to last. Raises MissingFactorError."""
        said = self.fixed
        if said.lasts_s is None and self.factor_address is None:
            bits = said.value & (1 << said.type.bits) - 1  # a minus one is all bits, whatever the type
            return self.address, split(bits, said.type.words, said.low_word_first)
        number = float(said.value) if said.lasts_s is None else math.ceil(lasts_s / said.lasts_s - 1e-9)
        coding = Coding(said.type, said.low_word_first)
        registers = encode(coding, number, factor_at(factors, self.factor_address))
        assert registers is not None
        return self.address, registers


@dataclass(frozen=True, slots=True)
class LocatedWrite:
    """Something that can be written, at its address."""

    point: Located
    about: WritePoint
    before: tuple[LocatedFixed, ...]
    after: tuple[LocatedFixed, ...]
    release: tuple[LocatedFixed, ...]

    def frames(self, value: float, factors: Factors, lasts_s: float = 0.0) -> tuple[Frame, ...]:
        """What to write for a value, in order; neighbours in ascending order go out together. The value is no nan.

        Raises MissingFactorError.
        """
        point = self.point
        registers = encode(point.coding, value, factor_at(factors, point.factor_address))
        if registers is None:
            raise ValueError(f"{point.name} cannot be {value}")
        before = [fixed.frame(factors, lasts_s) for fixed in self.before]
        after = [fixed.frame(factors, lasts_s) for fixed in self.after]
        return _merged([*before, (point.address, registers), *after])

    def needed(self, factors: Factors) -> tuple[Frame, ...]:
        """What must hold for the value to be in force. Raises MissingFactorError."""
        return tuple(one.frame(factors) for one in (*self.before, *self.after) if one.fixed.lasts_s is None)

    def released(self, factors: Factors) -> tuple[Frame, ...]:
        """What holds when the value is out of force; nothing where nobody says. Raises MissingFactorError."""
        return _merged(one.frame(factors) for one in self.release)

    @property
    def factor_addresses(self) -> frozenset[int]:
        """The scale factors that it takes to write it."""
        fixed = (one.factor_address for one in (*self.before, *self.after, *self.release))
        return frozenset(address for address in (self.point.factor_address, *fixed) if address is not None)


@dataclass(frozen=True, slots=True)
class Locator:
    """Applies what is known of one device and the thing it speaks for."""

    map: DeviceMap
    bases: Bases
    layout: Layout | None = None
    rated_w: float | None = None

    def reads(self, role: str) -> tuple[Located, ...]:
        """The points of a role's reading that this device has. Raises MisfitError."""
        points = [self._read(role, point) for point in self.map.roles[role].read.values() if self._has(point.place)]
        self._check_room(points)
        return tuple(points)

    def writes(self, role: str) -> Mapping[str, LocatedWrite]:
        """What can be written to this device in a role. Raises MisfitError."""
        there = [point for point in self.map.roles[role].write.values() if self._has(point.place)]
        return {point.name: self._write(role, point) for point in there}

    def rated(self, role: str) -> Located | None:
        """Where the device says of what its shares are; None where it does not."""
        point = self.map.roles[role].rated
        return None if point is None or not self._has(point.place) else self._located(role, point)

    def identity(self) -> Mapping[str, tuple[int, int]]:
        """Name -> address and number of registers of the strings that tell what the device is."""
        there = {name: point for name, point in self.map.identity.items() if self._has(point.place)}
        return {name: (self.address(point.place), point.words) for name, point in there.items()}

    def address(self, place: Place) -> int:
        """Where a place is in this device."""
        return place.offset if place.model is None else self.bases[place.model] + place.offset

    def _has(self, place: Place) -> bool:
        return place.model is None or place.model in self.bases

    def _read(self, role: str, point: ReadPoint) -> Located:
        located = self._located(role, point)
        if not point.axes:
            return replace(located, poll=point.poll)
        if self.layout is None:
            raise MisfitError(f"{self.map.name}: {role}.{point.name} needs a layout: rack, module and cell")
        shape = tuple(int(getattr(self.layout, axis)) for axis in point.axes)
        return replace(located, poll=point.poll, shape=shape, offsets=_offsets(point, shape))

    def _located(self, role: str, point: RegisterPoint) -> Located:
        coding = point.coding
        if point.share_of_rating:
            if self.rated_w is None:
                raise MisfitError(
                    f"{self.map.name}: {role}.{point.name} is a share of the rated power, which nobody says"
                )
            coding = replace(coding, scale=coding.scale * self.rated_w)
        return Located(
            role=role,
            name=point.name,
            table=point.place.table,
            address=self.address(point.place),
            words=point.words,
            coding=coding,
            factor_address=None if point.factor is None else self.address(point.factor),
            usual_factor=point.usual_factor,
            home=point.place.model,
        )

    def _write(self, role: str, point: WritePoint) -> LocatedWrite:
        return LocatedWrite(
            point=self._located(role, point),
            about=point,
            before=self._fixed(point.before),
            after=self._fixed(point.after),
            release=self._fixed(point.release or ()),
        )

    def _fixed(self, fixed: Sequence[Fixed]) -> tuple[LocatedFixed, ...]:
        return tuple(
            LocatedFixed(self.address(one.place), one, None if one.factor is None else self.address(one.factor))
            for one in fixed
        )

    def _check_room(self, points: Sequence[Located]) -> None:
        """Arrays take as much room as the layout asks for: none may run into its neighbour."""
        for table in {point.table for point in points}:
            spans = sorted((*_span(point), point.name, point.shape) for point in points if point.table == table)
            for (_, last, name, shape), (first, _, other, _) in pairwise(spans):
                if last >= first and shape is not None:
                    raise MisfitError(f"{self.map.name}: {name} runs into {other} at {first}: too many cells for it")
            if spans and max(last for _, last, _, _ in spans) > LAST_ADDRESS:
                raise MisfitError(f"{self.map.name}: registers beyond {LAST_ADDRESS}: too many cells for it")


def factor_at(factors: Factors, address: int | None) -> int:
    """A scale factor; 0 where none belongs to the value. Raises MissingFactorError where the device does not say it."""
    if address is None:
        return 0
    factor = factors.get(address)
    if factor is None:
        raise MissingFactorError
    return factor


def _span(point: Located) -> tuple[int, int]:
    registers = point.registers()
    return int(registers.min()), int(registers.max())


def _offsets(point: ReadPoint, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Registers from the first value to each: packed from the innermost axis out, unless the map says a stride."""
    offsets = np.zeros(shape, np.int64)
    step = point.words
    for axis, length in zip(reversed(point.axes), reversed(range(len(shape))), strict=True):
        step = point.stride.get(axis, step)
        along = [1] * len(shape)
        along[length] = shape[length]
        offsets = offsets + (step * np.arange(shape[length])).reshape(along)
        step *= shape[length]
    return offsets.reshape(-1)


def _merged(frames: Iterable[Frame]) -> tuple[Frame, ...]:
    merged: list[Frame] = []
    for address, registers in frames:
        if merged and merged[-1][0] + len(merged[-1][1]) == address:
            merged[-1] = (merged[-1][0], merged[-1][1] + registers)
        else:
            merged.append((address, registers))
    return tuple(merged)
