"""Following the plan: each cycle does what the slot in force means now."""

from dataclasses import dataclass
from math import isfinite, nan
from typing import Annotated, ClassVar

from leyden.control.clock_trust import NOT_TRUSTED
from leyden.model.plan import Slot, SlotMode
from leyden.model.proposal import NOTHING, Proposal, Want
from leyden.model.quantity import Quantity
from leyden.model.reason import Reason
from leyden.model.site import BATTERIES
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words

_AT_METER = _GRID, _SELF = SlotMode.GRID, SlotMode.SELF
"""Meant at the meter, so that only all batteries together can do it."""


class SlotUnusable(Reason, frozen=True):
    """A slot that cannot be followed is passed over: the controllers after this one decide."""

    target: str
    mode: str
    sentence = Words("计划时段无法执行({mode},{target})", "the plan's slot cannot be followed ({mode}, {target})")


@dataclass(frozen=True, kw_only=True)
class FollowPlan:
    """What the plan says; outside it nothing."""

    use: ClassVar[str] = "follow-plan"
    label: ClassVar[Words] = Words("执行计划", "follow plan")
    protective: ClassVar[bool] = False

    name: str = use
    every_s: Annotated[float, Quantity("s", low=0.0)] = 0.0

    def start(self) -> None:
        """Nothing to remember."""

    def propose(self, snapshot: Snapshot, state: None) -> tuple[Proposal, None]:
        """A request, with the reason that the plan gives for it."""
        if not snapshot.context.clock_trusted:
            return NOT_TRUSTED, None
        plan = snapshot.context.plan
        slot = None if plan is None else plan.at(snapshot.time)
        if slot is None:
            return NOTHING, None
        request_w = _request(slot, snapshot.demand.middle_w)
        if not isfinite(request_w) or not _there(slot, snapshot):
            return (Want(BATTERIES, SlotUnusable(slot.target, slot.mode.value)),), None
        return (Want(slot.target, slot.reason, request_w=request_w),), None

    def summary(self) -> Words:
        """In one line."""
        return Words("按计划运行", "do what the plan says")


def _request(slot: Slot, demand_w: float) -> float:
    """What the slot asks of its target; nan where it says too little, or needs a demand that is not known."""
    mode, power_w = slot.mode, nan if slot.power_w is None else slot.power_w
    if mode is _GRID:
        return demand_w - power_w
    if mode is _SELF:
        return demand_w
    return power_w if mode is SlotMode.BATTERY else 0.0


def _there(slot: Slot, snapshot: Snapshot) -> bool:
    """Whether the slot's target is on this site; at the meter only all batteries together mean anything."""
    if slot.target == BATTERIES:
        return True
    return slot.mode not in _AT_METER and any(battery.name == slot.target for battery in snapshot.site.batteries)
