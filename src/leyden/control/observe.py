"""From readings to a snapshot: what follows from all measurements together."""

from dataclasses import dataclass
from math import fsum, nan

from leyden.model.quality import FRESH, MISSING, Stamp
from leyden.model.readings import Reading, Readings
from leyden.model.site import Site
from leyden.model.snapshot import Context, SiteReading, Snapshot


@dataclass(frozen=True, slots=True)
class Observed:
    """What observation remembers from one cycle to the next."""


def observe(site: Site, readings: Readings, context: Context, before: Observed) -> tuple[Snapshot, Observed]:
    """The snapshot of this moment. A derived value is nan and BAD as soon as one of its parts is not GOOD."""
    grid_w = readings.grid.good("power_w")
    battery_w = fsum(_good(readings.converter.get(b.name)) for b in site.batteries)
    others_w = fsum(
        _good(reading) for kind in (readings.load, readings.solar, readings.wind) for reading in kind.values()
    )
    values = {
        "net_demand_w": grid_w + battery_w,
        "residual_w": grid_w + battery_w + others_w,
        "import_price_per_kwh": context.price.import_per_kwh,
        "export_price_per_kwh": context.price.export_per_kwh,
    }
    stamps: dict[str, Stamp] = {name: MISSING if value != value else FRESH for name, value in values.items()}
    return Snapshot(site=site, readings=readings, context=context, derived=SiteReading(stamps=stamps, **values)), before


def _good(reading: Reading | None) -> float:
    return nan if reading is None else reading.good("power_w")
