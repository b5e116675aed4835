"""What a person has locked does nothing, whoever asks: the first word in every decision.

A lock names a battery, a solar or wind plant, or `batteries` for all of them. One that names nothing on this site (a
battery that was renamed while its lock hung) holds every battery: somebody may stand where nobody looks.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

from leyden.model.bounds import exactly
from leyden.model.lock import Lock
from leyden.model.proposal import NOTHING, Proposal, Want
from leyden.model.reason import AlarmReason, Reason
from leyden.model.site import BATTERIES, Site
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words


class Locked(Reason, frozen=True):
    """A person has hung a lock there."""

    locked: str
    by: str
    why: str
    sentence = Words("{locked} 已检修挂牌({by}:{why})", "{locked} is locked by {by}: {why}")


class LockOfNothing(AlarmReason, frozen=True):
    """A lock whose thing is not on this site: nobody knows what it was meant to hold."""

    target: str
    by: str
    why: str
    sentence = Words(
        "{by} 的挂牌({why})指向本站没有的 {target},全部电池保持静置",
        "the lock of {by} ({why}) names {target}, which is not on this site: all batteries are held",
    )
    title = Words("挂牌对象不存在", "a lock names nothing on this site")
    advice = Words(
        "核实现场是否有人;由人解除该挂牌,或恢复 site.toml 中的名称",
        "see whether somebody is at work there; then a person takes the lock off, or site.toml gets its old name back",
    )
    priority = 2


@dataclass(frozen=True)
class Locks:
    """Zero power and no start while a lock hangs."""

    site: Site
    name: str = "locks"
    label: ClassVar[Words] = Words("检修挂牌", "locks")
    protective: ClassVar[bool] = True
    every_s: ClassVar[float] = 0.0
    batteries: tuple[str, ...] = field(init=False, repr=False)
    sources: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        site = self.site
        object.__setattr__(self, "batteries", tuple(battery.name for battery in site.batteries))
        object.__setattr__(self, "sources", tuple(source.name for source in (*site.solar, *site.wind)))

    def start(self) -> None:
        """Nothing to remember: what hangs is kept by the runtime."""

    def propose(self, snapshot: Snapshot, state: None) -> tuple[Proposal, None]:
        """A want for each thing that a lock covers."""
        locks = snapshot.context.locks
        return (_wants(self.batteries, self.sources, locks) if locks else NOTHING), None

    def summary(self) -> Words:
        """In one line."""
        return Words("挂牌对象零功率、不启动,仅可由人解除", "what is locked rests until a person takes the lock off")


@lru_cache(maxsize=8)
def _wants(batteries: tuple[str, ...], sources: tuple[str, ...], locks: tuple[Lock, ...]) -> Proposal:
    """Each battery by name, also where all are locked: a total of zero could be two that work against each other."""
    wants = []
    for lock in locks:
        if lock.target in sources:
            wants.append(Want(lock.target, _locked(lock.target, lock), power_w=exactly(0.0), stop=True))
            continue
        reason: Reason | None = None
        if lock.target != BATTERIES and lock.target not in batteries:
            reason = LockOfNothing(lock.target, lock.by, lock.reason)
        held = [lock.target] if lock.target in batteries else batteries
        wants += [Want(name, reason or _locked(name, lock), power_w=exactly(0.0), stop=True) for name in held]
    return tuple(wants)


def _locked(name: str, lock: Lock) -> Reason:
    return Locked(name, lock.by, lock.reason)
