"""Keeping a reserve: not discharged below a state of charge, so that something is left for what comes.

The device's charge and our own estimate may differ; a reserve counts on the lower of the two.
"""

from dataclasses import dataclass
from math import nan
from typing import Annotated, ClassVar

from msgspec import Struct

from leyden.model.bounds import at_most
from leyden.model.proposal import NOTHING, Proposal, Want
from leyden.model.quantity import Quantity
from leyden.model.reason import Reason
from leyden.model.site import BATTERIES
from leyden.model.snapshot import Snapshot
from leyden.model.target import Target
from leyden.model.words import Words


class AtReserve(Reason, frozen=True):
    """The reserve is reached: charge only."""

    battery: str
    soc: float
    reserve_soc: float
    sentence = Words("{battery} 已到备用电量 {reserve_soc}", "{battery} at its reserve of {reserve_soc}")


class Reserved(Struct, frozen=True):
    """Which batteries are at their reserve; kept over a restart, or a restart would let them out again."""

    held: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class KeepReserve:
    """No discharge at or below `soc`, until it is `hysteresis` above it again."""

    use: ClassVar[str] = "keep-reserve"
    label: ClassVar[Words] = Words("保留备用电量", "keep reserve")
    protective: ClassVar[bool] = False

    soc: Annotated[float, Quantity("", low=0.0, high=1.0)]
    """State of charge that is kept."""
    hysteresis: Annotated[float, Quantity("", low=0.0, high=0.5)] = 0.02
    """How far above it a battery must be before it is discharged again."""
    target: Annotated[str, Target()] = BATTERIES
    """One battery, or all."""
    name: str = use
    every_s: Annotated[float, Quantity("s", low=0.0)] = 0.0

    def start(self) -> Reserved:
        """None is at its reserve."""
        return Reserved()

    def propose(self, snapshot: Snapshot, state: Reserved) -> tuple[Proposal, Reserved]:
        """At most zero for every battery at its reserve, and for one of which nobody knows."""
        wants, socs = [], snapshot.socs
        for battery in snapshot.site.batteries:
            name = battery.name
            if self.target not in (BATTERIES, name):
                continue
            soc = min(socs.get(name, nan), snapshot.watched(name).trusted_soc)  # in this order nan of ours says nothing
            if not soc > self.soc + (self.hysteresis if name in state.held else 0.0):
                wants.append(Want(name, AtReserve(name, soc, self.soc), power_w=at_most(0.0)))
        if not wants and not state.held:
            return NOTHING, state
        held = frozenset([want.target for want in wants])
        return tuple(wants), state if held == state.held else Reserved(held)

    def summary(self) -> Words:
        """In one line."""
        return Words("荷电不低于 {soc}", "keep {soc}").fill({"soc": self.soc})
