"""The clocks of the environments; the only place where Leyden asks the computer for the time."""

import asyncio
import time
from datetime import UTC, datetime, timedelta


class WallClock:
    """Real time, for real devices."""

    speed = 1.0
    stumble_s = 0.0

    def now(self) -> datetime:
        """The computer's clock; may jump."""
        return datetime.now(UTC)

    def elapsed_s(self) -> float:
        """The computer's monotonic clock."""
        return time.monotonic()

    async def sleep_until(self, elapsed_s: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(max(0.0, elapsed_s - time.monotonic()))


STUMBLE_WALL_S = 0.5
"""At high speed a busy computer makes every device look late: half a second of its own is nobody's fault."""


class TwinClock:
    """Time as a twin keeps it: a site time at some moment, running `speed` times as fast as the wall's.

    Both the twin and the site that talks to it are given the same origin, so their times agree to the accuracy of the
    computer's monotonic clock, which processes of one computer share.
    """

    def __init__(self, origin: datetime, monotonic_s: float, speed: float) -> None:
        self.origin = origin
        self.monotonic_s = monotonic_s
        """`time.monotonic()` at the origin."""
        self.speed = speed

    @classmethod
    def starting_at(cls, origin: datetime, speed: float) -> "TwinClock":
        """A clock whose site time is `origin` now."""
        return cls(origin, time.monotonic(), speed)

    @property
    def stumble_s(self) -> float:
        """What a stumble of this computer looks like in site time; nothing where a second is a second."""
        return STUMBLE_WALL_S * self.speed if self.speed > 1.0 else 0.0

    def now(self) -> datetime:
        """Site time, aware UTC."""
        return self.origin + timedelta(seconds=self.elapsed_s())

    def elapsed_s(self) -> float:
        """Site seconds since the origin."""
        return (time.monotonic() - self.monotonic_s) * self.speed

    async def sleep_until(self, elapsed_s: float) -> None:
        """Wait until site time has come so far."""
        await asyncio.sleep(max(0.0, (elapsed_s - self.elapsed_s()) / self.speed))


class SimulatedClock:
    """Time that moves only when told to, for studies and tests."""

    speed = float("inf")

    def __init__(self, origin: datetime) -> None:
        self.origin = origin
        self._elapsed_s = 0.0

    def now(self) -> datetime:
        """Site time, aware UTC."""
        return self.origin + timedelta(seconds=self._elapsed_s)

    def elapsed_s(self) -> float:
        """Site seconds since the origin."""
        return self._elapsed_s

    def advance(self, dt_s: float) -> None:
        """Let time pass; it never runs backwards."""
        if not dt_s >= 0.0:
            raise ValueError(f"time does not run backwards (asked for {dt_s} s)")
        self._elapsed_s += dt_s

    async def sleep_until(self, elapsed_s: float) -> None:
        """Be there at once."""
        self.advance(max(0.0, elapsed_s - self._elapsed_s))
        await asyncio.sleep(0)


class JumpDetector:
    """Watches whether the wall clock and the monotonic clock agree.

    A jump of more than `tolerance_s` makes the wall clock untrusted, so that plans and windows rest, until it is back
    on its old line or a person accepts the new time.
    """

    def __init__(self, tolerance_s: float = 5.0) -> None:
        self.tolerance_s = tolerance_s
        self._offset_s: float | None = None
        self.jumped_s = 0.0
        """How far the wall clock stands off the line it followed when it was last trusted."""

    def trusted(self, now: datetime, elapsed_s: float) -> bool:
        """Feed one pair of readings; slow drift and NTP's small steps are followed."""
        offset_s = now.timestamp() - elapsed_s
        if self._offset_s is None:
            self._offset_s = offset_s
        self.jumped_s = offset_s - self._offset_s
        if abs(self.jumped_s) > self.tolerance_s:
            return False
        self._offset_s = offset_s
        return True

    def accept(self) -> None:
        """A person has looked: the time is right as it is."""
        self._offset_s = None
