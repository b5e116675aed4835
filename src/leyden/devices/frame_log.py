"""The newest raw frames of every wire: what was really said, when something has gone wrong."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

KEPT_S = 900.0
"""A quarter of an hour of site time."""
MOST_BYTES = 8_000_000
"""Of memory, what each frame costs beside its bytes included."""
_OVERHEAD = 160
"""Of one frame: a tuple, a float, the bytes' own head."""
_UNIT_AT = 6
"""Where Modbus TCP says which unit a frame is for."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as it stood on the wire."""

    time_s: float
    """Elapsed site time, by the clock of the plant."""
    device: str
    """Empty where no device of the site has its unit number."""
    direction: Literal["sent", "came"]
    data: bytes
    """Modbus TCP, header and all; what came in pieces is here once for each piece, from its beginning."""


class FrameLog:
    """A ring that forgets what is old, and what is too much."""

    def __init__(self, elapsed_s: Callable[[], float]) -> None:
        self._elapsed_s = elapsed_s
        self._ring: deque[tuple[float, Mapping[int, str], bool, bytes]] = deque()
        self._bytes = 0

    @property
    def memory(self) -> int:
        """About how many bytes it takes."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._ring)

    def tracer(self, names: Mapping[int, str]) -> Callable[[bool, bytes], bytes]:
        """What one wire shows its frames to; `names` are its devices by unit number."""
        ring, elapsed_s = self._ring, self._elapsed_s

        def trace(sending: bool, data: bytes) -> bytes:
            now_s = elapsed_s()
            ring.append((now_s, names, sending, data))
            self._bytes += len(data) + _OVERHEAD
            if self._bytes > MOST_BYTES or ring[0][0] < now_s - KEPT_S:
                self._forget(now_s)
            return data

        return trace

    def between(self, start_s: float, end_s: float) -> list[Frame]:
        """The frames of a time, both ends included, oldest first; `clock.elapsed_s()` is its scale."""
        return [
            Frame(
                time_s=time_s,
                device=names.get(data[_UNIT_AT], "") if len(data) > _UNIT_AT else "",
                direction="sent" if sending else "came",
                data=bytes(data),
            )
            for time_s, names, sending, data in self._ring
            if start_s <= time_s <= end_s
        ]

    def _forget(self, now_s: float) -> None:
        ring = self._ring
        while ring and (self._bytes > MOST_BYTES or ring[0][0] < now_s - KEPT_S):
            self._bytes -= len(ring.popleft()[3]) + _OVERHEAD
