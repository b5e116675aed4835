"""What one battery may do at this moment: the narrowest of site.toml, the device's own report and our own tables.

Nothing is remembered here, so that whoever needs to know, the battery's limits or a solar plant's ceiling, comes to the
same answer. Edges taper instead of switching: there is nothing to chatter at.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from leyden.model.quality import Quality, Stamp
from leyden.model.readings import BatteryReading, ConverterReading, Reading
from leyden.model.reason import Reason
from leyden.model.site import Battery
from leyden.model.snapshot import Snapshot
from leyden.model.states import BATTERY_STATES, CONVERTER_STATES, BatteryState, ConverterState
from leyden.model.words import Words

SOC_TAPER = 0.005
"""State of charge before an edge over which power goes to zero: half a minute at full power of a two-hour battery."""
CHARGE_TAPER_V = 0.10
"""Cell voltage below the highest over which charging goes to zero. Wider than what full power itself adds to an LFP
cell (0.04 to 0.07 V), so that the limit and the voltage cannot swing against each other."""
DISCHARGE_TAPER_V = 0.20
"""The like above the lowest cell voltage, where the voltage falls away faster."""
EFFICIENCY, STANDING = 0.97, 0.005
"""A converter as bad as they come, as a share of its power and of its rating: a DC limit then holds at the AC side."""


class NotKnown(Reason, frozen=True):
    """What must be known of a battery to use it is not."""

    battery: str
    points: str
    sentence = Words(
        "{battery} 的 {points} 未知:功率不再增大,随后归零",
        "{points} of {battery} not known: no more than now, then zero",
    )


class BatteryNotReady(Reason, frozen=True):
    """The battery's own management system has not connected it."""

    battery: str
    state: Words
    sentence = Words("{battery} {state}", "{battery} is {state}")


class ConverterNotReady(Reason, frozen=True):
    """The converter is not running."""

    battery: str
    state: Words
    sentence = Words("{battery} 变流器{state}", "the converter of {battery} is {state}")


class Stopped(Reason, frozen=True):
    """Somebody asked the converter to stop."""

    battery: str
    sentence = Words("{battery} 已被停机", "{battery} has been stopped")


class AtSocMin(Reason, frozen=True):
    """Near the lowest state of charge of site.toml."""

    battery: str
    soc: float
    soc_min: float
    sentence = Words("{battery} 荷电 {soc},下限 {soc_min}", "{battery} at {soc}, its lowest is {soc_min}")


class AtSocMax(Reason, frozen=True):
    """Near the highest state of charge of site.toml."""

    battery: str
    soc: float
    soc_max: float
    sentence = Words("{battery} 荷电 {soc},上限 {soc_max}", "{battery} at {soc}, its highest is {soc_max}")


class DeviceAllowsDischarge(Reason, frozen=True):
    """The battery's own management system allows no more out."""

    battery: str
    limit_w: float
    sentence = Words("{battery} 的 BMS 允许放电 {limit_w}", "the BMS of {battery} allows {limit_w} out")


class DeviceAllowsCharge(Reason, frozen=True):
    """The battery's own management system allows no more in."""

    battery: str
    limit_w: float
    sentence = Words("{battery} 的 BMS 允许充电 {limit_w}", "the BMS of {battery} allows {limit_w} in")


class LowestCell(Reason, frozen=True):
    """A cell near its lowest voltage: ours, whatever the device allows."""

    battery: str
    cell_v: float
    limit_w: float
    sentence = Words(
        "{battery} 最低单体 {cell_v},放电不超过 {limit_w}", "the lowest cell of {battery} is at {cell_v}: {limit_w} out"
    )


class HighestCell(Reason, frozen=True):
    """A cell near its highest voltage: ours, whatever the device allows."""

    battery: str
    cell_v: float
    limit_w: float
    sentence = Words(
        "{battery} 最高单体 {cell_v},充电不超过 {limit_w}", "the highest cell of {battery} is at {cell_v}: {limit_w} in"
    )


class Room(Struct, frozen=True):
    """AC power at the converter, neither ever negative; a reason for each edge that is nearer than the rating."""

    charge_w: float
    discharge_w: float
    charge_reason: Reason | None = None
    discharge_reason: Reason | None = None
    known: bool = True
    """False where something that must be known is missing."""


def room(battery: Battery, snapshot: Snapshot) -> Room:
    """What a battery may do now; while it is not known, no more than it was told last."""
    name = battery.name
    told = snapshot.context.setpoints.get(name)
    if told is not None and not told.run:
        return _shut(Stopped(name))
    readings = snapshot.readings
    bms, converter = readings.battery.get(name), readings.converter.get(name)
    if bms is not None and converter is not None and _at_ease(battery, bms, converter, snapshot):
        return _free(battery.converter.power_w)
    if bms is None or converter is None or unknown(bms, converter):
        power_w = 0.0 if told is None else told.power_w
        reason = NotKnown(name, ", ".join(unknown(bms, converter)))
        return Room(max(0.0, -power_w), max(0.0, power_w), reason, reason, known=False)
    if "state" in bms.stamps and bms.state != _CONNECTED:
        return _shut(BatteryNotReady(name, _named(BATTERY_STATES, bms.state)))
    if "state" in converter.stamps and converter.state not in _READY:
        return _shut(ConverterNotReady(name, _named(CONVERTER_STATES, converter.state)))
    discharge_w, discharge_reason = _out(battery, bms)
    # Headroom counts from the higher of both charges; in this order nan of ours says nothing.
    charge_w, charge_reason = _in(battery, bms, max(bms.soc, snapshot.watched(name).trusted_soc))
    return Room(charge_w, discharge_w, charge_reason, discharge_reason)


