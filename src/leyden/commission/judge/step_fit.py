"""One edge of a converter's power as three numbers: nothing for a while, then a ramp, smoothed by a lag.

The lag is what filters and averaging add behind the ramp. Told apart, a small step and a large one give the same ramp.
"""

import math
from dataclasses import dataclass

import numpy as np

from leyden.model.readings import Floats

SHORTEST_S = 1e-3
"""Nothing on this path is faster."""
READING = 3e-3
"""Share of a step by which a reading may be off though the fit is perfect: registers have steps, looks have their time.
"""
SURE = 2.0
"""Standard deviations within which a time is told."""


@dataclass(frozen=True, slots=True)
class StepFit:
    """What fits best, and between what the ramp may be."""

    dead_s: float
    ramp_s: float
    """From nothing to all of the step, without the lag."""
    lag_s: float
    longest_ramp_s: float
    shortest_ramp_s: float
    error: float
    """Root mean square, as a share of the step."""


def fit_step(t_s: Floats, share: Floats, look_s: float) -> StepFit:
    """`share` of a step over the time since it was told; `look_s` is the pause between two values."""
    from scipy.optimize import least_squares

    first_s, last_s = _when(t_s, share, 0.1), _when(t_s, share, 0.9)
    rise_s = max(last_s - first_s, look_s / 4.0)
    high = np.array([max(last_s, look_s), max(2.0 * float(t_s[-1]), look_s), max(rise_s, look_s)])
    low = np.array([0.0, SHORTEST_S, SHORTEST_S])

    def off(p: Floats) -> Floats:
        return ramp_response(t_s - p[0], float(p[1]), float(p[2])) - share

    # A rise is all ramp, all lag, or half of each: whichever of these is nearest leads to the best.
    starts = [(first_s - rise_s / 8.0, rise_s / 0.8, look_s / 10.0), (first_s, look_s / 4.0, rise_s / 2.2)]
    starts.append((first_s, 0.6 * rise_s, 0.3 * rise_s))
    fits = [least_squares(off, np.clip(start, low + 1e-6, high - 1e-6), bounds=(low, high)) for start in starts]
    best = min(fits, key=lambda fit: float(fit.cost))
    error = math.sqrt(2.0 * float(best.cost) / t_s.size)
    doubt_s = SURE * _deviation(best.jac, max(error, READING))
    dead_s, ramp_s, lag_s = (float(value) for value in best.x)
    return StepFit(dead_s, ramp_s, lag_s, ramp_s + doubt_s, max(SHORTEST_S, ramp_s - doubt_s), error)


def _when(t_s: Floats, share: Floats, level: float) -> float:
    """When a share is first reached; the end, if it is not."""
    above = np.flatnonzero(share >= level)
    return float(t_s[above[0]]) if above.size else float(t_s[-1])


def _deviation(jacobian: Floats, error: float) -> float:
    """Standard deviation of the ramp's time, from how strongly the fit depends on each number."""
    spread = error * error * np.linalg.pinv(jacobian.T @ jacobian, rcond=1e-12)
    return math.sqrt(max(float(spread[1, 1]), 0.0))


def ramp_response(t_s: Floats, ramp_s: float, lag_s: float) -> Floats:
    """A step that takes `ramp_s` > 0, seen through a first-order lag; 0 before, 1 in the end."""
    after = np.clip(t_s, 0.0, None)
    straight: Floats = np.minimum(after / ramp_s, 1.0)
    if lag_s == 0.0:
        return straight
    within = (after - lag_s * (1.0 - np.exp(-after / lag_s))) / ramp_s
    left = (lag_s / ramp_s) * (1.0 - math.exp(-ramp_s / lag_s))
    beyond = 1.0 - left * np.exp(-np.clip(after - ramp_s, 0.0, None) / lag_s)
    seen: Floats = np.where(after <= ramp_s, within, beyond)
    return seen
