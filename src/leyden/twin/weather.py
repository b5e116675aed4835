"""How warm it is around the batteries: the same at all times, or with the seasons and the hours of the day."""

from dataclasses import dataclass
from datetime import datetime
from math import cos, tau

from leyden.twin.options import TwinOptions

_MID_JANUARY = 15.0 / 365.25
"""As a share of the year: air is coldest (or hottest) some weeks after the solstice."""
_AFTERNOON = 15.0 / 24.0
"""As a share of the day: the warmest hour."""


@dataclass(frozen=True, slots=True)
class Weather:
    """Two cosines: between the means of January and July, and between night and afternoon."""

    middle_degc: float
    season_degc: float = 0.0
    """By how much mid-July is above the middle."""
    day_degc: float = 0.0
    """By how much the afternoon is above the mean of the day."""

    @property
    def varies(self) -> bool:
        """Whether the time makes any difference."""
        return self.season_degc != 0.0 or self.day_degc != 0.0

    def ambient_degc(self, local: datetime) -> float:
        """By the site's own wall clock."""
        day = (local.hour + local.minute / 60.0 + local.second / 3600.0) / 24.0
        year = (local.timetuple().tm_yday - 1 + day) / 365.25
        season_degc = -self.season_degc * cos(tau * (year - _MID_JANUARY))
        return self.middle_degc + season_degc + self.day_degc * cos(tau * (day - _AFTERNOON))


def weather_of(options: TwinOptions) -> Weather:
    """What the options say; a month that is not given is as the ambient temperature."""
    january_degc = options.ambient_degc if options.ambient_january_degc is None else options.ambient_january_degc
    july_degc = options.ambient_degc if options.ambient_july_degc is None else options.ambient_july_degc
    return Weather((january_degc + july_degc) / 2.0, (july_degc - january_degc) / 2.0, options.day_swing_degc / 2.0)
