"""Following the plan: each cycle does what the slot in force means now."""

from dataclasses import dataclass
from math import isfinite, nan
from typing import Annotated, ClassVar

from leyden.control.clock_trust import NOT_TRUSTED
from leyden.control.steady import Steady, noise_w, steadied
from leyden.model.plan import Slot, SlotMode
from leyden.model.proposal import NOTHING, Fleeting, Proposal, Want
from leyden.model.quantity import Quantity
from leyden.model.reason import Reason
from leyden.model.site import BATTERIES
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words

_AT_METER = _GRID, _SELF = SlotMode.GRID, SlotMode.SELF
"""What is meant at the meter, and so needs the net demand."""


@dataclass(frozen=True)
class SlotUnusable(Reason):
    """A slot that cannot be followed is passed over: the controllers after this one decide."""

    target: str
    mode: str
    sentence = Words("计划时段无法执行({mode},{target})", "the plan's slot cannot be followed ({mode}, {target})")


class Following(Fleeting, frozen=True):
    """The net demand, without its noise."""

    steady: Steady = Steady()


@dataclass(frozen=True, kw_only=True)
class FollowPlan:
    """What the plan says; outside it nothing."""

    use: ClassVar[str] = "follow-plan"
    label: ClassVar[Words] = Words("执行计划", "follow plan")
    protective: ClassVar[bool] = False

    name: str = use
    every_s: Annotated[float, Quantity("s", low=0.0)] = 0.0

    def start(self) -> Following:
        """Nothing has been seen."""
        return Following()

    def propose(self, snapshot: Snapshot, state: Following) -> tuple[Proposal, Following]:
        """A request, with the reason that the plan gives for it."""
        if not snapshot.context.clock_trusted:
            return NOT_TRUSTED, state
        plan = snapshot.context.plan
        slot = None if plan is None else plan.at(snapshot.time)
        if slot is None:
            return NOTHING, state
        if slot.mode in _AT_METER:
            elapsed_s, net_w = snapshot.context.elapsed_s, snapshot.derived.net_demand_w
            state = Following(steadied(state.steady, net_w, noise_w(snapshot), elapsed_s))
        request_w = _request(slot, state.steady)
        if not isfinite(request_w) or not _there(slot, snapshot):
            return (Want(BATTERIES, SlotUnusable(slot.target, slot.mode.value)),), state
        return (Want(slot.target, slot.reason, request_w=request_w),), state

    def summary(self) -> Words:
        """In one line."""
        return Words("按计划运行", "do what the plan says")


def _request(slot: Slot, steady: Steady) -> float:
    """What the slot asks of its target; nan where it says too little."""
    mode, power_w = slot.mode, nan if slot.power_w is None else slot.power_w
    if mode is _GRID:
        return steady.value_w - power_w
    if mode is _SELF:
        return steady.value_w
    return power_w if mode is SlotMode.BATTERY else 0.0


def _there(slot: Slot, snapshot: Snapshot) -> bool:
    """Whether the slot's target is on this site; at the meter only all batteries together mean anything."""
    if slot.target == BATTERIES:
        return True
    return slot.mode not in _AT_METER and any(battery.name == slot.target for battery in snapshot.site.batteries)