def _at_ease(battery: Battery, bms: BatteryReading, converter: ConverterReading, snapshot: Snapshot) -> bool:
    """Whether all is known, connected and far from every edge, which is the rule: told at a glance, as the rest of
    `room` would find the same and only take longer."""
    if not _all_good(bms.stamps, _POINTS) or not _all_good(converter.stamps, _POINTS_AC):
        return False
    rated_w, cell = battery.converter.power_w, battery.cell
    return (
        converter.power_w == converter.power_w
        and converter.state in _READY
        and bms.state == _CONNECTED
        and battery.soc_min + SOC_TAPER < bms.soc < battery.soc_max - SOC_TAPER
        and not snapshot.watched(battery.name).trusted_soc >= battery.soc_max - SOC_TAPER
        and bms.cell_voltage_min_v > cell.voltage_min_v + DISCHARGE_TAPER_V
        and bms.cell_voltage_max_v < cell.voltage_max_v - CHARGE_TAPER_V
        and bms.charge_limit_w >= rated_w
        and EFFICIENCY * bms.discharge_limit_w - STANDING * rated_w >= rated_w
    )


def _all_good(stamps: Mapping[str, Stamp], points: tuple[str, ...]) -> bool:
    try:
        for point in points:
            if stamps[point].quality is not _GOOD:
                return False
    except KeyError:
        return False
    return True


@lru_cache(maxsize=64)
def _free(rated_w: float) -> Room:
    """Nothing nearer than the rating, which is the rule."""
    return Room(rated_w, rated_w)


def unknown(bms: BatteryReading | None, converter: ConverterReading | None) -> list[str]:
    """What must be known and is not: the state of charge, the converter's power, and all else that a device offers."""
    return _missing(bms, "soc", _OFFERED) + _missing(converter, "power_w", _OFFERED_AC)


_CONNECTED = float(BatteryState.CONNECTED)
_READY = (float(ConverterState.RUNNING), float(ConverterState.STANDBY))
_OFFERED = ("state", "charge_limit_w", "discharge_limit_w", "cell_voltage_min_v", "cell_voltage_max_v")
_OFFERED_AC = ("state",)
_POINTS, _POINTS_AC = ("soc", *_OFFERED), ("power_w", *_OFFERED_AC)
_GOOD = Quality.GOOD


def _missing(reading: Reading | None, always: str, offered: tuple[str, ...]) -> list[str]:
    return [always] if reading is None else _lost(reading, always, offered)


def _lost(reading: Reading, always: str, offered: tuple[str, ...]) -> list[str]:
    """Which of the points are not GOOD. One that a device does not offer has no stamp, and is not missed."""
    value, stamps = reading.good(always), reading.stamps
    lost = [point for point in offered if point in stamps and stamps[point].quality is not _GOOD]
    return lost if value == value else [always, *lost]


def _out(battery: Battery, bms: BatteryReading) -> tuple[float, Reason | None]:
    """How much it may give, and what says so. Written so that nan gives nothing."""
    rated_w, cell = battery.converter.power_w, battery.cell
    by_soc_w = rated_w * _taper(bms.soc - battery.soc_min, SOC_TAPER)
    by_device_w = by_cell_w = rated_w
    if "discharge_limit_w" in bms.stamps:
        by_device_w = max(0.0, EFFICIENCY * bms.discharge_limit_w - STANDING * rated_w)
    if "cell_voltage_min_v" in bms.stamps:
        by_cell_w = rated_w * _taper(bms.cell_voltage_min_v - cell.voltage_min_v, DISCHARGE_TAPER_V)
    least_w = min(rated_w, by_soc_w, by_device_w, by_cell_w)
    if least_w >= rated_w:
        return rated_w, None
    if least_w == by_soc_w:
        return least_w, AtSocMin(battery.name, bms.soc, battery.soc_min)
    if least_w == by_device_w:
        return least_w, DeviceAllowsDischarge(battery.name, least_w)
    return least_w, LowestCell(battery.name, bms.cell_voltage_min_v, least_w)


def _in(battery: Battery, bms: BatteryReading, soc: float) -> tuple[float, Reason | None]:
    """How much it may take with the charge `soc`: losses are the converter's, so the device's DC limit holds at the AC
    side too."""
    rated_w, cell = battery.converter.power_w, battery.cell
    by_soc_w = rated_w * _taper(battery.soc_max - soc, SOC_TAPER)
    by_device_w = by_cell_w = rated_w
    if "charge_limit_w" in bms.stamps:
        by_device_w = max(0.0, bms.charge_limit_w)
    if "cell_voltage_max_v" in bms.stamps:
        by_cell_w = rated_w * _taper(cell.voltage_max_v - bms.cell_voltage_max_v, CHARGE_TAPER_V)
    least_w = min(rated_w, by_soc_w, by_device_w, by_cell_w)
    if least_w >= rated_w:
        return rated_w, None
    if least_w == by_soc_w:
        return least_w, AtSocMax(battery.name, soc, battery.soc_max)
    if least_w == by_device_w:
        return least_w, DeviceAllowsCharge(battery.name, least_w)
    return least_w, HighestCell(battery.name, bms.cell_voltage_max_v, least_w)


def _taper(left: float, over: float) -> float:
    """1 far from an edge, 0 at it and beyond; 0 for nan."""
    return min(left / over, 1.0) if left > 0.0 else 0.0


def _shut(reason: Reason) -> Room:
    return Room(0.0, 0.0, reason, reason)


def _named(names: Mapping[Any, Words], state: float) -> Words:
    """What a state is called; a number that nobody knows is called by itself."""
    return names.get(state, Words(f"状态 {state:g}", f"in state {state:g}"))
