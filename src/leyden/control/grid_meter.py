"""The guard of the gate meter: without a net demand nobody may be told anything new, and soon nothing at all.

A meter whose value is SILENT_S old, or a net demand that is not known, holds every set-point in force; after BLIND_S
batteries go to zero, and solar and wind to what could be fed in if nobody drew anything.
"""

from dataclasses import dataclass
from math import inf
from typing import ClassVar

from leyden.model.bounds import Bounds, exactly
from leyden.model.proposal import NOTHING, Fleeting, Proposal, Want
from leyden.model.quality import Quality
from leyden.model.reason import AlarmReason, Reason
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words

_GOOD = Quality.GOOD

SILENT_S = 3.0
BLIND_S = 5.0
RAMP_S = 10.0
"""How long full power takes to zero: at once would be a load step of its own."""


class MeterSilent(Reason, frozen=True):
    """For a moment, nothing new is told."""

    device: str
    sentence = Words("关口表 {device} 暂无新数据,保持功率", "the gate meter {device} is silent: power is held")


class ConverterSilent(Reason, frozen=True):
    """The meter is well, but what a battery does is not known, so the net demand is not either; for a moment."""

    device: str
    sentence = Words("变流器 {device} 暂无数据,保持功率", "the converter {device} is silent: power is held")


class MeterLost(AlarmReason, frozen=True):
    """Blind at the gate."""

    device: str
    sentence = Words("关口表 {device} 失去数据,功率归零", "the gate meter {device} is lost: power goes to zero")
    title = Words("关口表失去数据", "the gate meter is lost")
    advice = Words(
        "检查关口表及其通信;数据恢复后自动继续",
        "check the gate meter and its link; control goes on by itself when it is back",
    )
    priority = 1


class Seen(Fleeting, frozen=True, gc=False):
    """When the net demand was known last."""

    moment_s: float = inf
    """The moment at which the meter had been read; before it ever was, the first look counts as one."""
    elapsed_s: float = 0.0


@dataclass(frozen=True)
class GridMeter:
    """Holds, then goes to zero, while nobody knows what flows at the gate."""

    name: str = "grid-meter"
    label: ClassVar[Words] = Words("关口表监护", "gate meter guard")
    protective: ClassVar[bool] = True
    every_s: ClassVar[float] = 0.0

    def start(self) -> Seen:
        """Nothing has been seen."""
        return Seen()

    def propose(self, snapshot: Snapshot, state: Seen) -> tuple[Proposal, Seen]:
        """Nothing while the net demand is known and fresh."""
        elapsed_s, stamp = snapshot.context.elapsed_s, snapshot.grid_stamp
        net_w = snapshot.derived.net_demand_w
        known = stamp.quality is _GOOD and net_w == net_w
        moment_s = elapsed_s - stamp.age_s if known else min(state.moment_s, elapsed_s)
        seen = Seen(moment_s, elapsed_s)
        age_s = elapsed_s - moment_s
        if known and age_s < SILENT_S:
            return NOTHING, seen
        if age_s < BLIND_S:
            return _held(snapshot), seen
        return _falling(snapshot, min(max(0.0, elapsed_s - state.elapsed_s), 1.0)), seen

    def summary(self) -> Words:
        """In one line."""
        return Words(
            "关口表 3 秒无数据保持功率,5 秒归零", "gate meter silent for 3 s: hold; for 5 s: power goes to zero"
        )


def _held(snapshot: Snapshot) -> Proposal:
    reason = _silent(snapshot)
    held = [Want(b.name, reason, power_w=exactly(snapshot.setpoint_w(b.name))) for b in snapshot.site.batteries]
    for source in (*snapshot.site.solar, *snapshot.site.wind):
        told = snapshot.context.setpoints.get(source.name)
        if source.curtail and told is not None:
            held.append(Want(source.name, reason, power_w=Bounds(0.0, told.power_w)))
    return tuple(held)


def _silent(snapshot: Snapshot) -> Reason:
    if snapshot.grid_stamp.quality is _GOOD and snapshot.grid_stamp.age_s < SILENT_S:
        for battery in snapshot.site.batteries:
            power_w = snapshot.battery_power_w(battery.name)
            if power_w != power_w:
                return ConverterSilent(battery.converter.device)
    return MeterSilent(snapshot.site.grid.device)


def _falling(snapshot: Snapshot, dt_s: float) -> Proposal:
    """One step further down."""
    site, reason = snapshot.site, MeterLost(snapshot.site.grid.device)
    wants = []
    for battery in site.batteries:
        told_w, step_w = snapshot.setpoint_w(battery.name), battery.converter.power_w * dt_s / RAMP_S
        left_w = max(0.0, told_w - step_w) if told_w > 0.0 else min(0.0, told_w + step_w)
        wants.append(Want(battery.name, reason, power_w=exactly(left_w)))
    sources = [source for source in (*site.solar, *site.wind) if source.curtail]
    rated_w = sum(source.power_w for source in (*site.solar, *site.wind))
    fixed_w = rated_w - sum(source.power_w for source in sources)
    share = max(0.0, site.grid.export_limit_w - fixed_w) / max(rated_w - fixed_w, 1.0)
    for source in sources if share < 1.0 else ():
        told = snapshot.context.setpoints.get(source.name)
        ceiling_w = source.power_w if told is None else told.power_w
        least_w = share * source.power_w
        wants.append(
            Want(source.name, reason, power_w=Bounds(0.0, max(least_w, ceiling_w - source.power_w * dt_s / RAMP_S)))
        )
    return tuple(wants)
