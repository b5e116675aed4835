"""Links, identity, and every point: fresh, and plausible."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from leyden.commission.judge import link_verdicts as say
from leyden.commission.judge.verdict import Finding, Step, Verdict
from leyden.model.points import Point, scalar_points
from leyden.model.quality import Quality
from leyden.model.readings import ROLES, BatteryReading, Reading, Readings
from leyden.model.site import GRID, Site
from leyden.model.words import Words, printed_value


@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """A device as it was found."""

    name: str
    map: str
    digest: str
    """Of its map's file."""
    at: str
    state: str
    age_s: float
    error: Words | None
    maker: str = ""
    model: str = ""
    version: str = ""
    serial: str = ""


NEEDED: Mapping[str, Sequence[str]] = {
    "grid": ("power_w",),
    "load": ("power_w",),
    "solar": ("power_w",),
    "wind": ("power_w",),
    "battery": ("soc",),
    "converter": ("power_w",),
}
"""Without these a thing cannot be used, whatever its map offers."""

_RANGES: Mapping[tuple[str, str], tuple[float, float]] = {
    ("grid", "frequency_hz"): (45.0, 65.0),
    ("load", "frequency_hz"): (45.0, 65.0),
    ("battery", "soc"): (0.0, 1.0),
    ("battery", "soh"): (0.3, 1.1),
    ("battery", "cell_temperature_min_degc"): (-30.0, 70.0),
    ("battery", "cell_temperature_max_degc"): (-30.0, 70.0),
    ("converter", "temperature_degc"): (-40.0, 100.0),
}
CELL_SPARE_V = 0.2
"""A cell may stand so far beyond its limits and still be measured rightly."""
VOLTAGE_SHARE = 0.1
"""The DC voltage is the sum of the cells' within a tenth."""
BALANCE_SHARE = 0.1
"""All meters of a bus add up within a tenth of what flows, as they are not read at one moment."""


def judge_links(
    site: Site, devices: Sequence[DeviceSeen], readings: Readings, offered: Mapping[tuple[str, str], Sequence[str]]
) -> list[Finding]:
    """Every verdict; `offered` are the points that a device's map has, by role and thing."""
    found = [*_devices(devices), *_points(site, readings, offered), *_together(site, readings)]
    wrong = [verdict for _, verdict in found if verdict.mark in ("failed", "undecided")]
    if not wrong:
        count = sum(map(len, offered.values()))
        found.insert(0, (site.id, say.AllFresh(len(devices), count)))
    return [Finding(Step.LINKS, target, verdict) for target, verdict in found]


Told = tuple[str, Verdict]


def _devices(devices: Sequence[DeviceSeen]) -> Iterator[Told]:
    serials: dict[tuple[str, str, str], str] = {}
    for device in devices:
        if device.state != "online":
            yield device.name, say.NoAnswer(device.name, device.at, device.error or Words("无应答", "no answer"))
            continue
        if not (device.maker or device.model or device.serial):
            yield device.name, say.NoIdentity(device.name)
        if device.serial:
            other = serials.setdefault((device.maker, device.model, device.serial), device.name)
            if other != device.name:
                yield device.name, say.SameDevice(other, device.name, device.serial)


def _points(site: Site, readings: Readings, offered: Mapping[tuple[str, str], Sequence[str]]) -> Iterator[Told]:
    """What is missing, and what cannot be."""
    devices = {(role, thing): device for device, role, thing in site.roles()}
    for (role, thing), names in offered.items():
        reading, device = reading_of(readings, role, thing), devices[role, thing]
        lost = [name for name in names if reading is None or reading.stamp(name).quality is not Quality.GOOD]
        needed = [name for name in NEEDED[role] if name in lost or name not in names]
        if needed:
            yield device, say.PointsMissing(device, thing, ", ".join(needed))
        elif lost:
            yield device, say.PointsNotGiven(device, thing, ", ".join(lost))
        if reading is None:
            continue
        for point in scalar_points(ROLES[role]):
            low, high = _range(site, role, thing, point.name)
            value = reading.good(point.name)
            if value == value and not low <= value <= high:
                yield device, _implausible(device, thing, point, value, low, high)


def _implausible(device: str, thing: str, point: Point, value: float, low: float, high: float) -> Verdict:
    shown, least, most = (
        Words(printed_value(point.name, v, "zh"), printed_value(point.name, v, "en")) for v in (value, low, high)
    )
    return say.Implausible(device, thing, point.label, shown, least, most)


def _range(site: Site, role: str, thing: str, point: str) -> tuple[float, float]:
    """Between which values a point makes sense here; everything where nobody can say."""
    if role == "grid" and point == "power_w":
        return -1.2 * max(site.grid.export_limit_w, site.battery_power_w), 1.2 * site.grid.import_limit_w
    if role == "load" and point == "power_w":
        return -2.0 * site.grid.import_limit_w, 0.02 * site.grid.import_limit_w
    if role in ("solar", "wind") and point == "power_w":
        rated_w = next(s.power_w for s in (*site.solar, *site.wind) if s.name == thing)
        return -0.05 * rated_w, 1.2 * rated_w
    if role == "converter" and point == "power_w":
        rated_w = site.battery(thing).converter.power_w
        return -1.2 * rated_w, 1.2 * rated_w
    if role == "battery" and point in ("cell_voltage_min_v", "cell_voltage_max_v"):
        cell = site.battery(thing).cell
        return cell.voltage_min_v - CELL_SPARE_V, cell.voltage_max_v + CELL_SPARE_V
    if role == "battery" and point in ("charge_limit_w", "discharge_limit_w"):
        return 0.0, math.inf
    return _RANGES.get((role, point), (-math.inf, math.inf))


def _together(site: Site, readings: Readings) -> Iterator[Told]:
    """What values of several points must make together."""
    for battery in site.batteries:
        bms = readings.battery.get(battery.name)
        if isinstance(bms, BatteryReading):
            cell_v = 0.5 * (bms.good("cell_voltage_min_v") + bms.good("cell_voltage_max_v"))
            sum_v, dc_v = cell_v * battery.layout.series, bms.good("dc_voltage_v")
            if abs(dc_v - sum_v) > VOLTAGE_SHARE * sum_v:
                yield battery.bms, say.VoltageDiffers(battery.name, battery.bms, dc_v, sum_v, battery.layout.series)
            if bms.good("fault_bits") > 0.0:
                yield battery.bms, say.FaultBitsSet(battery.name, battery.bms, int(bms.fault_bits))
    yield from _balance(site, readings)


def _balance(site: Site, readings: Readings) -> Iterator[Told]:
    """Everything on the bus adds up to nothing, where everything is measured."""
    if any(load.device is None for load in site.loads):
        return
    others = [
        reading.good("power_w")
        for part in (readings.load, readings.solar, readings.wind, readings.converter)
        for reading in part.values()
    ]
    grid_w, sum_w = readings.grid.good("power_w"), sum(others)
    flows_w = max(abs(grid_w), max(map(abs, others), default=0.0))
    least_w = 0.02 * site.battery_power_w
    if abs(grid_w + sum_w) > max(BALANCE_SHARE * flows_w, least_w):
        yield site.grid.device, say.BalanceOff(grid_w, -sum_w)


def reading_of(readings: Readings, role: str, thing: str) -> Reading | None:
    """What a thing's device says in a role; None where it never spoke."""
    if role == GRID:
        return readings.grid
    by_thing: Mapping[str, Reading] = getattr(readings, role)
    return by_thing.get(thing)
