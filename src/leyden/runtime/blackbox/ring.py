"""The files of a black box: one for each quarter of an hour, the oldest going first, incidents last."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from leyden.history.durable import write_durably
from leyden.runtime.blackbox.chunk import CHUNK_S, Piece, pieces
from leyden.runtime.blackbox.options import BlackBoxOptions

FILE_S = 900.0
"""Site time in one file."""
LONGEST_S = FILE_S + CHUNK_S
"""With the chunk that was begun last."""
_PINS = "incidents.json"
_MOST_PINS = 200


@dataclass(frozen=True, slots=True)
class Pin:
    """A span that is kept for longer, seconds since 1970."""

    start: float
    end: float
    why: str


class Ring:
    """Owned by one writer; readers may look at the files at any time, because they only grow or go."""

    def __init__(self, folder: Path, options: BlackBoxOptions) -> None:
        self.folder = folder
        self._options = options
        self._current: Path | None = None
        self._current_us = 0
        self._pins = _read_pins(folder / _PINS)

    def append(self, piece: bytes, start_us: int) -> None:
        """Add a chunk. Raises OSError where it cannot be written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        into_us = start_us - self._current_us
        if self._current is None or not 0 <= into_us < FILE_S * 1e6:
            self._current, self._current_us = _new_file(self.folder, start_us), start_us
            self._prune(start_us / 1e6)
        with self._current.open("ab") as file:
            file.write(piece)

    def pin(self, pin: Pin) -> None:
        """Keep a span for longer; one that is kept already is only made longer. Raises OSError."""
        last = self._pins[-1] if self._pins else None
        if last is not None and last.start <= pin.start <= last.end:
            self._pins[-1] = Pin(last.start, max(last.end, pin.end), last.why)
        else:
            self._pins.append(pin)
        self._pins = self._pins[-_MOST_PINS:]
        self.folder.mkdir(parents=True, exist_ok=True)
        write_durably(self.folder / _PINS, json.dumps([asdict(one) for one in self._pins]).encode())

    @property
    def pins(self) -> Sequence[Pin]:
        """What is kept for longer, oldest first."""
        return tuple(self._pins)

    def _prune(self, now: float) -> None:
        """Take away what is too old or too much."""
        self._pins = [pin for pin in self._pins if now - pin.end <= self._options.keep_incidents_s]
        files = [path for path in files_of(self.folder) if path != self._current]
        for path in files:
            if now - start_of(path) > self._options.keep_s + LONGEST_S and not self._pinned(path):
                path.unlink(missing_ok=True)
        left = [path for path in files if path.exists()]
        spare = sum(path.stat().st_size for path in left) - self._options.disk_mb * 1_000_000
        for path in sorted(left, key=lambda path: (self._pinned(path), path.name)):
            if spare <= 0:
                return
            spare -= path.stat().st_size
            path.unlink(missing_ok=True)

    def _pinned(self, path: Path) -> bool:
        start = start_of(path)
        return any(pin.start <= start + LONGEST_S and start <= pin.end for pin in self._pins)


def files_of(folder: Path) -> list[Path]:
    """All files of a black box, oldest first."""
    return sorted(folder.glob("*.box"))


def start_of(path: Path) -> float:
    """When a file begins, in seconds since 1970; far in the past for a name that is none of ours."""
    try:
        return datetime.strptime(path.name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0


def pieces_between(folder: Path, start: float, end: float) -> Iterator[Piece]:
    """The chunks that touch [start, end], in the order in which they were written."""
    for path in files_of(folder):
        begun = start_of(path)
        if begun > end + 1.0 or begun + LONGEST_S < start:
            continue
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue  # it went meanwhile
        for piece in pieces(content):
            if piece.start_us <= end * 1e6 and piece.end_us >= start * 1e6:
                yield piece


def _new_file(folder: Path, start_us: int) -> Path:
    stamp = f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=start_us):%Y%m%dT%H%M%SZ}"
    return next(path for n in count(1) if not (path := folder / f"{stamp}-{n:03d}.box").exists())


def _read_pins(path: Path) -> list[Pin]:
    try:
        return [Pin(float(one["start"]), float(one["end"]), str(one["why"])) for one in json.loads(path.read_text())]
    except (OSError, ValueError, KeyError, TypeError):
        return []  # what is pinned is a comfort, not a promise
