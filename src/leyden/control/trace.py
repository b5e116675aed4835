"""The last seconds of one power, so that values of the same moment can be put together."""

from bisect import bisect_left, bisect_right

from msgspec import Struct

SAME_S = 1e-3
"""Moments nearer than this are one measurement, read twice."""
OTHER_CLOCK_S = 60.0
"""Nobody's measurement is that late: the monotonic clock began anew, and the trace was kept over a restart."""


class Trace(Struct, frozen=True):
    """Moments in monotonic seconds and powers in W, oldest first; as short as its reader needs."""

    moments: tuple[float, ...] = ()
    powers: tuple[float, ...] = ()

    def add(self, moment_s: float, power_w: float, keep_s: float) -> "Trace":
        """With one more measurement; of the older ones, what is needed to know the last `keep_s`.

        One that is not newer than the last adds nothing; one that is much older is of another clock, and begins anew.
        """
        moments, powers = self.moments, self.powers
        if moments and moment_s - moments[-1] < SAME_S:
            return self if moment_s > moments[-1] - OTHER_CLOCK_S else Trace((moment_s,), (power_w,))
        drop = bisect_right(moments, moment_s - keep_s) - 1
        if drop > 0:
            moments, powers = moments[drop:], powers[drop:]
        return Trace((*moments, moment_s), (*powers, power_w))

    def at(self, moment_s: float) -> float:
        """The power at a moment, on the line between its neighbours; the ends hold. Needs one measurement."""
        moments, powers = self.moments, self.powers
        after = bisect_right(moments, moment_s)
        if after == len(moments):
            return powers[-1]
        if after == 0:
            return powers[0]
        start_s, start_w = moments[after - 1], powers[after - 1]
        return start_w + (powers[after] - start_w) * (moment_s - start_s) / (moments[after] - start_s)

    def within(self, start_s: float, end_s: float) -> tuple[float, float]:
        """Between which powers it must have been from start to end, the measurements around both counted in."""
        first = max(0, bisect_right(self.moments, start_s) - 1)
        seen = self.powers[first : bisect_left(self.moments, end_s) + 1] or self.powers[-1:]
        return min(seen), max(seen)
