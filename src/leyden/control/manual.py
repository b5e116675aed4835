"""What people and dispatchers command: leases that end by themselves.

Built in right after the protective controllers, so a command outranks every plan and no limit. When a lease ends the
batteries do not jump to what comes next: what they may do widens from the last power at RAMP of the rating a second.
"""

from dataclasses import dataclass
from typing import ClassVar

from leyden.model.bounds import Bounds
from leyden.model.command import Command
from leyden.model.proposal import NOTHING, Fleeting, Proposal, Want
from leyden.model.reason import Reason
from leyden.model.site import BATTERIES, Site
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words

RAMP = 0.2
"""Share of the rating by which power may change in a second after a lease: from full to nothing in five."""


class Commanded(Reason, frozen=True):
    """Somebody asked for this."""

    power_w: float
    by: str
    sentence = Words("{by} 手动设定 {power_w}", "{power_w} set by {by}")


class CommandUnusable(Reason, frozen=True):
    """A command for something that is not on this site, or without a number."""

    target: str
    by: str
    sentence = Words("{by} 的指令无法执行({target})", "the command of {by} for {target} cannot be followed")


class LeaseOver(Reason, frozen=True):
    """A command has ended: gently back to what the others want."""

    target: str
    sentence = Words("{target} 手动指令已结束,平缓恢复", "the command for {target} is over: back at a ramp")


class Leased(Fleeting, frozen=True):
    """Which targets are under command, and from where others come back."""

    targets: tuple[str, ...] = ()
    returning: tuple[tuple[str, float, float], ...] = ()
    """(target, power when its lease ended, when that was)."""


@dataclass(frozen=True)
class Manual:
    """The commands in force, the dispatcher's before a person's."""

    name: str = "manual"
    label: ClassVar[Words] = Words("手动", "manual")
    protective: ClassVar[bool] = False
    every_s: ClassVar[float] = 0.0

    def start(self) -> Leased:
        """Nobody commands."""
        return Leased()

    def propose(self, snapshot: Snapshot, state: Leased) -> tuple[Proposal, Leased]:
        """A request for each command, bounds for each target that has just been let go."""
        commands = snapshot.context.commands
        if not commands and not state.targets and not state.returning:
            return NOTHING, state
        wants = [_asked(command, snapshot.site) for command in commands if command.remaining_s > 0.0]
        targets = tuple(want.target for want in wants if want.request_w is not None)
        elapsed_s = snapshot.context.elapsed_s
        ended = ((t, _told_w(snapshot, t), elapsed_s) for t in state.targets if t not in targets)
        returning = []
        for target, from_w, since_s in (*(r for r in state.returning if r[0] not in targets), *ended):
            since_s = min(since_s, elapsed_s)
            reach_w = RAMP * _rated_w(snapshot.site, target) * (elapsed_s - since_s)
            if reach_w < abs(from_w) + _rated_w(snapshot.site, target):
                returning.append((target, from_w, since_s))
                wants.append(Want(target, LeaseOver(target), power_w=Bounds(from_w - reach_w, from_w + reach_w)))
        return tuple(wants), Leased(targets, tuple(returning))

    def summary(self) -> Words:
        """In one line."""
        return Words("限时的手动与调度指令", "commands of people and dispatchers, which expire")


def _asked(command: Command, site: Site) -> Want:
    if not _there(command.target, site) or not abs(command.power_w) < 1e15:
        return Want(BATTERIES, CommandUnusable(command.target, command.by))
    return Want(command.target, Commanded(command.power_w, command.by), request_w=command.power_w)


def _there(target: str, site: Site) -> bool:
    return target == BATTERIES or any(battery.name == target for battery in site.batteries)


def _told_w(snapshot: Snapshot, target: str) -> float:
    return sum(snapshot.setpoint_w(b.name) for b in snapshot.site.batteries if target in (BATTERIES, b.name))


def _rated_w(site: Site, target: str) -> float:
    return sum(b.converter.power_w for b in site.batteries if target in (BATTERIES, b.name))
