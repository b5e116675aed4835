"""What must hold at every step of a day, found out beside the control, from the plant's truth and the plain rules."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from math import inf

from leyden.control.keep_reserve import KeepReserve
from leyden.control.peak_shaving import PeakShaving
from leyden.control.quarter import QUARTER_S
from leyden.control.room import EFFICIENCY, STANDING, room
from leyden.model.decision import Decision
from leyden.model.site import Battery, Site
from leyden.model.snapshot import Snapshot
from leyden.physics import ac_power
from leyden.twin import Twin
from tests.whole.inside import Inside

W = 1.0
"""Powers nearer than this are the same."""
METER = 0.0025
"""Share of a limit that no meter can tell from nothing: class 0.2, and the rounding of its register."""
QUIET = 0.005
"""No flow has moved by more than this share of the largest: then all meters mean the same moment."""


@dataclass
class QuarterSum:
    """One quarter of an hour by the clock, in truth."""

    imported_ws: float = 0.0
    demand_ws: float = 0.0
    seconds: float = 0.0
    able: bool = True
    """At every moment of it the batteries could give what the limit needed."""

    @property
    def whole(self) -> bool:
        return abs(self.seconds - QUARTER_S) < 1e-6

    @property
    def import_w(self) -> float:
        return self.imported_ws / self.seconds

    @property
    def demand_w(self) -> float:
        return self.demand_ws / self.seconds


@dataclass(frozen=True)
class Flowing:
    """What really flows on the bus, each positive into it."""

    grid_w: float
    others: dict[str, float]
    """Loads, solar and wind."""
    batteries: dict[str, float]

    @property
    def bus_w(self) -> float:
        """0, if the plant is one."""
        return self.grid_w + sum(self.others.values()) + sum(self.batteries.values())


def flowing(twin: Twin) -> Flowing:
    """The truth of one moment, without that of every cell."""
    sources = {name: source.generator.power_w for name, source in twin.sources.items()}
    batteries = {name: battery.pcs.power_w for name, battery in twin.batteries.items()}
    loads = {name: load.power_w for name, load in twin.loads.items()}
    auxiliaries = {f"{name} auxiliaries": -battery.warmth.draw_w for name, battery in twin.batteries.items()}
    return Flowing(twin.gate.newest.power_w, {**loads, **sources, **auxiliaries}, batteries)


@dataclass
class Watch:
    """Looks at every decision and at the plant after every step; `wrong` holds what should never be."""

    ins: Inside
    wrong: list[str] = field(default_factory=list)
    quarters: dict[int, QuarterSum] = field(default_factory=dict)
    alarms: dict[str, str] = field(default_factory=dict)
    shaved: int = 0
    """Steps in which the demand was over the limit and the import was not."""
    curtailed: int = 0
    """Steps in which solar or wind had a ceiling."""
    over_s: float = 0.0
    """How long the import has now been over its limit, by more than a meter can tell from nothing."""
    longest_over_s: float = 0.0
    oldest_excess: float = 0.0
    """Largest excess, as a share of the limit, that is not by a demand newer than the ramp time and two cycles."""
    oldest_export: float = 0.0
    worst_bus: float = 0.0
    """Largest sum of all flows, as a share of the largest of them."""
    quiet: int = 0
    worst_residual: float = 0.0
    drawn_w: float = 0.0
    least_soc: float = inf
    flows: dict[tuple[str, str], float] = field(default_factory=dict)
    demands: deque[float] = field(default_factory=deque)

    def __post_init__(self) -> None:
        controllers = self.ins.station.controllers
        self.limit_w = next((c.import_limit_w for c in controllers if isinstance(c, PeakShaving)), inf)
        self.reserve = next((c.soc + c.hysteresis for c in controllers if isinstance(c, KeepReserve)), 0.0)
        converters = [battery.converter for battery in self.ins.site.batteries]
        self.rated_w = sum(c.power_w for c in converters)
        self.ramp_s = max(c.power_w / c.ramp_w_per_s + c.dead_time_s for c in converters)
        self.demands = deque(maxlen=int((self.ramp_s + 2.0 * self.ins.period_s) / self.ins.period_s))

    def run(self, seconds: float) -> "Watch":
        """Let time pass and look at all of it."""
        self.ins.run(seconds, self._stepped)
        return self

    def _stepped(self, done: float) -> None:
        moment = self.ins.moment
        snapshot, real = moment.snapshot, flowing(self.ins.twin)
        self._bounds(snapshot, moment.decision)
        self._trail(moment.decision)
        self._plant(snapshot, real)
        self._import(snapshot, real)
        self._measured(snapshot)
        self.alarms |= {alarm.key: alarm.condition.text.en for alarm in self.ins.station.alarms.active()}

    def blame(self, time: datetime, what: str) -> None:
        if len(self.wrong) < 20:
            self.wrong.append(f"{time.astimezone(self.ins.site.zone):%d %H:%M:%S} {what}")

    def _bounds(self, snapshot: Snapshot, decision: Decision) -> None:
        """Set-points against ratings, the SOC window, the device's own limits and the grid connection."""
        site, powers = self.ins.site, {name: setpoint.power_w for name, setpoint in decision.setpoints.items()}
        for battery in site.batteries:
            low_w, high_w = limits(battery, snapshot)
            if not low_w - W <= powers[battery.name] <= high_w + W:
                self.blame(decision.time, f"{battery.name} told {powers[battery.name]}, may {low_w} to {high_w}")
        self.curtailed += any(powers[s.name] < s.power_w for s in (*site.solar, *site.wind))
        for source in (*site.solar, *site.wind):
            if not 0.0 <= powers[source.name] <= source.power_w:
                self.blame(decision.time, f"{source.name} told {powers[source.name]}")
        net_w, total_w = snapshot.derived.net_demand_w, sum(powers[b.name] for b in site.batteries)
        most_w = sum(tapered(battery, snapshot)[1] for battery in site.batteries)
        least_w = sum(tapered(battery, snapshot)[0] for battery in site.batteries)
        if not total_w >= min(net_w - site.grid.import_limit_w, most_w) - W:
            self.blame(decision.time, f"{total_w} for a net demand of {net_w}: import over its limit")
        if not total_w <= max(net_w + site.grid.export_limit_w, least_w) + W:
            self.blame(decision.time, f"{total_w} for a net demand of {net_w}: export over its limit")

    def _trail(self, decision: Decision) -> None:
        """The decision lies within what every one of its steps left."""
        for step in decision.steps:
            told = decision.setpoints.get(step.want.target)
            if told is not None and not step.allowed_w.contains(told.power_w, W):
                self.blame(decision.time, f"{step.controller} left {step.allowed_w}, told is {told.power_w}")
            if not step.total_w.contains(decision.total_w, W):
                self.blame(decision.time, f"{step.controller} left {step.total_w}, the total is {decision.total_w}")

    def _plant(self, snapshot: Snapshot, real: Flowing) -> None:
        """What the plant really does: it balances, and no battery leaves what it is built for."""
        largest_w = max(1.0, abs(real.grid_w), *map(abs, real.others.values()), *map(abs, real.batteries.values()))
        self.worst_bus = max(self.worst_bus, abs(real.bus_w) / largest_w)
        for battery in self.ins.site.batteries:
            power_w, soc = real.batteries[battery.name], snapshot.soc(battery.name)
            self.least_soc = min(self.least_soc, soc)
            if not abs(power_w) <= battery.converter.power_w + W:
                self.blame(snapshot.time, f"{battery.name} gives {power_w}")
            if not battery.soc_min - 1e-3 <= soc <= battery.soc_max + 1e-3:
                self.blame(snapshot.time, f"{battery.name} is at {soc}")

    def _import(self, snapshot: Snapshot, real: Flowing) -> None:
        """Import against the peak-shaving limit, in truth: at every moment, and in the mean of each quarter."""
        demand_w = real.grid_w + sum(real.batteries.values())
        able = demand_w - self.limit_w <= able_w(self.ins.site, snapshot, self.reserve)
        dt_s = self.ins.period_s
        quarter = self.quarters.setdefault(int(snapshot.time.timestamp() // QUARTER_S), QuarterSum())
        quarter.imported_ws += max(0.0, real.grid_w) * dt_s
        quarter.demand_ws += max(0.0, demand_w) * dt_s
        quarter.seconds += dt_s
        quarter.able = quarter.able and able
        excess_w = real.grid_w - self.limit_w
        self.shaved += demand_w > self.limit_w * (1.0 + METER) and excess_w <= METER * self.limit_w
        over = able and excess_w > METER * self.limit_w
        self.over_s = self.over_s + dt_s if over else 0.0
        self.longest_over_s = max(self.longest_over_s, self.over_s)
        # However small it is, an excess is what the demand has grown by within the ramp and two cycles.
        if not able:
            self.demands.clear()
        elif len(self.demands) == self.demands.maxlen and excess_w > 0.0:
            self.oldest_excess = max(self.oldest_excess, older(excess_w, demand_w - min(self.demands)) / self.limit_w)
        self._export(demand_w, -real.grid_w - self.ins.site.grid.export_limit_w)
        self.demands.append(demand_w)

    def _export(self, demand_w: float, excess_w: float) -> None:
        """The same of export, as a share of the converters' rating: its limit may be 0."""
        if len(self.demands) == self.demands.maxlen and excess_w > 0.0:
            grown_w = max(self.demands) - demand_w
            self.oldest_export = max(self.oldest_export, older(excess_w, grown_w) / self.rated_w)

    def _measured(self, snapshot: Snapshot) -> None:
        """The measured balance, whenever all meters mean the same moment."""
        before, self.flows = self.flows, measured(snapshot)
        # No meter sees the auxiliaries, and the gate's tells late that a chiller has started.
        drawn_w = sum(battery.warmth.draw_w for battery in self.ins.twin.batteries.values())
        was_drawn_w, self.drawn_w = self.drawn_w, drawn_w
        largest_w = max(1.0, *map(abs, self.flows.values()))
        if before and all(abs(self.flows[key] - before[key]) <= QUIET * largest_w for key in before):
            self.quiet += 1
            unmeasured_w = snapshot.derived.residual_w
            residual = min(abs(unmeasured_w - drawn_w), abs(unmeasured_w - was_drawn_w)) / largest_w
            self.worst_residual = max(self.worst_residual, residual)
            if not residual <= QUIET:
                self.blame(snapshot.time, f"measured balance off by {residual:.2%}")

    @property
    def missed(self) -> list[QuarterSum]:
        """Quarters whose import was over the limit although the batteries could help it."""
        return [q for q in self.quarters.values() if q.whole and q.able and q.import_w > self.limit_w]

    @property
    def needed(self) -> list[QuarterSum]:
        """Quarters that would have been over the limit without batteries, and in which these could help it."""
        return [q for q in self.quarters.values() if q.whole and q.able and q.demand_w > self.limit_w]


def older(excess_w: float, grown_w: float) -> float:
    """The part of an excess that is not from what has just grown; what shrinks makes an excess no larger than it is."""
    return excess_w - max(0.0, grown_w)


def limits(battery: Battery, snapshot: Snapshot) -> tuple[float, float]:
    """What no set-point may pass, without any taper: the rating, the SOC window, the device's own DC limits."""
    rated_w = min(battery.converter.power_w, battery.converter.apparent_va)
    reading, soc = snapshot.readings.battery[battery.name], snapshot.soc(battery.name)
    apparent_va = battery.converter.apparent_va
    high_w = min(rated_w, ac_power(reading.discharge_limit_w, 0.0, apparent_va)) if soc > battery.soc_min else 0.0
    low_w = max(-rated_w, ac_power(-reading.charge_limit_w, 0.0, apparent_va)) if soc < battery.soc_max else 0.0
    return min(low_w, 0.0), max(high_w, 0.0)


def tapered(battery: Battery, snapshot: Snapshot) -> tuple[float, float]:
    """(-charge, discharge) that the control holds to be possible: it goes gently into every edge."""
    free = room(battery, snapshot)
    return -free.charge_w, free.discharge_w


def able_w(site: Site, snapshot: Snapshot, reserve: float) -> float:
    """What the batteries above their reserve can give now, by rating and by what their management allows."""
    total_w = 0.0
    for battery in site.batteries:
        rated_w, reading = battery.converter.power_w, snapshot.readings.battery[battery.name]
        if snapshot.soc(battery.name) > reserve:
            total_w += max(0.0, min(rated_w, EFFICIENCY * reading.discharge_limit_w - STANDING * rated_w))
    return total_w


def measured(snapshot: Snapshot) -> dict[tuple[str, str], float]:
    """Every flow on the bus as its own meter says."""
    readings = snapshot.readings
    groups = {"load": readings.load, "solar": readings.solar, "wind": readings.wind, "battery": readings.converter}
    flows = {(role, name): reading.good("power_w") for role, group in groups.items() for name, reading in group.items()}
    return {("grid", "grid"): readings.grid.good("power_w"), **flows}
