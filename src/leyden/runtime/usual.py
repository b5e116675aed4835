"""What the site usually needs at this time of day: the newest mean of net demand of each quarter-hour of the day.

No forecast, only memory: tomorrow as yesterday. It serves the estimate of what a plan will save, and nothing is decided
by it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import isnan, nan

from leyden.model.plan import Plan
from leyden.model.site import Site
from leyden.model.snapshot import Price, Snapshot
from leyden.plan.time_of_use import ROUND_TRIP
from leyden.runtime.today import LONGEST_STEP_S, cost, planned_w

QUARTERS = 96
_QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Usual:
    """Means of net demand in W, by the quarter-hour of the local day; nan where none was seen."""

    means_w: tuple[float, ...] = (nan,) * QUARTERS

    def seen(self, quarter: int, mean_w: float) -> "Usual":
        """With the newest mean of a quarter."""
        return Usual((*self.means_w[:quarter], mean_w, *self.means_w[quarter + 1 :]))

    def at(self, local: datetime, now_w: float = nan) -> float:
        """What to expect: the mean of that quarter, or of all that were seen; what it is now where none was."""
        mean_w = self.means_w[quarter_of(local)]
        if not isnan(mean_w):
            return mean_w
        seen = [mean_w for mean_w in self.means_w if not isnan(mean_w)]
        return sum(seen) / len(seen) if seen else now_w


def quarter_of(local: datetime) -> int:
    """0 to 95, by the wall clock."""
    return 4 * local.hour + local.minute // 15


@dataclass(frozen=True, slots=True)
class Quartered:
    """The quarter that is being seen."""

    quarter: int = -1
    demand_ws: float = 0.0
    counted_s: float = 0.0
    elapsed_s: float = nan

    def add(self, snapshot: Snapshot) -> "Quartered":
        """With one more cycle; a new quarter begins at nothing."""
        quarter, elapsed_s = quarter_of(snapshot.time.astimezone(snapshot.site.zone)), snapshot.context.elapsed_s
        before = self if quarter == self.quarter else Quartered(quarter, elapsed_s=self.elapsed_s)
        dt_s, net_w = elapsed_s - before.elapsed_s, snapshot.derived.good("net_demand_w")
        if not 0.0 < dt_s <= LONGEST_STEP_S or isnan(net_w):
            return replace(before, elapsed_s=elapsed_s)
        return Quartered(quarter, before.demand_ws + net_w * dt_s, before.counted_s + dt_s, elapsed_s)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a plan and what it is expected to save."""

    start: datetime
    end: datetime
    money: float


def stretches(
    site: Site,
    plan: Plan,
    price_at: Callable[[datetime], Price],
    usual: Usual,
    soc: float,
    start: datetime,
    end: datetime,
    now_w: float = nan,
) -> tuple[Stretch, ...]:
    """What a plan saves from start to end beside the usual demand, quarter by quarter; empty where none is known.

    The batteries are one store, from `soc` (0 to 1) on, that loses what converters and cells lose: what it does not
    hold is not sold. Everything else is the method of the day's own money.
    """
    energy_wh = sum(battery.energy_wh for battery in site.batteries)
    low = sum(battery.energy_wh * battery.soc_min for battery in site.batteries)
    high = sum(battery.energy_wh * battery.soc_max for battery in site.batteries)
    stored_wh, one_way, found, at = soc * energy_wh, ROUND_TRIP**0.5, [], start
    while at < end:
        until = min(end, at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0) + _QUARTER)
        hours = (until - at).total_seconds() / 3600.0
        net_w = usual.at(at.astimezone(site.zone), now_w)
        if isnan(net_w) or isnan(stored_wh):
            return ()
        most_w = max(0.0, stored_wh - low) * one_way / hours
        least_w = -max(0.0, high - stored_wh) / one_way / hours
        power_w = min(max(planned_w(plan.at(at), net_w, site), least_w), most_w)
        stored_wh -= power_w * hours / one_way if power_w > 0.0 else power_w * hours * one_way
        price = price_at(at)
        money = cost(price, net_w, 3600.0 * hours) - cost(price, net_w - power_w, 3600.0 * hours)
        if isnan(money):
            return ()
        found.append(Stretch(at, until, money))
        at = until
    return tuple(found)


def still_to_save(parts: tuple[Stretch, ...], now: datetime) -> float:
    """What is left of them from now on."""
    left = 0.0
    for part in parts:
        whole_s, left_s = (part.end - part.start).total_seconds(), (part.end - max(part.start, now)).total_seconds()
        left += part.money * max(0.0, left_s) / whole_s
    return left
