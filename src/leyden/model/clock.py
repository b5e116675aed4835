"""Time as Leyden knows it: chosen in runtime alone, an argument everywhere else."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The only source of time: site time, which a simulation may run faster than the wall's."""

    def now(self) -> datetime:
        """Aware UTC; may jump when somebody sets the computer's clock."""
        ...

    def elapsed_s(self) -> float:
        """Seconds since an arbitrary start; never jumps. Leases, debounce, ramps and integration use this one."""
        ...

    async def sleep_until(self, elapsed_s: float) -> None:
        """Return when `elapsed_s()` has reached this value."""
        ...
