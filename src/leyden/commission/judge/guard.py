"""What may be told to a battery under test, computed beforehand, and the signs that end a test at once."""

import math
from dataclasses import dataclass

from leyden.control.room import Room, room
from leyden.model.quality import Quality
from leyden.model.readings import Readings
from leyden.model.reason import Reason
from leyden.model.site import Battery, Site
from leyden.model.snapshot import Context, SiteReading, Snapshot
from leyden.model.states import BATTERY_STATES, CONVERTER_STATES, BatteryState, ConverterState
from leyden.model.words import Words

SPARE = 1.2
"""What is told needs so many times its room."""
BEYOND = 1.05
"""Share of a rating beyond which a power is no measuring error any more."""
AT_LEAST_BEYOND = 0.02
"""Share of the rating by which a limit may be passed before it counts: meters differ by as much."""


class GridImportEdge(Reason, frozen=True):
    """Charging would draw more than the connection may."""

    grid_w: float
    limit_w: float
    sentence = Words("下网 {grid_w},限值 {limit_w}", "the gate draws {grid_w}, its limit is {limit_w}")


class GridExportEdge(Reason, frozen=True):
    """Discharging would feed in more than the connection may."""

    export_w: float
    limit_w: float
    sentence = Words("上网 {export_w},限值 {limit_w}", "the gate feeds in {export_w}, its limit is {limit_w}")


class IfReversed(Reason, frozen=True):
    """Where the gate's sign is not proven, both of them must leave room."""

    grid_w: float
    sentence = Words(
        "若关口表 {grid_w} 的方向反了则会超限", "if the gate's {grid_w} had the wrong sign, its limit would be passed"
    )


class NotSeen(Reason, frozen=True):
    """What must be watched during a test is not known."""

    points: str
    sentence = Words("{points} 没有新鲜的数值", "no fresh value of {points}")


class BatteryTrouble(Reason, frozen=True):
    """The battery's own protection has spoken."""

    battery: str
    state: Words
    fault_bits: int
    sentence = Words("{battery} {state},故障位 {fault_bits}", "{battery} is {state}, fault bits {fault_bits}")


class ConverterTrouble(Reason, frozen=True):
    """The converter says that something is wrong with it."""

    battery: str
    state: Words
    sentence = Words("{battery} 变流器{state}", "the converter of {battery} says {state}")


class RunsAway(Reason, frozen=True):
    """It is far beyond its rating."""

    battery: str
    told_w: float
    seen_w: float
    rated_w: float
    sentence = Words(
        "{battery} 设定 {told_w},读数却为 {seen_w},超过额定 {rated_w}",
        "{battery} was told {told_w} and shows {seen_w}, beyond its {rated_w}",
    )


class DeviceSays(Reason, frozen=True):
    """What the devices themselves know, such as another master that writes."""

    text: Words
    sentence = Words("{text}", "{text}")


@dataclass(frozen=True, slots=True)
class Leeway:
    """AC power that may be told to one battery now, neither ever negative, and what bounds each way."""

    charge_w: float
    discharge_w: float
    charge_reason: Reason | None
    discharge_reason: Reason | None

    def way(self, sign: float) -> tuple[float, Reason | None]:
        """Discharge for +1, charge for -1."""
        return (self.discharge_w, self.discharge_reason) if sign > 0.0 else (self.charge_w, self.charge_reason)


def leeway(site: Site, battery: Battery, readings: Readings, context: Context, gate_proven: bool) -> Leeway:
    """The narrowest of rating, state of charge, the device's limits, cell voltages, and the gate; until the gate's sign
    is proven, of the gate turned round too, where that would be a legal state."""
    free = room(battery, Snapshot(site=site, readings=readings, context=context, derived=SiteReading()))
    charge = _less(free.charge_w, free.charge_reason, *_at_gate(site, readings, -1.0, gate_proven))
    discharge = _less(free.discharge_w, free.discharge_reason, *_at_gate(site, readings, 1.0, gate_proven))
    return Leeway(charge[0], discharge[0], charge[1], discharge[1])


def _less(one_w: float, one: Reason | None, other_w: float, other: Reason | None) -> tuple[float, Reason | None]:
    return (max(0.0, other_w), other) if other_w < one_w else (one_w, one)


