"""What an operator must answer, out of a decision: one condition for each cause, the same key as long as it stands.

Alarm reasons in the trail are told as they are; they decide themselves when they begin and end, so nothing is
remembered here. A limit that is really missed is told by how much, and by whose doing: "import limit missed by 480 kW:
b1 at its reserve of 10 %".
"""

from leyden.control.at_the_meter import LimitMissed
from leyden.control.consult import Memory
from leyden.model.condition import Condition
from leyden.model.decision import Decision, Step
from leyden.model.reason import AlarmReason
from leyden.model.site import BATTERIES
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words, printed_value

_W = 1.0
"""Powers nearer than this are the same power."""


def conditions(decision: Decision, snapshot: Snapshot, memory: Memory) -> tuple[Condition, ...]:
    """What is wrong in this decision. Devices, the record and the clock are watched by the runtime."""
    found: dict[str, Condition] = {}
    for index, step in enumerate(decision.steps):
        reason = step.want.reason
        if isinstance(reason, AlarmReason):
            condition = _condition(decision, index, reason)
            found.setdefault(condition.key, condition)
    return tuple(found.values())


def _condition(decision: Decision, index: int, reason: AlarmReason) -> Condition:
    step = decision.steps[index]
    source = _source(reason, step)
    text = reason.words
    if isinstance(reason, LimitMissed):
        text = _missed(decision, index, reason)
    elif asker := _asker(decision, step):
        text = Words(f"{text.zh}(由{asker.label.zh}要求)", f"{text.en} (asked by {asker.label.en})")
    return Condition(f"{_kebab(reason.code)}:{source}", source, reason.priority, reason.title, text, reason.advice)


def _source(reason: AlarmReason, step: Step) -> str:
    """What it is about: the thing that the reason names, or who tells it."""
    for name in ("controller", "target", "battery", "device"):
        named = getattr(reason, name, None)
        if isinstance(named, str):
            return named
    return step.controller


def _asker(decision: Decision, step: Step) -> Step | None:
    """Who asked a power of the thing that does not do it; only such reasons name what was told."""
    if not hasattr(step.want.reason, "told_w"):
        return None
    asked = (s for s in decision.steps if s.taken_w is not None and s.want.target in (BATTERIES, step.want.target))
    return next(asked, None)


def _missed(decision: Decision, index: int, reason: LimitMissed) -> Words:
    """By how much the meter says, and whose doing it is where a bound could not be kept."""
    by_w = reason.measured_w - reason.limit_w
    zh, en = printed_value("by_w", by_w, "zh"), printed_value("by_w", by_w, "en")
    causes = [culprit.want.reason.words for culprit in culprits(decision, index)] or [reason.words]
    return Words(
        f"{reason.title.zh} {zh}:{'、'.join(cause.zh for cause in causes)}",
        f"{reason.title.en} by {en}: {', '.join(cause.en for cause in causes)}",
    )


def culprits(decision: Decision, index: int) -> tuple[Step, ...]:
    """The earlier steps against which a step's bound could not be kept, in their order; empty where it was.

    Either the one step that holds all batteries together, or for each battery the last that holds it.
    """
    step, earlier = decision.steps[index], decision.steps[:index]
    if step.missed_w <= _W:
        return ()
    upwards = step.want.power_w.low > step.allowed_w.high
    holding = [other for other in earlier if _holds(other, upwards)]
    latest = {other.want.target: other for other in holding}
    if step.want.target != BATTERIES:
        return tuple(other for other in holding if other is latest.get(step.want.target))
    group = latest.pop(BATTERIES, None)
    edge_w = step.allowed_w.high if upwards else step.allowed_w.low
    if group is not None and (group.taken_w is not None or abs(_edge(group, upwards) - edge_w) <= _W):
        return (group,)
    return tuple(other for other in holding if other in latest.values())


def _holds(step: Step, upwards: bool) -> bool:
    """Whether a step set the upper (or lower) edge of its target, or gave a request its power, which sets both."""
    if step.taken_w is not None:
        return True
    wanted_w = step.want.power_w.high if upwards else step.want.power_w.low
    return step.narrowed and abs(wanted_w - _edge(step, upwards)) <= _W


def _edge(step: Step, upwards: bool) -> float:
    return step.allowed_w.high if upwards else step.allowed_w.low


def _kebab(code: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in code).lstrip("-")
