"""What a device speaks for on a site, with what its map needs to know of it."""

from dataclasses import dataclass

from leyden.model.site import GRID, Layout, Site


@dataclass(frozen=True, slots=True)
class Thing:
    """A role that a device plays."""

    role: str
    name: str
    layout: Layout | None = None
    rated_w: float | None = None
    commanded: bool = False
    """Whether it may be told anything."""


def things_of(site: Site, device: str) -> tuple[Thing, ...]:
    """The roles of one device, in site order."""
    things = [Thing("grid", GRID, None, site.grid.import_limit_w)] if site.grid.device == device else []
    for battery in site.batteries:
        if battery.bms == device:
            things.append(Thing("battery", battery.name, battery.layout))
        if battery.converter.device == device:
            things.append(Thing("converter", battery.name, None, battery.converter.power_w, commanded=True))
    for role, sources in (("solar", site.solar), ("wind", site.wind)):
        things += [Thing(role, s.name, None, s.power_w, s.curtail) for s in sources if s.device == device]
    things += [Thing("load", load.name) for load in site.loads if load.device == device]
    return tuple(things)
