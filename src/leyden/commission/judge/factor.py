"""Which factor a meter answers with: none, one, minus one, ten times, or some other, or nobody can say."""

import math
from dataclasses import dataclass
from enum import StrEnum

from leyden.commission.judge.contrast import Response

HALF_DECADE = math.sqrt(10.0)
SMALLEST = 0.3
"""Below this share, with nothing known of its sign, a meter does not see what it should."""
FAINTEST = 2e-3
"""Below this nobody can say whether it moves at all: no scale is as wrong as that."""
SHARPEST = 0.35
"""A factor is only named when its error is below this share of it."""


class Kind(StrEnum):
    """What can be said of a factor."""

    NONE = "none"
    DECADE = "decade"
    """A power of ten, with its sign."""
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Factor:
    """What a meter multiplies with."""

    kind: Kind
    value: float = math.nan
    """Exact for a decade, measured for another; 0 for none."""
    confidence: float = math.nan

    @property
    def sign(self) -> int:
        """1 or -1; 0 where that is not known or it does not move."""
        return 0 if self.kind in (Kind.NONE, Kind.UNKNOWN) else int(math.copysign(1.0, self.value))

    @property
    def size(self) -> float:
        """Without its sign; 0 for none, nan for unknown."""
        return abs(self.value)


UNKNOWN = Factor(Kind.UNKNOWN)


def factor_of(answer: Response, tolerance: float = 1.25) -> Factor:
    """The factor that fits all of where the ratio may be; `tolerance` is how far from a power of ten still is one.

    Nothing is named that the error leaves open: a meter whose ratio is surely above zero is never called reversed.
    """
    ratio, low, high = answer.ratio, answer.low, answer.high
    if not math.isfinite(answer.error) or ratio != ratio:
        return UNKNOWN
    if low <= 0.0 <= high or max(-low, high) < FAINTEST:
        if low > -SMALLEST and high < SMALLEST:
            return Factor(Kind.NONE, 0.0, answer.probability(-SMALLEST, SMALLEST))
        return UNKNOWN
    size, error = abs(ratio), answer.error
    decade = 10.0 ** round(math.log10(size))
    sign = math.copysign(1.0, ratio)
    if size + error >= decade / tolerance and size - error <= decade * tolerance:
        edges = sorted((sign * decade / HALF_DECADE, sign * decade * HALF_DECADE))
        sharp = error <= SHARPEST * min(size, decade)
        return Factor(Kind.DECADE, sign * decade, answer.probability(*edges)) if sharp else UNKNOWN
    if error > SHARPEST * size:
        return UNKNOWN
    return Factor(Kind.OTHER, ratio, answer.probability(low, high))
