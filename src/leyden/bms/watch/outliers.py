"""Who stands out: robust distances from the others, and how far is too far for so many cells.

Healthy cells differ, and the more of them there are, the further the furthest stands off. So a cell is named only where
chance would hardly put any cell of the whole system (Bonferroni), by a distribution with tails as heavy as a spread
that was itself estimated from few cells deserves (Student's t). The spread is the median absolute deviation, which the
odd cells themselves hardly move (Rousseeuw and Croux 1993, doi 10.1080/01621459.1993.10476408).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter
from scipy.special import stdtrit

from leyden.bms.watch.frames import row_median
from leyden.model.readings import Floats

ALPHA = 0.001
"""Chance that a healthy system names anybody, where its spread is a normal one."""
_MAD = 1.4826
_EFFICIENCY = 0.37
"""What a spread by the median absolute deviation is worth, against one by squares."""
_NEIGHBOURS = 9
"""Cells in a row that share a module's temperature and its measuring board; a cell is held against its own."""
_OF_MEDIAN = 1.2533
"""A median scatters by so much more than a mean."""
_FEW = 0.02
"""Share of a string's cells that can be outermost on a side."""
_EACH_DAY = 2.0
"""How far out a cell must be on four of the last five days: one that jumps about stands nowhere."""
_OWN = 4.0
"""How far beyond its own scatter from day to day a change must be, too."""
RECENT = 5
"""Days that count as now."""
_DAYS_LEAST = 10
"""For telling what changed."""


@dataclass(frozen=True, eq=False)
class Standing:
    """How far every cell stands off, day by day, in units of what is usual."""

    days: Floats
    """(d,), only those that could tell."""
    z: Floats
    """(d, cells), off its neighbours in the string; nan where a cell said nothing."""
    value: Floats
    """(d, cells), off the median of the string, in the quantity's own unit."""

    @property
    def level(self) -> Floats:
        """Where each cell stands now (cells,)."""
        recent = self.z[-RECENT:]
        now = _median(recent)
        same_side = np.sum(recent * np.sign(now) > _EACH_DAY, axis=0)
        return np.where(same_side >= 0.8 * len(recent), _unit(now), 0.0)

    @property
    def moved(self) -> Floats:
        """From where it began to where it stands now (cells,)."""
        if len(self.days) < _DAYS_LEAST:
            return np.zeros(self.z.shape[1])
        moved = _median(self.z[-RECENT:]) - _median(self.z[: self.first])
        return _unit(moved) * self._clear(moved, 1.0 / RECENT + 1.0 / self.first)

    @property
    def pace(self) -> Floats:
        """How it moves from a day to the next (cells,): balancing may put it back each week and hide nothing."""
        if len(self.days) < _DAYS_LEAST:
            return np.zeros(self.z.shape[1])
        steps = np.diff(self.z, axis=0) / np.diff(self.days)[:, None]
        pace = _median(steps)
        own = _MAD * _median(np.abs(steps - pace)) * _OF_MEDIAN / np.sqrt(len(steps))
        clear: Floats = _unit(pace) * (np.abs(pace) > _OWN * own)
        return clear

    def _clear(self, values: Floats, share: float) -> NDArray[np.bool_]:
        """Which are beyond what a cell's own scatter from day to day makes of so few days (cells,)."""
        if len(self.days) < _DAYS_LEAST:
            return np.ones(len(values), dtype=np.bool_)
        scatter = _MAD * _median(np.abs(np.diff(self.z, axis=0))) / np.sqrt(2.0)
        clear: NDArray[np.bool_] = np.abs(values - _middle(values)) > _OWN * scatter * _OF_MEDIAN * np.sqrt(share)
        return clear

    @property
    def drift(self) -> Floats:
        """Typical move of each cell in a day, in the quantity's unit (cells,)."""
        if len(self.days) < 2:
            return np.zeros(self.z.shape[1])
        return _median(np.diff(self.value, axis=0) / np.diff(self.days)[:, None])

    def trend(self, cell: int) -> float:
        """The plain change of one cell since the beginning, in units of the spread; 0 where there are too few days."""
        own = self.z[:, [cell]]
        short = len(self.days) < _DAYS_LEAST
        return 0.0 if short else float(_median(own[-RECENT:])[0] - _median(own[: self.first])[0])

    @property
    def first(self) -> int:
        """How many days count as the beginning."""
        return max(len(self.days) // 4, 3)

    @property
    def now(self) -> Floats:
        """Value of each cell now (cells,)."""
        return _median(self.value[-RECENT:])

    @property
    def change(self) -> Floats:
        """Of that value since the beginning (cells,)."""
        if len(self.days) < _DAYS_LEAST:
            return np.zeros(self.z.shape[1])
        return self.now - _median(self.value[: self.first])


def standing(days: Floats, values: Floats) -> Standing | None:
    """Of one quantity (d, cells); None where no day could tell."""
    told = np.isfinite(values).sum(axis=1) > values.shape[1] // 2
    if not told.any():
        return None
    value = values[told] - row_median(values[told])[:, None]
    z = np.stack([_unit(_off_neighbours(row)) for row in value])
    return Standing(days[told], z, value)


def outermost(values: Floats) -> NDArray[np.bool_]:
    """Which cells hardly any other goes beyond, on their own side (cells,).

    Beside a spread, because a string may fall into groups: its modules' boards, its warm and its cold end.
    """
    few = max(2, round(_FEW * len(values)))
    filled = np.nan_to_num(values)
    place = np.argsort(np.argsort(filled, kind="stable"), kind="stable")
    low: NDArray[np.bool_] = (place < few) & (filled < 0.0)
    return low | ((place >= len(values) - few) & (filled > 0.0))


def threshold(cells: int, everywhere: int, tests: int, alpha: float = ALPHA) -> float:
    """From which distance on a cell is named: `cells` in its string, `everywhere` in all, each tried so many times."""
    chance = alpha / (2.0 * max(everywhere, 1) * max(tests, 1))
    return -float(stdtrit(max(_EFFICIENCY * (cells - 1), 1.0), chance))


def _off_neighbours(values: Floats) -> Floats:
    if len(values) < 2 * _NEIGHBOURS:
        return values
    around: Floats = median_filter(np.nan_to_num(values), _NEIGHBOURS, mode="mirror")
    return values - around


def _unit(values: Floats) -> Floats:
    """In units of the spread among the cells.

    Rounding makes most of them equal, and the median deviation nothing: a quarter of what the mean one says is least.
    """
    centred = values - _middle(values)
    size = np.abs(centred[np.isfinite(centred)])
    spread = max(_MAD * _middle(np.abs(centred)), 0.25 * _OF_MEDIAN * float(np.mean(size))) if size.size else 0.0
    return centred / (spread or 1.0)


def _middle(values: Floats) -> float:
    return float(row_median(values[None, :])[0])


def _median(values: Floats) -> Floats:
    """Of each cell over the days it is known."""
    return row_median(np.ascontiguousarray(values.T))
