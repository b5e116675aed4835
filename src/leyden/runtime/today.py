"""The day so far: energies, what the batteries earned, cycles and efficiency, summed cycle by cycle.

Sums over the site's local day. Only intervals whose values are GOOD count; how much of the day that is stands beside
them as `coverage`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isnan, nan

from leyden.model.plan import Slot, SlotMode
from leyden.model.site import BATTERIES, Site
from leyden.model.snapshot import Price, Snapshot

WH_PER_WS = 1.0 / 3600.0
LONGEST_STEP_S = 10.0
"""A longer gap between two cycles is a gap in the sums, not an interval of constant power."""


@dataclass(frozen=True, slots=True)
class Today:
    """Sums of one local day, in Wh (never negative) and in the site's currency."""

    day: str = ""
    """ISO date, by the site's wall clock."""
    elapsed_s: float | None = None
    covered_s: float = 0.0
    import_wh: float = 0.0
    export_wh: float = 0.0
    solar_wh: float = 0.0
    wind_wh: float = 0.0
    load_wh: float = 0.0
    charged_wh: float = 0.0
    discharged_wh: float = 0.0
    stored_at_start_wh: float | None = None
    stored_wh: float = nan
    money: float | None = None
    """What the batteries saved: the price of the net demand without them, less the price of what the meter counted."""
    planned_money: float | None = None
    """The same, had they done what the plan in force said; None where there was neither plan nor tariff."""

    def add(self, snapshot: Snapshot) -> "Today":
        """The sums with one more cycle in them; a new local day begins at zero."""
        day = day_of(snapshot)
        before = self if self.day == day else Today(day=day)
        elapsed_s = snapshot.context.elapsed_s
        stored_wh = _stored_wh(snapshot)
        known_start = before.stored_at_start_wh if before.stored_at_start_wh is not None else _known(stored_wh)
        step = replace(before, elapsed_s=elapsed_s, stored_wh=stored_wh, stored_at_start_wh=known_start)
        if before.elapsed_s is None or not 0.0 < elapsed_s - before.elapsed_s <= LONGEST_STEP_S:
            return step
        return step._summed(snapshot, elapsed_s - before.elapsed_s)

    def _summed(self, snapshot: Snapshot, dt_s: float) -> "Today":
        readings, hours = snapshot.readings, dt_s * WH_PER_WS
        grid_w = readings.grid.good("power_w")
        battery_w = [snapshot.battery_power_w(battery.name) for battery in snapshot.site.batteries]
        return replace(
            self,
            covered_s=self.covered_s + (0.0 if isnan(grid_w) else dt_s),
            import_wh=self.import_wh + _positive(grid_w) * hours,
            export_wh=self.export_wh + _positive(-grid_w) * hours,
            solar_wh=self.solar_wh + sum(_positive(r.good("power_w")) for r in readings.solar.values()) * hours,
            wind_wh=self.wind_wh + sum(_positive(r.good("power_w")) for r in readings.wind.values()) * hours,
            load_wh=self.load_wh + sum(_positive(-r.good("power_w")) for r in readings.load.values()) * hours,
            charged_wh=self.charged_wh + sum(_positive(-w) for w in battery_w) * hours,
            discharged_wh=self.discharged_wh + sum(_positive(w) for w in battery_w) * hours,
            money=_saved(self.money, snapshot, grid_w, dt_s),
            planned_money=_planned(self.planned_money, snapshot, dt_s),
        )

    def efficiency(self) -> float | None:
        """AC round trip of the day, 0 to 1: what came out plus what is still in, over what went in.

        None until enough has gone in for the state of charge's coarseness not to rule it.
        """
        change_wh = self.stored_wh - (self.stored_at_start_wh or 0.0)
        if self.stored_at_start_wh is None or isnan(change_wh) or self.charged_wh < 0.2 * abs(change_wh) + 1e3:
            return None
        if change_wh >= 0.0:
            ratio = (self.discharged_wh + change_wh) / self.charged_wh
        else:
            ratio = self.discharged_wh / (self.charged_wh - change_wh)
        return ratio if 0.0 < ratio <= 1.0 else None

    def cycles(self, energy_wh: float) -> float | None:
        """Equivalent full cycles: discharged energy over nominal energy."""
        return self.discharged_wh / energy_wh if energy_wh > 0.0 else None

    def as_json(self) -> Mapping[str, float | None]:
        """The figures of the room's first line."""
        return {
            name: getattr(self, name)
            for name in (
                "import_wh", "export_wh", "solar_wh", "wind_wh", "load_wh", "charged_wh", "discharged_wh", "money",
            )
        }  # fmt: skip


def _positive(value: float) -> float:
    """The part above zero; nan counts as nothing, and `covered_s` tells."""
    return max(0.0, value)


def _known(value: float) -> float | None:
    return None if isnan(value) else value


def _stored_wh(snapshot: Snapshot) -> float:
    return sum(snapshot.soc(battery.name) * battery.energy_wh for battery in snapshot.site.batteries)


def day_of(snapshot: Snapshot) -> str:
    """The site's local day as an ISO date."""
    return snapshot.time.astimezone(snapshot.site.zone).date().isoformat()


def cost(price: Price, grid_w: float, dt_s: float) -> float:
    """What so much power at the meter costs for so long, feed-in being paid for; nan without a price."""
    export_per_kwh = 0.0 if isnan(price.export_per_kwh) else price.export_per_kwh
    per_s = _positive(grid_w) * price.import_per_kwh - _positive(-grid_w) * export_per_kwh
    return per_s * dt_s / 3.6e6


def _saved(before: float | None, snapshot: Snapshot, grid_w: float, dt_s: float) -> float | None:
    """Money so far, with this interval's: what the net demand would have cost less what the grid power costs."""
    price, net_w = snapshot.context.price, snapshot.derived.good("net_demand_w")
    saved = nan if isnan(grid_w) else cost(price, net_w, dt_s) - cost(price, grid_w, dt_s)
    return before if isnan(saved) or isnan(net_w) else (before or 0.0) + saved


def _planned(before: float | None, snapshot: Snapshot, dt_s: float) -> float | None:
    """The like for what the plan says of this interval."""
    price, plan, net_w = snapshot.context.price, snapshot.context.plan, snapshot.derived.good("net_demand_w")
    if plan is None or isnan(net_w) or isnan(price.import_per_kwh):
        return before
    grid_w = net_w - planned_w(plan.at(snapshot.time), net_w, snapshot.site)
    return (before or 0.0) + cost(price, net_w, dt_s) - cost(price, grid_w, dt_s)


def planned_w(slot: Slot | None, net_w: float, site: Site) -> float:
    """What a slot wants of the batteries beside this net demand, within their rating; 0 where it says nothing."""
    power_w = 0.0
    if slot is not None:
        told_w = slot.power_w or 0.0
        wanted = {SlotMode.BATTERY: told_w, SlotMode.GRID: net_w - told_w, SlotMode.SELF: net_w}
        power_w = wanted.get(slot.mode, 0.0)
    rated_w = sum(b.converter.power_w for b in site.batteries if slot is None or slot.target in (BATTERIES, b.name))
    return min(max(power_w, -rated_w), rated_w)
