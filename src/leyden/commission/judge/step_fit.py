"""One edge of a converter's power as three numbers: nothing for a while, then a ramp, smoothed by a lag.

The lag is what filters and averaging add behind the ramp. Told apart, a small step and a large one give the same ramp.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leyden.model.readings import Floats

LAGS_S = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 3.0)
FINE_LAGS_S = (0.0, *np.round(np.geomspace(0.025, 4.0, 24), 4).tolist())
RAMPS = 32
"""How many durations of the ramp are tried, from a tenth of a look to all of the time there is."""
DEADS = 40
NEARLY = 1.5
"""Fits whose error is at most so many times the best one's are as good: reading the register is not exact."""
EXACT = 5e-4
"""Root mean square, as a share of the step, below which one fit is as good as another."""


@dataclass(frozen=True, slots=True)
class StepFit:
    """What fits best, and what would fit as well."""

    dead_s: float
    ramp_s: float
    """From nothing to all of the step, without the lag."""
    lag_s: float
    longest_ramp_s: float
    """The longest that fits nearly as well."""
    shortest_ramp_s: float
    error: float
    """Root mean square, as a share of the step."""


def fit_step(t_s: Floats, share: Floats, look_s: float) -> StepFit:
    """`share` of a step over the time since it was told; `look_s` is the pause between two values."""
    span_s = float(t_s[-1])
    ramps_s = np.geomspace(max(look_s / 10.0, 1e-3), max(0.8 * span_s, look_s), RAMPS)
    reached_s = float(t_s[np.argmax(share >= 0.9)]) if bool((share >= 0.9).any()) else span_s
    deads_s = np.linspace(0.0, reached_s, DEADS)
    found = _tried(t_s, share, deads_s, ramps_s, LAGS_S)
    # Once more, finely, around what was best.
    _, dead_s, ramp_s, lag_s = min(found)
    near_s = deads_s[1] if DEADS > 1 else 0.0
    factor = float(ramps_s[1] / ramps_s[0])
    found += _tried(
        t_s,
        share,
        np.clip(np.linspace(dead_s - near_s, dead_s + near_s, DEADS), 0.0, None),
        np.geomspace(ramp_s / factor, ramp_s * factor, RAMPS // 2),
        [one for one in FINE_LAGS_S if 0.5 * lag_s <= one <= 2.0 * lag_s],
    )
    error, dead_s, ramp_s, lag_s = min(found)
    ramps = [one[2] for one in found if one[0] <= NEARLY * error + EXACT]
    return StepFit(dead_s, ramp_s, lag_s, max(ramps), min(ramps), error)


Try = tuple[float, float, float, float]


def _tried(t_s: Floats, share: Floats, deads_s: Floats, ramps_s: Floats, lags_s: Sequence[float]) -> list[Try]:
    """For every ramp and lag the dead time that fits best, with its root mean square before them."""
    found = []
    for lag_s in lags_s:
        for ramp_s in ramps_s:
            off = ramp_response(t_s[None, :] - deads_s[:, None], float(ramp_s), lag_s) - share
            squares = (off * off).mean(axis=1)
            best = int(squares.argmin())
            found.append((math.sqrt(float(squares[best])), float(deads_s[best]), float(ramp_s), lag_s))
    return found


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
