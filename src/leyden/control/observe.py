"""From readings to a snapshot: what follows from all measurements together."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf, nan

from msgspec import Struct

from leyden.control.demand import KEEP_S, Demand, demanded
from leyden.control.quarter import Quarter, counted
from leyden.control.steady import Steadied, calmed, noise_w
from leyden.control.trace import Trace
from leyden.model.quality import FRESH, MISSING, Stamp
from leyden.model.readings import GridReading, LoadReading, Reading, Readings
from leyden.model.site import Site
from leyden.model.snapshot import UNKNOWN_DEMAND, Context, SiteReading, Snapshot, SteadyDemand

LOST_S = 3.0
"""A converter silent for longer is taken to do what it is told, so that the rest of the site goes on. Shorter than the
guard of the meter waits before it brings everything to zero."""


class Observed(Struct, frozen=True):
    """What observation remembers from one cycle to the next."""

    demand: Demand = Demand()
    others: Trace = Trace()
    """Loads, solar and wind together, so that the residual is of one moment."""
    members: tuple[str, ...] = ()
    """Batteries whose converters are measured; all others are taken at their word."""
    silent_since_s: Mapping[str, float] = {}
    """Batteries whose converters are not."""
    quarter: Quarter = Quarter()
    steadied: Steadied = Steadied()
    """The net demand without its noise; it stands while the net demand is not known."""


def observe(site: Site, readings: Readings, context: Context, before: Observed) -> tuple[Snapshot, Observed]:
    """The snapshot of this moment. A derived value is nan and BAD as soon as one of its parts is not GOOD.

    One part may be missing for good: a converter that has been silent for LOST_S is counted with what it is told, which
    is soon zero. What it does instead is then part of the net demand, as a load without a meter is, and the others
    serve it. Until then nobody can tell, and the net demand is nan.
    """
    elapsed_s, grid = context.elapsed_s, readings.grid
    grid_w = _good(grid)
    own = _batteries(site, readings, context, before.silent_since_s)
    known = grid_w == grid_w and all(elapsed_s - since_s >= LOST_S for since_s in own.silent_since_s.values())
    stamp = grid.stamp("power_w") if known else MISSING
    # With another member the sum jumps, which is no move of a battery.
    demand = before.demand if own.members == before.members else Demand(delay=before.demand.delay)
    read = (elapsed_s - stamp.age_s, grid_w) if known else None
    demand = demanded(demand, read, (own.moment_s, own.power_w), site.grid.meter_delay_s, own.rated_w)
    generation_w = _generation(site, readings)
    others = _others(site, readings, elapsed_s, generation_w, before.others)
    residual_w = nan
    if known and others.moments and not own.silent_since_s:
        residual_w = grid_w + demand.battery.at(demand.moment_s) + others.at(demand.moment_s)
    rest = [load.name for load in site.loads if load.device is None]
    if rest:
        readings, residual_w = _with_rest(readings, rest, residual_w, stamp), nan
    quarter = counted(before.quarter, context.time, elapsed_s, grid_w)
    values = {
        "net_demand_w": demand.net_w if known else nan,
        "residual_w": residual_w,
        "import_mean_15min_w": quarter.mean_w if grid_w == grid_w else nan,
        "import_price_per_kwh": context.price.import_per_kwh,
        "export_price_per_kwh": context.price.export_per_kwh,
    }
    derived = SiteReading(stamps=_stamps(values, grid), generation_w=generation_w, **values)
    steadied, steady = before.steadied, UNKNOWN_DEMAND
    if known:
        steadied = calmed(steadied, demand.net_w, noise_w(site, grid_w, demand.net_w), elapsed_s)
        steady = SteadyDemand(steadied.middle.value_w, steadied.highest.value_w, steadied.lowest.value_w)
    snapshot = Snapshot(site=site, readings=readings, context=context, derived=derived, demand=steady)
    return snapshot, Observed(demand, others, own.members, own.silent_since_s, quarter, steadied)


@dataclass(slots=True)
class _Own:
    """All batteries as one."""

    members: tuple[str, ...] = ()
    power_w: float = 0.0
    moment_s: float = inf
    """When the oldest part was read."""
    rated_w: float = 0.0
    silent_since_s: dict[str, float] = field(default_factory=dict)
    """Those that are not measured."""


def _batteries(site: Site, readings: Readings, context: Context, silent_before: Mapping[str, float]) -> _Own:
    elapsed_s = context.elapsed_s
    own = _Own(moment_s=elapsed_s)
    for battery in site.batteries:
        name = battery.name
        own.rated_w += battery.converter.power_w
        reading = readings.converter.get(name)
        power_w = _good(reading)
        if reading is None or power_w != power_w:
            own.silent_since_s[name] = min(silent_before.get(name, elapsed_s), elapsed_s)
            told = context.setpoints.get(name)
            own.power_w += 0.0 if told is None else told.power_w
            continue
        own.members += (name,)
        own.power_w += power_w
        own.moment_s = min(own.moment_s, elapsed_s - reading.stamp("power_w").age_s)
    return own


def _generation(site: Site, readings: Readings) -> float:
    power_w = 0.0
    for source in site.solar:
        power_w += _good(readings.solar.get(source.name))
    for source in site.wind:
        power_w += _good(readings.wind.get(source.name))
    return power_w


def _others(site: Site, readings: Readings, elapsed_s: float, generation_w: float, before: Trace) -> Trace:
    """Loads, solar and wind as one; nothing as soon as one of them is not measured."""
    power_w = generation_w
    for load in site.loads:
        if load.device is not None:
            power_w += _good(readings.load.get(load.name))
    return before.add(elapsed_s, power_w, KEEP_S) if power_w == power_w else Trace()


def _with_rest(readings: Readings, names: list[str], residual_w: float, of_grid: Stamp) -> Readings:
    """With the one load that has no meter: it is what is left over, so nothing is left to check it against."""
    stamp = of_grid if residual_w == residual_w else MISSING
    rest = LoadReading(power_w=-residual_w, stamps={"power_w": stamp})
    return replace(readings, load={**readings.load, **dict.fromkeys(names, rest)})


def _stamps(values: Mapping[str, float], grid: GridReading) -> Mapping[str, Stamp]:
    """What follows from the meter is as old as the meter's value."""
    of_grid = grid.stamp("power_w")
    return {
        name: MISSING if value != value else FRESH if name.endswith("per_kwh") else of_grid
        for name, value in values.items()
    }


def _good(reading: Reading | None) -> float:
    """A measured power, nan unless it is GOOD and a number that can be summed."""
    power_w = nan if reading is None else reading.good("power_w")
    return power_w if -inf < power_w < inf else nan