def _at_gate(site: Site, readings: Readings, sign: float, proven: bool) -> tuple[float, Reason | None]:
    """What the connection leaves for discharge (+1) or charge (-1)."""
    grid, grid_w = site.grid, readings.grid.good("power_w")
    if grid_w != grid_w:
        return 0.0, NotSeen(f"{grid.device}.power_w")

    def left(flow_w: float) -> float:
        return grid.export_limit_w + flow_w if sign > 0.0 else grid.import_limit_w - flow_w

    straight_w = left(grid_w)
    turned_is_legal = -grid.export_limit_w <= -grid_w <= grid.import_limit_w
    if not proven and turned_is_legal and left(-grid_w) < straight_w:
        return left(-grid_w), IfReversed(grid_w)
    if sign > 0.0:
        return straight_w, GridExportEdge(max(-grid_w, 0.0), grid.export_limit_w)
    return straight_w, GridImportEdge(max(grid_w, 0.0), grid.import_limit_w)


def bad_sign(site: Site, battery: Battery, readings: Readings, context: Context, told_w: float) -> Reason | None:
    """What must end a test of this battery at once; None while all is well. What is not fresh comes by itself."""
    name, bms, converter = battery.name, readings.battery.get(battery.name), readings.converter.get(battery.name)
    assert bms is not None
    assert converter is not None
    if _faulty(bms.state, bms.fault_bits):
        state = BATTERY_STATES.get(_named(bms.state), Words("状态不明", "in no known state"))
        return BatteryTrouble(name, state, int(bms.fault_bits) if bms.fault_bits == bms.fault_bits else 0)
    if converter.state == ConverterState.FAULT:
        return ConverterTrouble(name, CONVERTER_STATES[ConverterState.FAULT])
    rated_w = battery.converter.power_w
    seen_w = converter.good("power_w")
    if abs(seen_w) > BEYOND * rated_w:
        return RunsAway(name, told_w, seen_w, rated_w)
    return _edge(site, battery, readings, context, told_w)


def _edge(site: Site, battery: Battery, readings: Readings, context: Context, told_w: float) -> Reason | None:
    """A limit reached in the direction in which we push."""
    rated_w, grid = battery.converter.power_w, site.grid
    spare_w = AT_LEAST_BEYOND * rated_w
    free: Room = room(battery, Snapshot(site=site, readings=readings, context=context, derived=SiteReading()))
    grid_w = readings.grid.good("power_w")
    wanted_w = min(abs(told_w), rated_w)
    if told_w > 0.0:
        if free.known and free.discharge_w + spare_w < wanted_w:
            return free.discharge_reason
        if -grid_w > grid.export_limit_w + spare_w:
            return GridExportEdge(-grid_w, grid.export_limit_w)
    elif told_w < 0.0:
        if free.known and free.charge_w + spare_w < wanted_w:
            return free.charge_reason
        if grid_w > grid.import_limit_w + spare_w:
            return GridImportEdge(grid_w, grid.import_limit_w)
    return None


def not_fresh(site: Site, battery: Battery, readings: Readings) -> Reason | None:
    """What of all that a test must watch is not GOOD; None where everything is."""
    bms, converter = readings.battery.get(battery.name), readings.converter.get(battery.name)
    lost = [] if _good(readings.grid, "power_w") else [f"{site.grid.device}.power_w"]
    for device, reading, points in (
        (battery.converter.device, converter, ("power_w",)),
        (battery.bms, bms, ("soc",)),
    ):
        lost += [f"{device}.{point}" for point in points if reading is None or not _good(reading, point)]
    return NotSeen(", ".join(lost)) if lost else None


def _good(reading: object, point: str) -> bool:
    stamp = reading.stamp(point)  # type: ignore[attr-defined]
    value = getattr(reading, point)
    return stamp.quality is Quality.GOOD and math.isfinite(value)


def _faulty(state: float, bits: float) -> bool:
    """Known to be bad; a device that does not say is not."""
    return state == BatteryState.FAULT or bits > 0.0


def _named(state: float) -> BatteryState:
    return BatteryState(int(state)) if state in list(BatteryState) else BatteryState.FAULT
