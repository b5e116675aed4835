"""Asking every controller that is due, and living with one that fails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leyden.control.arbitrate import Voice
from leyden.model.bounds import exactly
from leyden.model.errors import NotANumberError
from leyden.model.proposal import NOTHING, Controller, Proposal, Want
from leyden.model.reason import AlarmReason
from leyden.model.site import BATTERIES
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words


@dataclass(frozen=True)
class ControllerFailed(AlarmReason):
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


@dataclass(frozen=True, slots=True)
class Memory:
    """The states and latest proposals of all controllers, by name."""

    states: Mapping[str, Any] = field(default_factory=dict)
    latest: Mapping[str, Proposal] = field(default_factory=dict)
    asked_at_s: Mapping[str, float] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    """Controllers whose last call raised, with the error in a line."""


def consult(
    controllers: Sequence[Controller[Any]], snapshot: Snapshot, memory: Memory, protective_only: bool = False
) -> tuple[list[Voice], Memory]:
    """The voices of all who have something to say, in the order of priority: those due are asked, the others' latest
    proposal stands."""
    heard = _Hearing(
        snapshot.site.targets, dict(memory.states), dict(memory.latest), dict(memory.asked_at_s), dict(memory.failed)
    )
    voices = []
    for controller in controllers:
        if protective_only and not controller.protective:
            continue
        if _due(controller, snapshot, memory):
            heard.ask(controller, snapshot)
        if proposal := heard.latest.get(controller.name, NOTHING):
            voices.append(Voice(controller.name, controller.label, proposal))
    return voices, Memory(heard.states, heard.latest, heard.asked_at_s, heard.failed)


def _due(controller: Controller[Any], snapshot: Snapshot, memory: Memory) -> bool:
    """Due when its time has come, within half a millisecond of rounding; one that failed is asked at once."""
    asked_at_s = memory.asked_at_s.get(controller.name)
    if asked_at_s is None or controller.name in memory.failed:
        return True
    return snapshot.context.elapsed_s - asked_at_s >= controller.every_s - 5e-4


@dataclass(slots=True)
class _Hearing:
    """The next memory while it is being made."""

    targets: frozenset[str]
    states: dict[str, Any]
    latest: dict[str, Proposal]
    asked_at_s: dict[str, float]
    failed: dict[str, str]

    def ask(self, controller: Controller[Any], snapshot: Snapshot) -> None:
        name = controller.name
        self.asked_at_s[name] = snapshot.context.elapsed_s
        self.failed.pop(name, None)
        try:
            state = self.states[name] if name in self.states else controller.start()
            proposal, self.states[name] = controller.propose(snapshot, state)
            for want in proposal:
                _check(want, self.targets)
            self.latest[name] = proposal
        except Exception as error:  # whatever it is, the others must go on
            # It may be the state that is wrong, restored from another version: the next call begins anew.
            self.states.pop(name, None)
            self.failed[name] = f"{type(error).__name__}: {error}"
            self.latest[name] = _fallback(controller, self.failed[name])


def _check(want: Want, targets: frozenset[str]) -> None:
    """Find here what arbitration could not live with, so that it costs one controller its word and not the cycle."""
    if want.target not in targets:
        raise KeyError(f"no target '{want.target}' on this site; there are: {', '.join(sorted(targets))}")
    if (want.request_w is not None and want.request_w != want.request_w) or (
        want.request_var is not None and want.request_var != want.request_var
    ):
        raise NotANumberError(f"nan was requested of '{want.target}'")
    if want.request_var is not None and want.target == BATTERIES:
        raise ValueError("reactive power is asked of one battery, not of all together")


def _fallback(controller: Controller[Any], error: str) -> Proposal:
    """A protective controller that cannot judge allows nothing; an economic one has nothing to say."""
    reason = ControllerFailed(controller.name, error)
    if controller.protective:
        return (Want(BATTERIES, reason, power_w=exactly(0.0)),)
    return (Want(BATTERIES, reason),)
