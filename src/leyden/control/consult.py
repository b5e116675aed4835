"""Asking every controller that is due, and living with one that fails."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from msgspec import Struct

from leyden.control.arbitrate import Voice
from leyden.model.bounds import exactly
from leyden.model.proposal import Controller, Proposal, Want
from leyden.model.reason import AlarmReason
from leyden.model.site import BATTERIES
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words


class ControllerFailed(AlarmReason, frozen=True):
    """A controller raised an error; its place in the order is held by its declared fall-back."""

    controller: str
    error: str
    sentence = Words("控制器 {controller} 出错:{error}", "controller {controller} failed: {error}")
    title = Words("控制器出错", "controller failed")
    advice = Words(
        "保护类控制器出错时功率保持为零;请查看日志并报告该错误",
        "a protective controller that fails holds power at zero; see the log and report the error",
    )
    priority = 2


class Memory(Struct, frozen=True):
    """The states and latest proposals of all controllers, by name."""

    states: Mapping[str, Any] = {}
    latest: Mapping[str, Proposal] = {}
    asked_at_s: Mapping[str, float] = {}
    """When those were asked that are not asked every cycle."""
    failed: Mapping[str, str] = {}
    """Controllers whose last call raised, with the error in a line."""


def consult(
    controllers: Sequence[Controller[Any]], snapshot: Snapshot, memory: Memory, protective_only: bool = False
) -> tuple[list[Voice], Memory]:
    """The voices of all who have something to say, in the order of priority: those due are asked, the others' latest
    proposal stands."""
    if protective_only:
        controllers = [controller for controller in controllers if controller.protective]
    states, latest, asked_at_s = dict(memory.states), dict(memory.latest), dict(memory.asked_at_s)
    failed, targets, elapsed_s = dict(memory.failed), snapshot.site.targets, snapshot.context.elapsed_s
    voices = []
    for controller in controllers:
        name = controller.name
        if controller.every_s > 0.0 and not _due(controller, elapsed_s, asked_at_s, failed):
            proposal = latest[name]
        else:
            try:
                state = states[name] if name in states else controller.start()
                proposal, states[name] = controller.propose(snapshot, state)
                for want in proposal:
                    if want.target not in targets:  # found here, it costs one controller its word and not the cycle
                        raise KeyError(f"no target '{want.target}' here; there are: {', '.join(sorted(targets))}")
                if failed:
                    failed.pop(name, None)
            except Exception as error:  # whatever it is, the others must go on
                # It may be the state that is wrong, restored from another version: the next call begins anew.
                states.pop(name, None)
                failed[name] = f"{type(error).__name__}: {error}"
                proposal = _fallback(controller, failed[name])
            latest[name] = proposal
        if proposal:
            voices.append(Voice(name, controller.label, proposal))
    return voices, Memory(states, latest, asked_at_s, failed)


def _due(
    controller: Controller[Any], elapsed_s: float, asked_at_s: dict[str, float], failed: Mapping[str, str]
) -> bool:
    """Due when its time has come, within half a millisecond of rounding; one that failed is at once. Notes when."""
    name = controller.name
    if elapsed_s - asked_at_s.get(name, -inf) < controller.every_s - 5e-4 and name not in failed:
        return False
    asked_at_s[name] = elapsed_s
    return True


def _fallback(controller: Controller[Any], error: str) -> Proposal:
    """A protective controller that cannot judge allows nothing; an economic one has nothing to say."""
    reason = ControllerFailed(controller.name, error)
    if controller.protective:
        return (Want(BATTERIES, reason, power_w=exactly(0.0)),)
    return (Want(BATTERIES, reason),)
