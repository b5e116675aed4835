"""How far a value can be trusted, and how old it is."""

import math
from dataclasses import dataclass
from enum import IntEnum


class Quality(IntEnum):
    """Ordered from best to worst, so that `max` of several is the worst."""

    GOOD = 0
    STALE = 1
    """It was good, but is older than max(3 s, 3 polls): never shown or used as live."""
    BAD = 2
    """Never received, not implemented, out of range, or the device said so."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Age and quality of a value at the moment it was read from the plant."""

    age_s: float
    """Seconds of site time since the device answered; monotonic, so a wall-clock jump does not touch it."""
    quality: Quality


MISSING = Stamp(age_s=math.inf, quality=Quality.BAD)
"""What a value has that was never received."""

FRESH = Stamp(age_s=0.0, quality=Quality.GOOD)
"""A value of this very moment."""
