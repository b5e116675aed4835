"""How far the grid meter is behind the converters, learned from the battery's own moves.

Grid power plus battery power is the site's net demand, if both are of the same moment. Put together with the wrong
delay, every move of the battery shows up as a move of the demand, there and back. So of several candidate delays the
right one is that whose net demand moves least while the battery moves. Second differences are compared: a battery that
follows its demand moves like the demand did a little earlier, and only what comes abruptly tells the two apart.

What is learned is not one number but which delays are still `plausible`; who reads a net demand may trust no more.
"""

from bisect import bisect_right
from math import exp, nan

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from leyden.control.trace import Trace

STEP_S = 0.25
LEAD_S = 1.0
"""A converter's own reading may be this much later than the meter's: then the delay is negative."""
LONGEST_S = 5.0
"""A meter further behind than this cannot be used for control."""
CANDIDATES_S: tuple[float, ...] = tuple(
    STEP_S * i for i in range(round(-LEAD_S / STEP_S), round(LONGEST_S / STEP_S) + 1)
)
SPAN_S = 0.5
"""Over which changes are compared: shorter ones hold little evidence, and most of it noise."""
_GAP_S = 3.0
"""Over a longer gap nothing is compared."""
_MEMORY_S = 60.0
"""Moving time over which evidence fades, so that a meter that was changed is learned anew."""
_RECENT_S = 3.0
"""A move is judged when this is long past: seen half, it fits wrong delays best."""
_NEW = 0.2
"""How much of the evidence may be that new."""
_SEEN = 0.1
"""How much of the battery's moves the best candidate must find again at the meter, which may average them away in part.
At times something else moves against them, such as solar that is held back because the battery is full."""
_SLACK = 0.05
"""Mismatch, as a share of the battery's own moves, that sampling leaves to the right delay (a third of a sample)."""
_ENOUGH = 0.07
"""Moves to learn from, as a share of rated power (root of the sum of squares)."""

Looks = tuple[tuple[float, float], tuple[float, float]]
"""Moment read and power of the meter's last two values that were compared."""

_CANDIDATES = np.array(CANDIDATES_S)
_NOBODY: Looks = ((nan, nan), (nan, nan))


class Delay(Struct, frozen=True):
    """What is known about the delay."""

    costs: tuple[float, ...] = (0.0,) * len(CANDIDATES_S)
    """Fading sum of squared second differences of net demand [W2], for each candidate."""
    alone: float = 0.0
    """The same of grid power alone: what it costs to leave the battery out."""
    moved: float = 0.0
    """The same of battery power: how much there was to learn from."""
    recent: float = 0.0
    """What of it is so new that not every candidate has seen all of it."""
    best_s: float | None = None
    """The candidate with the least cost, once there was enough to learn from."""
    plausible_s: tuple[float, float] = (0.0, LONGEST_S)
    """Between which the delay must lie; a negative one must prove itself first."""
    looks: Looks = _NOBODY


def learned(before: Delay, grid: Trace, battery: Trace, rated_w: float) -> Delay:
    """What is known after one more measurement of the meter. Pure and bounded: 25 candidates, twice a second.

    The meter's value of a second ago is compared, so that the battery's of a second later is there too. `rated_w` is
    what the batteries' converters are rated for; moves below 1 % of it teach nothing.
    """
    index = bisect_right(grid.moments, grid.moments[-1] - LEAD_S) - 1
    (first_s, first_w), (middle_s, middle_w) = before.looks
    if index < 0 or 0.0 <= grid.moments[index] - middle_s < SPAN_S:
        return before
    last_s, last_w = grid.moments[index], grid.powers[index]
    looks = ((middle_s, middle_w), (last_s, last_w))
    if not first_s < middle_s < last_s < first_s + 2.0 * _GAP_S:
        return replace(before, looks=looks)
    span_s = last_s - middle_s
    keep, keep_new = exp(-span_s / _MEMORY_S), exp(-span_s / _RECENT_S)
    low_w, high_w = battery.within(first_s - LONGEST_S, last_s + LEAD_S)
    if high_w - low_w <= 0.01 * rated_w:
        return _judged(replace(before, recent=keep_new * before.recent, looks=looks), rated_w)
    at = np.subtract.outer(np.array((first_s, middle_s, last_s)), _CANDIDATES)
    own = np.interp(at, battery.moments, battery.powers)
    bent = own[2] - 2.0 * own[1] + own[0]
    # What no candidate could explain tells nothing of them: a step of the load is cut to the battery's own size.
    most = float(np.max(bent * bent))
    grid_w = last_w - 2.0 * middle_w + first_w
    costs = keep * np.array(before.costs) + np.minimum((grid_w + bent) ** 2, most)
    new = float(np.mean(bent * bent))
    known = Delay(
        tuple(costs.tolist()),
        keep * before.alone + min(grid_w * grid_w, most),
        keep * before.moved + new,
        keep_new * before.recent + new,
        before.best_s,
        before.plausible_s,
        looks,
    )
    return _judged(known, rated_w)


def _judged(known: Delay, rated_w: float) -> Delay:
    """Which candidates explain the battery's moves about as well as the best one does."""
    if known.moved < (_ENOUGH * rated_w) ** 2 or known.recent > _NEW * known.moved:
        return known
    least = min(known.costs)
    if known.alone - least < _SEEN * known.moved:
        return known
    most = least + _SLACK * known.moved + 0.5 * least
    fits = [delay_s for delay_s, cost in zip(CANDIDATES_S, known.costs, strict=True) if cost <= most]
    plausible_s = max(-LEAD_S, fits[0] - STEP_S), min(LONGEST_S, fits[-1] + STEP_S)
    best_s = CANDIDATES_S[known.costs.index(least)]
    if best_s == known.best_s and plausible_s == known.plausible_s:
        return known
    return replace(known, best_s=best_s, plausible_s=plausible_s)
