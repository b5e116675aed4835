"""Taking a plant over: the set-points in force at first are what the equipment measurably does."""

from collections.abc import Mapping
from math import isfinite, nan

from leyden.control.soft_start import LASTS_S
from leyden.model.readings import Reading, Readings
from leyden.model.setpoint import Setpoint
from leyden.model.site import Battery, Site, Source
from leyden.model.snapshot import Begun


def taken_over(
    setpoints: Mapping[str, Setpoint], begun: Mapping[str, Begun], elapsed_s: float
) -> Mapping[str, Setpoint]:
    """The set-points in force, with those of things that are taken over at this very moment as they were found."""
    new = {name: Setpoint(found.power_w) for name, found in begun.items() if found.elapsed_s == elapsed_s}
    return {**setpoints, **new} if new else setpoints


class Beginning:
    """Which things are still to be taken over, and from where the batteries among the others have begun.

    A battery begins when its converter is first measured: until then nobody can say where it stands. What solar and
    wind say of their ceilings counts at the first look alone: later it may be older than what they were told.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self.begun: Mapping[str, Begun] = {}
        """Things whose first commands have not found their way yet, by name."""
        self.again()

    def again(self) -> None:
        """As if nothing had ever been commanded."""
        self._batteries = list(self._site.batteries)
        self._sources = [source for source in (*self._site.solar, *self._site.wind) if source.curtail]
        self.begun = {}

    def take(self, readings: Readings, elapsed_s: float) -> None:
        """Look for those that are still to be taken over; forget those that have found their way."""
        found = {battery.name: _found_w(battery, readings) for battery in self._batteries}
        found |= {source.name: _ceiling_w(source, readings) for source in self._sources}
        new = {name: Begun(power_w, elapsed_s) for name, power_w in found.items() if isfinite(power_w)}
        self._batteries = [battery for battery in self._batteries if battery.name not in new]
        self._sources = []
        lasting = {name: begun for name, begun in self.begun.items() if elapsed_s - begun.elapsed_s <= LASTS_S}
        self.begun = lasting | new

    @property
    def over(self) -> bool:
        """Everything has begun, and found its way."""
        return not self._batteries and not self._sources and not self.begun


def _found_w(battery: Battery, readings: Readings) -> float:
    """Measured, or else as its converter says it was told; nan where neither is known."""
    converter = readings.converter.get(battery.name)
    power_w = _good(converter, "power_w")
    power_w = _good(converter, "setpoint_w") if power_w != power_w else power_w
    rated_w = battery.converter.power_w
    return min(max(power_w, -rated_w), rated_w) if isfinite(power_w) else nan


def _ceiling_w(source: Source, readings: Readings) -> float:
    """The ceiling that the inverter says is in force; nan where it does not say."""
    limit_w = _good(readings.solar.get(source.name) or readings.wind.get(source.name), "limit_w")
    return min(max(limit_w, 0.0), source.power_w) if isfinite(limit_w) else nan


def _good(reading: Reading | None, point: str) -> float:
    return nan if reading is None else reading.good(point)
