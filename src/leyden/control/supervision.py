"""Our own watching over a battery that has a management of its own: it narrows, and asks for a stop; nothing else.

What is narrow is worked out where the readings come in (`leyden.runtime.watching`, by `leyden.bms.supervise`); here it
is put before the economic controllers like every other limit.
"""

from dataclasses import dataclass
from math import inf
from typing import ClassVar

from msgspec import Struct

from leyden.control.room import EFFICIENCY, STANDING
from leyden.model.bounds import Bounds
from leyden.model.proposal import NOTHING, Proposal, Want
from leyden.model.reason import AlarmReason, Reason
from leyden.model.site import Battery
from leyden.model.snapshot import Snapshot
from leyden.model.watched import Watched
from leyden.model.words import Words


class DeviceGoesOn(AlarmReason, frozen=True):
    """A rule stands at which our management would open the battery, and the battery's own does not."""

    battery: str
    because: Words
    sentence = Words(
        "{battery}:{because};其 BMS 未动作,已请求停机",
        "{battery}: {because}; its own BMS does not act, so it is asked to stop",
    )
    title = Words("电池越限而 BMS 未动作", "a battery is beyond its limits and its BMS does not act")
    advice = Words(
        "立即查看该电池的单体电压与温度,并检查其 BMS 的保护定值",
        "look at the cells' voltages and temperatures at once, then at what the BMS is set to protect at",
    )
    priority = 1


class Nothing(Struct, frozen=True):
    """Nothing is remembered here."""


_NOTHING = Nothing()


@dataclass(frozen=True)
class Supervision:
    """Narrower limits, and a stop, from our own table over the battery's telemetry."""

    name: str = "supervision"
    label: ClassVar[Words] = Words("电池监护", "battery supervision")
    protective: ClassVar[bool] = True
    every_s: ClassVar[float] = 0.0

    def start(self) -> Nothing:
        """It remembers nothing."""
        return _NOTHING

    def propose(self, snapshot: Snapshot, state: Nothing) -> tuple[Proposal, Nothing]:
        """A want for each battery that is narrowed."""
        watched = snapshot.context.watched
        if not watched:
            return NOTHING, state
        wants: list[Want] = []
        for battery in snapshot.site.batteries:
            found = watched.get(battery.name)
            if found is not None and (found.charge_reason is not None or found.discharge_reason is not None):
                wants.extend(_stop(battery, found) if found.stop else _edges(battery, found))
        return tuple(wants), state

    def summary(self) -> Words:
        """In one line."""
        return Words(
            "以自有保护表监护各电池:只收窄,不放宽",
            "our own protection table over each battery's telemetry: it narrows and never widens",
        )


def _stop(battery: Battery, found: Watched) -> tuple[Want]:
    reason = found.charge_reason or found.discharge_reason
    assert reason is not None
    why = DeviceGoesOn(battery.name, reason.words)
    return (Want(battery.name, why, power_w=Bounds(0.0, 0.0), stop=True),)


def _edges(battery: Battery, found: Watched) -> list[Want]:
    rated_w, wants = battery.converter.power_w, []
    out_w = max(0.0, EFFICIENCY * found.discharge_limit_w - STANDING * rated_w)
    if found.discharge_reason is not None and out_w < rated_w:
        wants.append(_want(battery, found.discharge_reason, Bounds(-inf, out_w)))
    if found.charge_reason is not None and found.charge_limit_w < rated_w:
        wants.append(_want(battery, found.charge_reason, Bounds(-found.charge_limit_w, inf)))
    return wants


def _want(battery: Battery, reason: Reason, power_w: Bounds) -> Want:
    return Want(battery.name, reason, power_w=power_w)
