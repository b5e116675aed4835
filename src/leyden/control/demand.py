"""The site's net demand, from a meter that is late and a battery that moves: what the whole feed-forward stands on.

The meter's value is put together with the battery power of its own moment. How late the meter is, is known only
roughly at first, so while the battery moves there is not one net demand but a range: from the least to the most that
the battery may have given at the meter's moment. As long as the last net demand lies in that range nothing proves that
it changed, and it stands; else it goes to the nearer edge. At rest the range is a point. So the battery's own moves
never look like demand, whatever the delay, and no loop is closed that could swing; a move of the demand is seen at
once while the battery rests, and while it moves as soon as the battery cannot explain it.
"""

from math import nan

from msgspec import Struct

from leyden.control.delay import LEAD_S, LONGEST_S, Delay, learned
from leyden.control.trace import Trace

KEEP_S = LONGEST_S + 3.0
"""How much of the battery's past is kept: the longest delay, and a meter that answers late."""
TRUSTED_S = 1.5
"""When the delay is known within this much, the best candidate draws the value towards its own."""
DRAW_S = 1.0
"""Time constant of that draw."""
DOUBT = 0.05
"""The wider the range, as a share of rated power, the less it draws: in a fast ramp a tenth of a second is much."""


class Demand(Struct, frozen=True):
    """Net demand and what it takes to go on."""

    net_w: float = nan
    """Load minus generation, at the meter's moment."""
    moment_s: float = nan
    """The moment that the net demand is of, in the converters' time, as far as is known."""
    grid: Trace = Trace()
    """The meter, by the moment at which it was read."""
    battery: Trace = Trace()
    """All batteries together."""
    delay: Delay = Delay()


def demanded(
    before: Demand, grid: tuple[float, float] | None, battery: tuple[float, float], told_s: float, rated_w: float
) -> Demand:
    """Net demand after one more look; `grid` and `battery` are (moment read, power), `told_s` the site's own figure.

    Where the meter was not read anew since the last look, or not at all (None), the net demand stands; what the
    battery did meanwhile is remembered all the same.
    """
    own = before.battery.add(*battery, KEEP_S)
    read = before.grid if grid is None else before.grid.add(*grid, 2.0 * LEAD_S)
    if grid is None or read is before.grid:
        return Demand(before.net_w, before.moment_s, read, own, before.delay)
    delay = learned(before.delay, read, own, rated_w)
    shortest_s, longest_s = delay.plausible_s
    trusted = delay.best_s is not None and longest_s - shortest_s <= TRUSTED_S
    best_s = delay.best_s if delay.best_s is not None and trusted else min(max(told_s, shortest_s, 0.0), longest_s)
    # Converters that are read later than the meter: take the meter's value of that much ago.
    lead_s = max(0.0, -best_s)
    moment_s = grid[0] - lead_s
    grid_w = read.at(moment_s) if lead_s else grid[1]
    point_w = grid_w + own.at(moment_s - best_s)
    if before.net_w != before.net_w:
        return Demand(point_w, moment_s - best_s, read, own, delay)
    least_w, most_w = own.within(moment_s - longest_s, moment_s - shortest_s)
    net_w = min(max(before.net_w, grid_w + least_w), grid_w + most_w)
    if trusted:
        dt_s = grid[0] - read.moments[-2]
        doubt = max(1.0, (most_w - least_w) / (DOUBT * rated_w)) if rated_w > 0.0 else 1.0
        net_w += (point_w - net_w) * dt_s / (dt_s + DRAW_S) / doubt
    return Demand(net_w, moment_s - best_s, read, own, delay)
