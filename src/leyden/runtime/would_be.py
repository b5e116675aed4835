"""What the decisions of a site in shadow would have earned, had the batteries followed them: an estimate.

By the method of the day's own money: the price of the net demand alone less the price of what the meter would have
counted. The batteries really follow somebody else, so their energy is kept in a book of its own: it begins at what they
hold, moves with what was decided, loses what a converter and cells lose, and what it does not hold earns nothing.
"""

from dataclasses import dataclass, replace
from math import inf, isnan, nan, sqrt

from leyden.model.site import Site
from leyden.model.snapshot import Snapshot
from leyden.plan.time_of_use import ROUND_TRIP
from leyden.runtime.today import LONGEST_STEP_S, cost, day_of

_ONE_WAY = sqrt(ROUND_TRIP)


@dataclass(frozen=True, slots=True)
class WouldBe:
    """One local day in shadow; energies in Wh at the converters' AC side, never negative."""

    day: str = ""
    elapsed_s: float | None = None
    covered_s: float = 0.0
    """How long there was a decision and a net demand to hold it against."""
    charged_wh: float = 0.0
    discharged_wh: float = 0.0
    stored_wh: float = nan
    """What the batteries would hold now."""
    money: float | None = None
    """What would have been saved; None without a tariff."""

    def add(self, snapshot: Snapshot, total_w: float) -> "WouldBe":
        """With one more cycle in it; a new day begins at zero, with the energy that the last one left."""
        day, elapsed_s = day_of(snapshot), snapshot.context.elapsed_s
        before = self if self.day == day else WouldBe(day, self.elapsed_s, stored_wh=self.stored_wh)
        stored_wh = _held_wh(snapshot) if isnan(before.stored_wh) else before.stored_wh
        step = replace(before, elapsed_s=elapsed_s, stored_wh=stored_wh)
        dt_s = 0.0 if before.elapsed_s is None else elapsed_s - before.elapsed_s
        net_w = snapshot.derived.good("net_demand_w")
        if not 0.0 < dt_s <= LONGEST_STEP_S or isnan(net_w) or isnan(stored_wh):
            return step
        return step._summed(snapshot, total_w, net_w, dt_s)

    def _summed(self, snapshot: Snapshot, total_w: float, net_w: float, dt_s: float) -> "WouldBe":
        low_wh, high_wh = _window_wh(snapshot.site)
        hours = dt_s / 3600.0
        most_w = max(0.0, self.stored_wh - low_wh) * _ONE_WAY / hours
        least_w = -max(0.0, high_wh - self.stored_wh) / _ONE_WAY / hours
        power_w = min(max(total_w, least_w), most_w)
        taken_wh = power_w * hours / _ONE_WAY if power_w > 0.0 else power_w * hours * _ONE_WAY
        saved = cost(snapshot.context.price, net_w, dt_s) - cost(snapshot.context.price, net_w - power_w, dt_s)
        return replace(
            self,
            covered_s=self.covered_s + dt_s,
            charged_wh=self.charged_wh + max(0.0, -power_w) * hours,
            discharged_wh=self.discharged_wh + max(0.0, power_w) * hours,
            stored_wh=self.stored_wh - taken_wh,
            money=self.money if isnan(saved) else (self.money or 0.0) + saved,
        )

    def soc(self, site: Site) -> float | None:
        """State of charge that the batteries would have, weighed by their energies; None where it is not known."""
        energy_wh = sum(battery.energy_wh for battery in site.batteries)
        return None if isnan(self.stored_wh) or energy_wh <= 0.0 else self.stored_wh / energy_wh


@dataclass(frozen=True, slots=True)
class ShadowDay:
    """A day that is over, or one on which shadow was left."""

    day: str
    money: float | None = None
    charged_wh: float = 0.0
    discharged_wh: float = 0.0
    covered_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ShadowDays:
    """The latest days in shadow, oldest first, as the ledger keeps them."""

    days: tuple[ShadowDay, ...] = ()

    def over(self, day: WouldBe, most: int = 400) -> "ShadowDays":
        """With one more, unless nothing was seen of it."""
        if not day.covered_s > 0.0:
            return self
        *older, last = self.days or (ShadowDay(day.day),)
        if last.day != day.day:
            older, last = [*older, last], ShadowDay(day.day)
        done = ShadowDay(
            day.day,
            last.money if day.money is None else (last.money or 0.0) + day.money,
            last.charged_wh + day.charged_wh,
            last.discharged_wh + day.discharged_wh,
            last.covered_s + day.covered_s,
        )
        return ShadowDays((*older, done)[-most:])


def _held_wh(snapshot: Snapshot) -> float:
    return sum(snapshot.soc(battery.name) * battery.energy_wh for battery in snapshot.site.batteries)


def _window_wh(site: Site) -> tuple[float, float]:
    low = sum(battery.energy_wh * battery.soc_min for battery in site.batteries)
    high = sum(battery.energy_wh * battery.soc_max for battery in site.batteries)
    return (low, high) if site.batteries else (0.0, inf)
