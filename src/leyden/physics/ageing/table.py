"""Ageing by a user's own table: what a data sheet or a test report says, and nothing more."""

from dataclasses import dataclass

import numpy as np

from leyden.model.readings import Floats
from leyden.physics.ageing.model import Age, Stress, Values, advanced

_YEAR_S = 365.25 * 86400.0


@dataclass(frozen=True, eq=False)
class TableAgeing:
    """Calendar loss of the first year over temperature and SOC, and cycles to an end of life over depth.

    Between the points of a table the line is straight; beyond its ends it stays where it ends.
    """

    name: str
    source: str
    temperature_degc: Floats
    """(m,), rising."""
    soc: Floats
    """(n,), rising."""
    first_year_loss: Floats
    """(m, n), share of the capacity that the first year takes at rest."""
    dod: Floats
    """(k,), rising."""
    cycles_to_end: Floats
    """(k,), full equivalent cycles of each depth until `end_loss` is lost."""
    end_loss: float = 0.2
    calendar_power: float = 0.5
    """Loss grows with time to this power."""
    cycle_power: float = 1.0
    """Loss grows with cycles to this power."""
    growth_per_loss: float = 1.0
    """Share by which the resistance grows per share of capacity lost."""

    def __post_init__(self) -> None:
        """Raises ValueError, naming what does not fit."""
        if self.first_year_loss.shape != (len(self.temperature_degc), len(self.soc)):
            raise ValueError("first_year_loss must have a row a temperature and a column a state of charge")
        if self.dod.shape != self.cycles_to_end.shape or not np.all(self.cycles_to_end > 0.0):
            raise ValueError("cycles_to_end must have one number above 0 a depth")
        for name in ("temperature_degc", "soc", "dod"):
            if not np.all(np.diff(getattr(self, name)) > 0.0):
                raise ValueError(f"{name} must rise")

    def advance(self, age: Age, stress: Stress) -> Age:
        """The age after this stress."""
        calendar = self._first_year(stress.temperature_degc, stress.soc)
        cycling = self.end_loss / np.interp(stress.dod, self.dod, self.cycles_to_end) ** self.cycle_power
        resting = advanced(age.calendar_loss, calendar, stress.duration_s / _YEAR_S, self.calendar_power)
        cycled = advanced(age.cycle_loss, cycling, stress.cycles, self.cycle_power)
        return Age(resting, cycled, self.growth_per_loss * resting, self.growth_per_loss * cycled)

    def _first_year(self, temperature_degc: Values, soc: Values) -> Values:
        """The table between its points, in both directions."""
        hot, full = np.broadcast_arrays(np.asarray(temperature_degc, float), np.asarray(soc, float))
        row, down = _place(self.temperature_degc, hot)
        column, across = _place(self.soc, full)
        table = self.first_year_loss
        above = table[row, column] * (1.0 - across) + table[row, column + 1] * across
        below = table[row + 1, column] * (1.0 - across) + table[row + 1, column + 1] * across
        value: Values = above * (1.0 - down) + below * down
        return value


def _place(points: Floats, at: Floats) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.intp]], Floats]:
    """Between which points, and how far from the first of them to the second."""
    inside = np.clip(at, points[0], points[-1])
    index = np.clip(np.searchsorted(points, inside, side="right") - 1, 0, len(points) - 2)
    return index, (inside - points[index]) / (points[index + 1] - points[index])
