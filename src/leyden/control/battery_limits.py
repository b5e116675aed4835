"""What a battery can take and give, and what becomes of one that falls silent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from leyden.control.room import Room, room, unknown
from leyden.model.bounds import Bounds
from leyden.model.proposal import Fleeting, Proposal, Want
from leyden.model.quality import Quality
from leyden.model.reason import AlarmReason, Reason
from leyden.model.site import Battery
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words

HOLD_S = 5.0
"""How long a battery that fell silent keeps what it does before it goes to zero."""
RAMP_S = 10.0
"""How long full power then takes to zero."""


class DataMissing(AlarmReason, frozen=True):
    """A battery rests although its device answers: something that it must say is missing."""

    battery: str
    points: str
    sentence = Words("{battery} 的 {points} 未知,功率归零", "{points} of {battery} not known: its power goes to zero")
    title = Words("电池数据缺失", "battery data missing")
    advice = Words(
        "检查该设备的点表与传感器;数据恢复后自动投入",
        "check the device's map and its sensors; the battery is used again by itself when the data are back",
    )
    priority = 2


class Silence(Fleeting, frozen=True):
    """Which batteries are not known, since when, and down to what their power has gone."""

    since_s: Mapping[str, float] = {}
    elapsed_s: float = 0.0


NOBODY = Silence()
"""The rule: every battery is known."""


@dataclass(frozen=True)
class BatteryLimits:
    """State of charge, the device's limits, cell voltages, connection; each want names what sets it."""

    name: str = "battery-limits"
    label: ClassVar[Words] = Words("电池限值", "battery limits")
    protective: ClassVar[bool] = True
    every_s: ClassVar[float] = 0.0

    def start(self) -> Silence:
        """Nobody is silent."""
        return NOBODY

    def propose(self, snapshot: Snapshot, state: Silence) -> tuple[Proposal, Silence]:
        """A want for each edge that is nearer than the rating."""
        wants: list[Want] = []
        since_s: dict[str, float] = {}
        elapsed_s = snapshot.context.elapsed_s
        for battery in snapshot.site.batteries:
            free = room(battery, snapshot)
            if free.known:
                if free.charge_reason is not None or free.discharge_reason is not None:
                    wants.extend(_edges(battery, free))
                continue
            since = since_s[battery.name] = min(state.since_s.get(battery.name, elapsed_s), elapsed_s)
            if elapsed_s - since < HOLD_S:
                wants.append(_both(battery, free, free.charge_reason))
            else:
                wants.append(_falling(battery, free, snapshot, min(elapsed_s - state.elapsed_s, 1.0)))
        return tuple(wants), Silence(since_s, elapsed_s) if since_s else NOBODY

    def summary(self) -> Words:
        """In one line."""
        return Words(
            "荷电上下限、BMS 允许功率、单体电压与接入状态",
            "state of charge, what the BMS allows, cell voltages, and whether it is connected",
        )


def _edges(battery: Battery, free: Room) -> list[Want]:
    if free.charge_reason is free.discharge_reason:
        return [_both(battery, free, free.charge_reason)]
    rated_w = battery.converter.power_w
    wants = []
    if free.discharge_reason is not None:
        wants.append(Want(battery.name, free.discharge_reason, power_w=Bounds(-rated_w, free.discharge_w)))
    if free.charge_reason is not None:
        wants.append(Want(battery.name, free.charge_reason, power_w=Bounds(-free.charge_w, rated_w)))
    return wants


def _both(battery: Battery, free: Room, reason: Reason | None) -> Want:
    assert reason is not None
    return Want(battery.name, reason, power_w=Bounds(-free.charge_w, free.discharge_w))


def _falling(battery: Battery, free: Room, snapshot: Snapshot, dt_s: float) -> Want:
    """On the way to zero. An alarm of its own only where the device answers: one that does not has one already."""
    step_w = battery.converter.power_w * max(dt_s, 0.0) / RAMP_S
    bounds = Bounds(-max(0.0, free.charge_w - step_w), max(0.0, free.discharge_w - step_w))
    bms, converter = snapshot.readings.battery.get(battery.name), snapshot.readings.converter.get(battery.name)
    answering = all(
        reading is not None and any(stamp.quality is Quality.GOOD for stamp in reading.stamps.values())
        for reading in (bms, converter)
    )
    if answering:
        return Want(battery.name, DataMissing(battery.name, ", ".join(unknown(bms, converter))), power_w=bounds)
    assert free.charge_reason is not None
    return Want(battery.name, free.charge_reason, power_w=bounds)
