"""After a start, or when a site is armed, the first commands go on from what the converters measurably do.

What they may do widens from there at RAMP of the rating a second; protective limits stand above it and do not wait.
"""

from dataclasses import dataclass
from typing import ClassVar

from leyden.control.manual import RAMP
from leyden.model.bounds import Bounds
from leyden.model.proposal import NOTHING, Proposal, Want
from leyden.model.reason import Reason
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words

LASTS_S = 2.0 / RAMP
"""From full power one way to full power the other; then nothing is held back any more."""


class BeginsGently(Reason, frozen=True):
    """From the power at which it was found."""

    battery: str
    found_w: float
    sentence = Words("{battery} 自实测 {found_w} 起缓启动", "{battery} begins from the {found_w} at which it was found")


@dataclass(frozen=True)
class SoftStart:
    """Bounds that widen from the power at which each battery was found."""

    name: str = "soft-start"
    label: ClassVar[Words] = Words("缓启动", "soft start")
    protective: ClassVar[bool] = True
    every_s: ClassVar[float] = 0.0

    def start(self) -> None:
        """Nothing to remember: the runtime says when it began."""

    def propose(self, snapshot: Snapshot, state: None) -> tuple[Proposal, None]:
        """Nothing once it has begun."""
        begun = snapshot.context.begun
        if not begun:
            return NOTHING, None
        wants = []
        for battery in snapshot.site.batteries:
            found = begun.get(battery.name)
            if found is None:
                continue
            reach_w = RAMP * battery.converter.power_w * max(0.0, snapshot.context.elapsed_s - found.elapsed_s)
            if reach_w < abs(found.power_w) + battery.converter.power_w:
                bounds = Bounds(found.power_w - reach_w, found.power_w + reach_w)
                wants.append(Want(battery.name, BeginsGently(battery.name, found.power_w), power_w=bounds))
        return tuple(wants), None

    def summary(self) -> Words:
        """In one line."""
        return Words(
            "启动或投入后自实测功率起缓变", "after a start the first commands go on from the measured power, at a ramp"
        )
