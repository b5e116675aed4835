"""Many rows as one small piece: what a day still open is kept as.

Written one by one, a row of 40 points costs 1.2 kB in the database's log, and a decision 650 bytes; a minute of them
together costs a tenth of it, and so does a home's flash card. A piece holds whole columns, their bytes sorted by
significance (all first bytes, all second bytes, ...) so that what changes little costs little, then zstd.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from leyden.history.record.aggregate import Floats, Rows
from leyden.history.record.rows import DecisionRow, ReadingRow

_ZSTD = pa.Codec("zstd", compression_level=3)

Int64s = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of readings with their numbers, in order."""

    seq: Int64s
    """(row,), rising."""
    rows: Rows

    def __len__(self) -> int:
        return len(self.seq)

    def __getitem__(self, part: slice) -> "Block":
        return Block(self.seq[part], self.rows[part])

    def followed_by(self, later: "Block") -> "Block":
        """Both, one after the other."""
        return Block(np.concatenate((self.seq, later.seq)), self.rows.followed_by(later.rows))


def block_of(rows: Sequence[ReadingRow], base: int, points: int) -> Block:
    """Rows as they came; `base` is the sequence number before the first row of this run."""
    return Block(
        np.array([base + row.order for row in rows], np.int64),
        Rows(
            np.array([row.t_us for row in rows], np.int64),
            np.array([row.values for row in rows], np.float64).reshape(-1, points),
            np.array([row.quality for row in rows], np.uint8).reshape(-1, points),
        ),
    )


def pack_block(block: Block) -> bytes:
    """Numbers and times as distances, then each point's values and qualities."""
    rows = block.rows
    words = np.vstack((_steps(block.seq), _steps(rows.t_us), np.ascontiguousarray(rows.values.T).view(np.int64)))
    return _squeezed(_by_significance(words) + np.ascontiguousarray(rows.quality.T).tobytes())


def unpack_block(packed: bytes, rows: int, points: int) -> Block:
    """The block that `pack_block` took."""
    content = _stretched(packed)
    words = _words(content, 2 + points, rows)
    quality = np.frombuffer(content, np.uint8, offset=words.nbytes).reshape(points, rows)
    return Block(np.cumsum(words[0]), Rows(np.cumsum(words[1]), words[2:].view(np.float64).T, quality.T))


@dataclass(frozen=True, slots=True)
class Bundle:
    """Decisions, in order."""

    seq: Int64s
    t_us: Int64s
    number: Int64s
    bodies: Sequence[bytes]
    """JSON."""


def bundle_of(rows: Sequence[DecisionRow], base: int) -> Bundle:
    """Decisions as they came."""
    return Bundle(
        seq=np.array([base + row.order for row in rows], np.int64),
        t_us=np.array([row.t_us for row in rows], np.int64),
        number=np.array([row.number for row in rows], np.int64),
        bodies=[row.body for row in rows],
    )


def pack_bundle(bundle: Bundle) -> bytes:
    """Numbers, times and lengths, then all bodies: one is much like the other, and that is where the gain is."""
    lengths = np.array([len(body) for body in bundle.bodies], np.int64)
    words = np.vstack((_steps(bundle.seq), _steps(bundle.t_us), _steps(bundle.number), lengths))
    return _squeezed(_by_significance(words) + b"".join(bundle.bodies))


def unpack_bundle(packed: bytes, rows: int) -> Bundle:
    """The bundle that `pack_bundle` took."""
    content = _stretched(packed)
    words = _words(content, 4, rows)
    ends = words.nbytes + np.cumsum(words[3])
    bodies = [content[end - length : end] for end, length in zip(ends.tolist(), words[3].tolist(), strict=True)]
    return Bundle(np.cumsum(words[0]), np.cumsum(words[1]), np.cumsum(words[2]), bodies)


def values_of(
    packed: bytes, rows: int, points: int, wanted: Sequence[int]
) -> tuple[Int64s, Int64s, Floats, NDArray[np.uint8]]:
    """Numbers and times, and values and qualities (row, wanted) of some of a block's points, by their places."""
    content = _stretched(packed)
    planes = np.frombuffer(content, np.uint8, count=8 * (2 + points) * rows).reshape(8, 2 + points, rows)
    words = _joined(planes[:, [0, 1, *(2 + at for at in wanted)]], rows)
    quality = np.frombuffer(content, np.uint8, offset=planes.nbytes).reshape(points, rows)[list(wanted)]
    return np.cumsum(words[0]), np.cumsum(words[1]), words[2:].view(np.float64).T, quality.T


def _steps(numbers: Int64s) -> Int64s:
    return np.diff(numbers, prepend=0)


def _by_significance(words: Int64s) -> bytes:
    return words.astype("<i8").view(np.uint8).reshape(-1, 8).T.tobytes()


def _words(content: bytes, count: int, rows: int) -> Int64s:
    return _joined(np.frombuffer(content, np.uint8, count=8 * count * rows), rows)


def _joined(planes: NDArray[np.uint8], rows: int) -> Int64s:
    """Words (word, row) whose bytes lie in eight planes."""
    words: Int64s = np.ascontiguousarray(planes.reshape(8, -1).T).view("<i8").reshape(-1, rows)
    return words.astype(np.int64, copy=False)


def _squeezed(content: bytes) -> bytes:
    packed: bytes = len(content).to_bytes(4, "little") + _ZSTD.compress(content, asbytes=True)
    return packed


def _stretched(packed: bytes) -> bytes:
    content: bytes = _ZSTD.decompress(packed[4:], int.from_bytes(packed[:4], "little"), asbytes=True)
    return content
