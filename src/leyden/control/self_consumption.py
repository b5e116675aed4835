"""Self-consumption: the batteries serve the site's net demand, so that the grid is used least."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from leyden.model.proposal import NOTHING, Proposal, Want
from leyden.model.quantity import Quantity
from leyden.model.reason import Reason
from leyden.model.site import BATTERIES
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words


class DemandServed(Reason, frozen=True):
    """The site needs more than it generates."""

    net_demand_w: float
    sentence = Words("净需求 {net_demand_w}", "net demand {net_demand_w}")


class SurplusStored(Reason, frozen=True):
    """The site generates more than it needs."""

    surplus_w: float
    sentence = Words("余电 {surplus_w}", "surplus {surplus_w}")


@dataclass(frozen=True, kw_only=True)
class SelfConsumption:
    """Hold the grid at `grid_power`, 0 unless said."""

    use: ClassVar[str] = "self-consumption"
    label: ClassVar[Words] = Words("自发自用", "self-consumption")
    protective: ClassVar[bool] = False

    grid_power_w: Annotated[float, Quantity("W")] = 0.0
    """What is left to the grid; import positive."""
    name: str = use
    every_s: Annotated[float, Quantity("s", low=0.0)] = 0.0

    def start(self) -> None:
        """Nothing to remember."""

    def propose(self, snapshot: Snapshot, state: None) -> tuple[Proposal, None]:
        """The net demand, as far as it is not left to the grid."""
        net_w, served_w = snapshot.derived.net_demand_w, snapshot.demand.middle_w
        if served_w != served_w:
            return NOTHING, None
        reason: Reason = SurplusStored(-net_w) if served_w < 0.0 else DemandServed(net_w)
        return (Want(BATTERIES, reason, request_w=served_w - self.grid_power_w),), None

    def summary(self) -> Words:
        """In one line."""
        return Words("并网点保持 {grid_w}", "grid at {grid_w}").fill({"grid_w": self.grid_power_w})
