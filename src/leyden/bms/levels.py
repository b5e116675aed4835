"""How bad an alarm is: one canonical scale, and how the makers' own numbers map to it.

Numbers are never passed through: of two drivers of one family of register maps, one calls the severest level 3 and the
other 1. foxBMS 2 names them MOL < RSL < MSL.
"""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

from leyden.model.errors import LeydenError
from leyden.model.words import Words


class Level(IntEnum):
    """How bad; larger is worse."""

    HEALTHY = 0
    INFO = 1
    """Worth knowing."""
    WARN = 2
    """Level 1 of most makers: said, and nothing is done."""
    ALARM = 3
    """Level 2: the limit of the direction that made it goes to zero."""
    TRIP = 4
    """Level 3: the rack opens."""


LEVELS: Mapping[Level, Words] = MappingProxyType(
    {
        Level.HEALTHY: Words("正常", "healthy"),
        Level.INFO: Words("提示", "note"),
        Level.WARN: Words("预警(一级)", "warning (level 1)"),
        Level.ALARM: Words("告警(二级)", "alarm (level 2)"),
        Level.TRIP: Words("保护(三级)", "trip (level 3)"),
    }
)

VENDOR_LEVELS: Mapping[str, Mapping[str, Level]] = MappingProxyType(
    {
        "rising": {"0": Level.HEALTHY, "1": Level.WARN, "2": Level.ALARM, "3": Level.TRIP},
        "falling": {"0": Level.HEALTHY, "1": Level.TRIP, "2": Level.ALARM, "3": Level.WARN},
        "foxbms": {"OK": Level.HEALTHY, "MOL": Level.INFO, "RSL": Level.WARN, "MSL": Level.TRIP},
        "leyden": {str(int(level)): level for level in Level},
    }
)
"""By the name of a numbering: what a maker says, and what it means here. `rising` counts up to the severest, `falling`
begins with it."""


class UnknownNumberingError(LeydenError):
    """A numbering of levels that nobody has described; the message names those there are."""


def level_of(numbering: str, said: str | float) -> Level:
    """What a maker's level means. A number that its numbering does not have, nan too, is the severest: what is not
    understood is not healthy."""
    known = VENDOR_LEVELS.get(numbering)
    if known is None:
        there = ", ".join(sorted(VENDOR_LEVELS))
        raise UnknownNumberingError(f"there is no numbering of levels {numbering!r}; there are: {there}")
    text = said if isinstance(said, str) else f"{said:g}"
    return known.get(text.strip().upper(), Level.TRIP)
