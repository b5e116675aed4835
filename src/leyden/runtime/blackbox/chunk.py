"""A minute of cycles in one piece: what was carried into the first, and for each what was seen and what came of it.

A chunk stands by itself: whoever has it can decide its cycles again. In a file one follows another, each with its
length and its checksum, so that a file that ends in the middle of one loses that one only.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from leyden.model.readings import Floats
from leyden.runtime.blackbox.layout import Row, Slot
from leyden.runtime.blackbox.tagged import TaggedError

CHUNK_S = 120.0
"""Site time in one chunk, at most."""
_HEAD = struct.Struct("<4sIIqq")
"""Mark, length, checksum, first and last moment in microseconds."""
_MARK = b"LBX1"
_LEVEL = 6
_SCALES = (1e-3, -1e3, 1e-1, -1e1, 1e-2, -1e2, 1e-4, -1e4)
"""Of what registers count in: times so much, or (negative) by so much; the first that gives back every bit of it makes
a frame of cells eight times smaller."""
_MISSING = -(2**31)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a cycle came to: enough to know whether another came to the same."""

    number: int
    total_w: float
    digest: int
    """Of the whole decision with its trail, 63 bits."""
    setpoints: tuple[tuple[str, float, float, bool], ...]
    """Target, W, var, run."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """One cycle as it was."""

    t_us: int
    elapsed_s: float
    row: Row
    changes: Mapping[str, str]
    """Fields of the context that differ from the cycle before, as tagged JSON; in the first all of them."""
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Chunk:
    """Cycles one after another, of one layout and one set of controllers."""

    slots: tuple[Slot, ...]
    controllers: tuple[str, ...]
    carried: str
    """What the first cycle was given by the one before, as tagged JSON."""
    unkept: tuple[str, ...]
    """Controllers whose state could not be kept, so that their decisions may differ."""
    version: str
    """The Leyden that decided."""
    cycles: tuple[Cycle, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk as it lies in a file."""

    start_us: int
    end_us: int
    content: bytes
    """With its head."""


def pieces(content: bytes) -> Iterator[Piece]:
    """The whole chunks of a file; what comes after a broken one is lost."""
    at = 0
    while at + _HEAD.size <= len(content):
        mark, length, checksum, start_us, end_us = _HEAD.unpack_from(content, at)
        body = content[at + _HEAD.size : at + _HEAD.size + length]
        if mark != _MARK or len(body) != length or zlib.crc32(body) != checksum:
            return
        yield Piece(start_us, end_us, content[at : at + _HEAD.size + length])
        at += _HEAD.size + length


def encode(chunk: Chunk) -> bytes:
    """A chunk as a piece of a file. It must hold a cycle."""
    cycles, blocks = chunk.cycles, []
    numbers = [[c.elapsed_s, c.outcome.total_w, *_flat(c.outcome.setpoints)] for c in cycles]
    whole = np.array([[c.t_us, c.outcome.number, c.outcome.digest] for c in cycles], np.int64)
    values = np.hstack([np.array(numbers), _stack([c.row.values for c in cycles])])
    blocks = [_shuffled(whole), _shuffled(values), _shuffled(_stack([c.row.ages_s for c in cycles]))]
    blocks.append(np.array([c.row.quality for c in cycles], np.uint8).T.tobytes())
    frames = list(_frames(cycles))
    head = {
        "slots": [[s.role, s.thing, list(s.scalars), list(s.arrays)] for s in chunk.slots],
        "controllers": chunk.controllers,
        "carried": chunk.carried,
        "unkept": chunk.unkept,
        "version": chunk.version,
        "cycles": len(cycles),
        "targets": [target for target, *_ in cycles[0].outcome.setpoints],
        "changes": [[at, name, text] for at, c in enumerate(cycles) for name, text in c.changes.items()],
        "frames": [about for about, _ in frames],
    }
    told = orjson.dumps(head)
    body = zlib.compress(b"".join([struct.pack("<I", len(told)), told, *blocks, *(f for _, f in frames)]), _LEVEL)
    return _HEAD.pack(_MARK, len(body), zlib.crc32(body), cycles[0].t_us, cycles[-1].t_us) + body


def decode(piece: bytes) -> Chunk:
    """The chunk of a piece. Raises TaggedError where it is none."""
    try:
        raw = zlib.decompress(piece[_HEAD.size :])
        (length,) = struct.unpack_from("<I", raw)
        head = orjson.loads(raw[4 : 4 + length])
        return _decoded(head, raw, 4 + length)
    except (zlib.error, struct.error, orjson.JSONDecodeError, ValueError, KeyError, TypeError, IndexError) as error:
        raise TaggedError(f"not a piece of a black box: {error}") from None


