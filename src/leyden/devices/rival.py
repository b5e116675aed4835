"""Whether somebody else writes a register that we wrote. Pure: no clock, no wire.

What is read back may differ for good reasons: a device rounds, limits or ramps by itself, shows a new value late, or
has fallen back because its watchdog ran out. So a difference counts only where none of these explains it, and twice.
"""

import math
from collections import deque

STRIKES = 2
"""How many readings must differ."""
AGREES_S = 60.0
"""After so long without a difference it is forgotten, and after so long of agreement the other one is gone."""
LATE_S = 10.0
"""For so long a device may go on showing what it was told before."""
_REMEMBERED = 8


class Rival:
    """One written point, and who else writes it."""

    def __init__(self) -> None:
        self.value: float | None = None
        """What somebody else has written there; None where nobody has."""
        self.doubted = False
        """Whether the newest reading is one that nothing of ours explains."""
        self._strikes = 0
        self._told: float | None = None
        self._told_s = -math.inf
        self._before: float | None = None
        self._agreed = False
        self._follows = False
        self._seen_s = -math.inf
        self._since_s = -math.inf
        """When the newest difference was seen, or agreement with somebody else began."""
        self._lately: deque[tuple[float, float]] = deque(maxlen=_REMEMBERED)
        """Values of ours that were replaced, and when."""

    def told(self, value: float, now_s: float, took: bool = False) -> None:
        """We have written a value by now; `took` where its register was seen to hold it."""
        if self._told is not None and value != self._told:
            self._before = self._told
            self._lately.append((self._told, now_s))
        self._agreed = self._agreed and value == self._told
        self._told, self._told_s = value, now_s
        self._follows = self._follows or took

    def look(self, said: float, said_s: float, step: float, reverted: bool) -> None:
        """A reading of the register, and when it came; `reverted` where the device may have fallen back by itself."""
        if self._told is None or said_s <= max(self._seen_s, self._told_s) or said != said:
            return
        self._seen_s = said_s
        agrees = abs(said - self._told) <= step
        suspect = not agrees and not reverted and (self._agreed or not self._explained(said, step))
        self._agreed = agrees or (self._agreed and suspect)
        self._follows = self._follows or agrees
        self.doubted = suspect and self._follows
        if said_s - self._since_s >= AGREES_S:
            self._strikes = 0
        if self.doubted:
            self._strikes, self._since_s = self._strikes + 1, said_s
            if self._strikes >= STRIKES:
                self.value, self.doubted, self._since_s = said, False, math.inf

    def wait(self, wanted: float, said: float, said_s: float, step: float) -> None:
        """While somebody else holds the register: it is ours again when it has held what we want for long enough."""
        if said_s <= self._seen_s or said != said:
            return
        self._seen_s = said_s
        if not abs(said - wanted) <= step:
            self.value, self._since_s = said, math.inf
        elif said_s - self._since_s >= AGREES_S:
            self.forgive()
        else:
            self._since_s = min(self._since_s, said_s)

    def forgive(self) -> None:
        """The register is ours again."""
        self.value, self._strikes = None, 0
        self.doubted = self._agreed = False

    def reconnected(self) -> None:
        """What the device did meanwhile is not known; who holds the register is."""
        self._strikes = 0
        self.doubted = self._agreed = self._follows = False

    def _explained(self, said: float, step: float) -> bool:
        """Whether a device that is on its way, limits itself or is late would say this."""
        assert self._told is not None
        if self._before is None:
            return True  # what it held before is not known
        lately = [value for value, until_s in self._lately if self._told_s - until_s <= LATE_S]
        low, high = sorted((self._before, self._told))
        return low - step <= said <= high + step or any(abs(said - value) <= step for value in lately)
