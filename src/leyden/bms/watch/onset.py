"""Since when: the day on which a cell's daily number began to go its own way."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.ndimage import median_filter

from leyden.model.readings import Floats

Shape = Literal["steady", "step", "ramp"]
_LEAST = 3
"""Days on either side of a change."""
_BETTER = 6.0
"""By how much a story with a change must beat one without (Bayesian information criterion; 6 is "strong", Kass and
Raftery 1995, doi 10.1080/01621459.1995.10476572)."""

_SMOOTHED = 0.5
"""For how much a day counts after smoothing over three: neighbours tell the same twice."""


@dataclass(frozen=True, slots=True)
class Onset:
    """The story that fits a series best."""

    shape: Shape
    """As it always was; another since a day; or moving since a day."""
    day: float | None
    """None: before the first day of the record."""
    per_day: float
    """How fast it moves since; 0 unless it is a ramp."""


def onset(days: Floats, values: Floats) -> Onset:
    """Steady, a step, or a ramp, by least squares, with a price for each number that a story needs (Schwarz 1978).

    `days` (n,) rise; nan among `values` (n,) is passed over. Single odd days are smoothed away first.
    """
    known = np.isfinite(values)
    x, y = days[known], values[known]
    if len(x) < 2 * _LEAST:
        return Onset("steady", None, 0.0)
    y = median_filter(y, 3, mode="nearest")
    stories = [_steady(y), _line(x, y), *_steps(x, y), *_ramps(x, y)]
    noise = _noise(y)
    costs = [_cost(squares, len(x), numbers, noise) for squares, numbers, _ in stories]
    best = int(np.argmin(costs))
    return stories[best][2] if costs[0] - costs[best] > _BETTER else stories[0][2]


def _noise(y: Floats) -> float:
    """Squared; that a series of whole numbers seems to have none is no reason to split hairs."""
    return max(float(np.median(np.abs(np.diff(y)))) ** 2, 1e-12 * max(float(np.ptp(y)), 1e-12) ** 2)


def _cost(squares: float, n: int, numbers: int, noise: float) -> float:
    return _SMOOTHED * n * float(np.log(squares / n + 0.25 * noise)) + numbers * float(np.log(n))


Story = tuple[float, int, Onset]


def _steady(y: Floats) -> Story:
    return float(np.sum((y - y.mean()) ** 2)), 1, Onset("steady", None, 0.0)


def _line(x: Floats, y: Floats) -> Story:
    squares, slope = _fitted(x, y)
    return squares, 2, Onset("ramp", None, slope)


def _steps(x: Floats, y: Floats) -> list[Story]:
    found = []
    for k in range(_LEAST, len(x) - _LEAST + 1):
        squares = float(np.sum((y[:k] - y[:k].mean()) ** 2) + np.sum((y[k:] - y[k:].mean()) ** 2))
        found.append((squares, 3, Onset("step", float(x[k]), 0.0)))
    return found


def _ramps(x: Floats, y: Floats) -> list[Story]:
    found = []
    for k in range(_LEAST - 1, len(x) - _LEAST + 1):
        squares, slope = _fitted(np.maximum(x - x[k], 0.0), y)
        found.append((squares, 3, Onset("ramp", float(x[k]), slope)))
    return found


def _fitted(x: Floats, y: Floats) -> tuple[float, float]:
    """Squares that are left by a straight line, and its slope."""
    off, rise = x - x.mean(), y - y.mean()
    slope = float(off @ rise) / max(float(off @ off), 1e-30)
    return float(np.sum((rise - slope * off) ** 2)), slope