def _decoded(head: dict[str, Any], raw: bytes, at: int) -> Chunk:
    slots = tuple(Slot(role, thing, tuple(scalars), tuple(arrays)) for role, thing, scalars, arrays in head["slots"])
    n, targets = int(head["cycles"]), head["targets"]
    scalars = sum(len(slot.scalars) for slot in slots)
    stamps = scalars + sum(len(slot.arrays) for slot in slots)
    reader = _Reader(raw, at)
    whole = reader.shuffled(n, 3, np.dtype(np.int64))
    values = reader.shuffled(n, 2 + 3 * len(targets) + scalars, np.dtype(np.float64))
    ages = reader.shuffled(n, stamps, np.dtype(np.float64))
    quality = np.frombuffer(reader.take(n * stamps), np.uint8).reshape(stamps, n).T
    changes: list[dict[str, str]] = [{} for _ in range(n)]
    for row, name, text in head["changes"]:
        changes[row][name] = text
    arrays = _read_frames(head["frames"], reader, n)
    cycles = []
    for i in range(n):
        told = values[i, 2 : 2 + 3 * len(targets)].tolist()
        setpoints = tuple(
            (target, told[3 * k], told[3 * k + 1], bool(told[3 * k + 2])) for k, target in enumerate(targets)
        )
        t_us, number, digest = whole[i].tolist()
        row = Row(values[i, 2 + 3 * len(targets) :], ages[i], quality[i], arrays[i])
        outcome = Outcome(number, float(values[i, 1]), digest, setpoints)
        cycles.append(Cycle(t_us, float(values[i, 0]), row, changes[i], outcome))
    return Chunk(
        slots, tuple(head["controllers"]), head["carried"], tuple(head["unkept"]), head["version"], tuple(cycles)
    )


class _Reader:
    """Blocks one after another."""

    def __init__(self, raw: bytes, at: int) -> None:
        self._raw, self._at = raw, at

    def take(self, size: int) -> bytes:
        """The next bytes. Raises ValueError where there are no more."""
        found = self._raw[self._at : self._at + size]
        if len(found) != size:
            raise ValueError("it ends too soon")
        self._at += size
        return found

    def shuffled(self, rows: int, columns: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        """A table that `_shuffled` wrote."""
        content = np.frombuffer(self.take(rows * columns * 8), np.uint8).reshape(columns, 8, rows)
        return np.ascontiguousarray(content.transpose(2, 0, 1)).view(dtype).reshape(rows, columns)


def _flat(setpoints: Sequence[tuple[str, float, float, bool]]) -> list[float]:
    return [number for _, power_w, reactive_var, run in setpoints for number in (power_w, reactive_var, float(run))]


def _stack(rows: Sequence[Floats]) -> Floats:
    return np.array(rows, np.float64).reshape(len(rows), -1)


def _shuffled(table: NDArray[Any]) -> bytes:
    """Column by column, and of each the highest bytes first: what hardly changes then lies together."""
    rows, columns = table.shape
    content = np.ascontiguousarray(table).view(np.uint8).reshape(rows, columns, 8)
    return content.transpose(1, 2, 0).tobytes()


def _frames(cycles: Sequence[Cycle]) -> Iterator[tuple[list[Any], bytes]]:
    """Every array where it is another one than in the cycle before: what it is, and its bytes."""
    last: dict[str, Floats] = {}
    coded: dict[str, NDArray[np.int32]] = {}
    for at, cycle in enumerate(cycles):
        for name, array in cycle.row.arrays.items():
            before = last.get(name)
            if before is array or (before is not None and _same(before, array)):
                continue
            last[name] = array
            scale, counts = _counted(array)
            if counts is None:
                yield [at, name, list(array.shape), 0.0, False], np.ascontiguousarray(array, np.float64).tobytes()
                coded.pop(name, None)
                continue
            earlier = coded.get(name)
            follows = earlier is not None and earlier.shape == counts.shape
            step = counts - earlier if follows and earlier is not None else counts
            coded[name] = counts
            yield [at, name, list(array.shape), scale, follows], step.astype("<i4").tobytes()


def _same(left: Floats, right: Floats) -> bool:
    return left.shape == right.shape and left.tobytes() == right.tobytes()


def _counted(array: Floats) -> tuple[float, NDArray[np.int32] | None]:
    """The array as whole numbers of some scale, if that gives back every bit of it."""
    known = ~np.isnan(array)
    for scale in _SCALES:
        counts = np.full(array.shape, _MISSING, np.int64)
        with np.errstate(invalid="ignore", over="ignore"):
            counts[known] = np.rint(array[known] / scale if scale > 0.0 else array[known] * -scale)
        if np.abs(counts[known]).max(initial=0) < 1e6 and _same(_valued(counts, scale), array):
            return scale, counts.astype(np.int32)
    return 0.0, None


def _valued(counts: NDArray[Any], scale: float) -> Floats:
    values: Floats = counts * scale if scale > 0.0 else counts / -scale
    values[counts == _MISSING] = np.nan
    return values


def _read_frames(about: Sequence[Any], reader: _Reader, cycles: int) -> list[dict[str, Floats]]:
    """The arrays of every cycle; one stands until the next of its name."""
    coded: dict[str, NDArray[np.int32]] = {}
    changes: list[dict[str, Floats]] = [{} for _ in range(cycles)]
    for at, name, shape, scale, follows in about:
        size = int(np.prod(shape))
        if not scale:
            changes[at][name] = np.frombuffer(reader.take(8 * size), np.float64).reshape(shape)
            continue
        step = np.frombuffer(reader.take(4 * size), "<i4").astype(np.int32).reshape(shape)
        coded[name] = coded[name] + step if follows else step
        changes[at][name] = _valued(coded[name], scale)
    standing: dict[str, Floats] = {}
    found = []
    for change in changes:
        standing = {**standing, **change}
        found.append(standing)
    return found
