"""What a limit at the grid meter means for the batteries, in words, and when it has really been missed.

A bound that could not be met for a cycle is no alarm: a load may step. An alarm stands when the meter itself has shown
too much for MISSED_S, and until it has not for as long.
"""

from typing import ClassVar

from leyden.control.lasting import NEVER, Lasting, lasting
from leyden.model.reason import AlarmReason, Reason
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words

MISSED_S = 3.0


class LoadLimited(Reason, frozen=True):
    """What is drawn is the load less what the batteries give."""

    load_w: float
    limit_w: float
    sentence = Words("负荷 {load_w},受电限值 {limit_w}", "load {load_w}, import limit {limit_w}")


class LoadLessLimited(Reason, frozen=True):
    """The same where the sun and the wind help."""

    load_w: float
    generation_w: float
    limit_w: float
    sentence = Words(
        "负荷 {load_w} 减光伏风电 {generation_w},受电限值 {limit_w}",
        "load {load_w} less solar and wind {generation_w}, import limit {limit_w}",
    )


class DemandLimited(Reason, frozen=True):
    """The same where nobody knows, or minds, how much of it is load."""

    net_demand_w: float
    limit_w: float
    sentence = Words("净需求 {net_demand_w},受电限值 {limit_w}", "net demand {net_demand_w}, import limit {limit_w}")


class ExportLimited(Reason, frozen=True):
    """No more may be fed in, whatever the batteries could give."""

    net_demand_w: float
    limit_w: float
    sentence = Words("净需求 {net_demand_w},上网限值 {limit_w}", "net demand {net_demand_w}, export limit {limit_w}")


class SurplusLimited(Reason, frozen=True):
    """The sun and the wind give more than may be fed in."""

    surplus_w: float
    limit_w: float
    sentence = Words("余电 {surplus_w},上网限值 {limit_w}", "surplus {surplus_w}, export limit {limit_w}")


class LimitMissed(AlarmReason, frozen=True):
    """The meter shows more than a limit allows, and has for MISSED_S."""

    measured_w: float
    limit_w: float


class ImportLimitMissed(LimitMissed, frozen=True):
    """Too much is drawn."""

    sentence = Words("受电 {measured_w},限值 {limit_w}", "import {measured_w}, limit {limit_w}")
    title = Words("受电超限", "import limit missed")
    advice = Words("减少负荷;查看电池为何不能放电更多", "shed load; see why the batteries cannot give more")
    priority: ClassVar[int] = 1


class ExportLimitMissed(LimitMissed, frozen=True):
    """Too much is fed in."""

    sentence = Words("上网 {measured_w},限值 {limit_w}", "export {measured_w}, limit {limit_w}")
    title = Words("上网超限", "export limit missed")
    advice = Words(
        "检查光伏、风电是否可限功率;查看电池为何不能多充",
        "see whether solar and wind can be curtailed, and why the batteries cannot take more",
    )
    priority: ClassVar[int] = 1


def import_reason(snapshot: Snapshot, net_w: float, limit_w: float) -> Reason:
    """Why at least something must be given, or no more may be taken: in the site's load, where that is known."""
    generation_w = snapshot.derived.generation_w
    load_w = net_w + generation_w
    if load_w != load_w:
        return DemandLimited(net_w, limit_w)
    if generation_w <= 0.005 * load_w:
        return LoadLimited(load_w, limit_w)
    return LoadLessLimited(load_w, generation_w, limit_w)


def export_reason(net_w: float, limit_w: float) -> Reason:
    """Why no more may be given, or at least something must be taken."""
    return SurplusLimited(-net_w, limit_w) if net_w < 0.0 else ExportLimited(net_w, limit_w)


def missed(before: Lasting, over_w: float, limit_w: float, snapshot: Snapshot) -> Lasting:
    """Whether a limit has been missed for long enough; 1 % of it, or of the converters, is the meter's own error.

    `over_w` is how much more than the limit the meter shows; nan is not more. A late meter shows an excess for as long
    after it is over, so its delay comes on top; a stumble of this computer makes everything late.
    """
    if before is NEVER and not over_w > 0.0:
        return NEVER
    site = snapshot.site
    over = over_w > max(0.01 * limit_w, 0.01 * site.battery_power_w, 200.0)
    after_s = MISSED_S + site.grid.meter_delay_s + snapshot.context.stumble_s
    return lasting(before, over, snapshot.context.elapsed_s, after_s)
