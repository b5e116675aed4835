"""Which registers to ask for together: neighbours are merged into blocks of at most 125 registers.

A block costs a round trip, about as much as reading a hundred registers more, so gaps are read along where that is
allowed: a few registers anywhere (`gap` in the map), any number inside one SunSpec model, whose registers can all be
read. A value and its scale factor always come in one block: a device may change both between two reads.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from leyden.devices.locate import Located, MisfitError
from leyden.devices.map import Poll, Table

MOST_REGISTERS = 125
"""In one read; a limit of Modbus itself."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value in a block."""

    point: Located
    at: int
    factor_at: int | None


@dataclass(frozen=True, slots=True)
class Block:
    """Registers read in one request, and the single values in it."""

    table: Table
    address: int
    count: int
    scalars: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True)
class ArrayPart:
    """An array, and where each of its registers comes from in the blocks of its sweep laid end to end."""

    point: Located
    blocks: tuple[int, ...]
    """The blocks that it takes."""
    at: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sweep:
    """All blocks of one poll class. Single values are taken over block by block, arrays when all of it has come."""

    poll: Poll
    blocks: tuple[Block, ...]
    arrays: tuple[ArrayPart, ...] = ()
    starts: tuple[int, ...] = field(default=())
    """Of each block, where it begins when all are laid end to end."""


@dataclass(frozen=True, slots=True)
class _Span:
    table: Table
    first: int
    last: int
    home: int | None


def sweep_of(poll: Poll, points: Sequence[Located], gap: int) -> Sweep:
    """The blocks that hold the points of one poll class. Raises MisfitError where a scale factor is too far off."""
    mine = [point for point in points if point.poll == poll]
    spans = [span for point in mine for span in _spans(point)]
    places = _merged(sorted(spans, key=lambda span: (span.table, span.first, span.last)), gap)
    scalars: dict[int, list[Scalar]] = {}
    for point in mine:
        if point.shape is None:
            index, scalar = _placed(point, places)
            scalars.setdefault(index, []).append(scalar)
    blocks = tuple(
        Block(span.table, span.first, span.last - span.first + 1, tuple(scalars.get(index, ())))
        for index, span in enumerate(places)
    )
    starts = tuple(int(start) for start in np.cumsum([0, *(block.count for block in blocks)])[:-1])
    arrays = tuple(_array(point, blocks, starts) for point in mine if point.shape is not None)
    return Sweep(poll, blocks, arrays, starts)


def _spans(point: Located) -> Iterator[_Span]:
    """The registers of a point as spans that fit into a block each."""
    if point.shape is None:
        last = point.address + point.words - 1
        ends = (point.address, last, point.address if point.factor_address is None else point.factor_address)
        if max(ends) - min(ends) >= MOST_REGISTERS:
            raise MisfitError(f"{point.name}: its scale factor is further than {MOST_REGISTERS} registers away")
        yield _Span(point.table, min(ends), max(ends), point.home)
        return
    registers = np.sort(point.registers())
    breaks = np.flatnonzero(np.diff(registers) > 1) + 1
    fitting = MOST_REGISTERS - MOST_REGISTERS % point.words
    for run in np.split(registers, breaks):
        for first in range(int(run[0]), int(run[-1]) + 1, fitting):
            yield _Span(point.table, first, min(first + fitting - 1, int(run[-1])), point.home)


def _merged(spans: Sequence[_Span], gap: int) -> list[_Span]:
    merged: list[_Span] = []
    for span in spans:
        last = merged[-1] if merged else None
        if last is not None and _mergeable(last, span, gap):
            merged[-1] = _Span(last.table, last.first, max(last.last, span.last), last.home)
        else:
            merged.append(span)
    return merged


def _mergeable(left: _Span, right: _Span, gap: int) -> bool:
    if left.table != right.table or max(left.last, right.last) - left.first >= MOST_REGISTERS:
        return False
    same_model = left.home is not None and left.home == right.home
    return same_model or right.first - left.last - 1 <= gap


def _placed(point: Located, places: Sequence[_Span]) -> tuple[int, Scalar]:
    span = next(_spans(point))
    index = next(
        index
        for index, place in enumerate(places)
        if place.table == span.table and place.first <= span.first and span.last <= place.last
    )
    first = places[index].first
    factor_at = None if point.factor_address is None else point.factor_address - first
    return index, Scalar(point, point.address - first, factor_at)


def _array(point: Located, blocks: Sequence[Block], starts: Sequence[int]) -> ArrayPart:
    registers = point.registers()
    at = np.full(registers.shape, -1, np.int64)
    used = []
    for index, block in enumerate(blocks):
        inside = (block.address <= registers) & (registers < block.address + block.count) & (at < 0)
        if block.table == point.table and inside.any():
            at[inside] = registers[inside] - block.address + starts[index]
            used.append(index)
    return ArrayPart(point, tuple(used), at)
