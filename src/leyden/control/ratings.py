"""What the equipment is built for: the first word in every decision."""

from dataclasses import dataclass, field
from typing import ClassVar

from leyden.model.bounds import Bounds
from leyden.model.proposal import Proposal, Want
from leyden.model.reason import Reason
from leyden.model.site import Battery, Site
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words


class ConverterRating(Reason, frozen=True):
    """No more than the converter is rated for, either way."""

    battery: str
    rated_w: float
    sentence = Words("{battery} 变流器额定 {rated_w}", "the converter of {battery} is rated {rated_w}")


@dataclass(frozen=True)
class Ratings:
    """Active power of every converter; its apparent power is the circle in which `arbitrate` finds room for Q, and the
    ceilings of solar and wind begin at their rating anyway."""

    site: Site
    name: str = "ratings"
    label: ClassVar[Words] = Words("额定值", "ratings")
    protective: ClassVar[bool] = True
    every_s: ClassVar[float] = 0.0
    wants: Proposal = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "wants", tuple(map(_rated, self.site.batteries)))

    def start(self) -> None:
        """Nothing to remember."""

    def propose(self, snapshot: Snapshot, state: None) -> tuple[Proposal, None]:
        """The same every cycle."""
        return self.wants, None

    def summary(self) -> Words:
        """In one line."""
        return Words("变流器有功与视在功率不超过额定值", "no converter beyond its rated active and apparent power")


def _rated(battery: Battery) -> Want:
    converter = battery.converter
    power_w = min(converter.power_w, converter.apparent_va)
    return Want(battery.name, ConverterRating(battery.name, power_w), power_w=Bounds(-power_w, power_w))
