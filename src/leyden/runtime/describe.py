"""Snapshots and decisions as plain data: what the record keeps and what the API and the room are given.

Every sentence is there in both languages; nan becomes None, because JSON has no nan.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

from msgspec.structs import asdict

from leyden.history.ledger import Action
from leyden.model.decision import Decision, Step
from leyden.model.lock import Lock
from leyden.model.plan import Plan, Slot, SlotMode
from leyden.model.quality import Quality
from leyden.model.words import Words
from leyden.runtime.action_words import action_words
from leyden.runtime.leases import Lease
from leyden.runtime.mode import Mode
from leyden.runtime.points import Frame

Json = dict[str, Any]


def words_json(words: Words) -> Json:
    """Both languages."""
    return {"zh": words.zh, "en": words.en}


def time_json(time: datetime) -> str:
    """ISO 8601 in UTC, to the second."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def finite(value: float | None) -> float | None:
    """The number, or None where there is none."""
    return value if value is not None and isfinite(value) else None


def points_json(names: Sequence[str], frame: Frame) -> tuple[dict[str, float | None], dict[str, str]]:
    """Values by name, and the quality of those that are not GOOD."""
    values = dict(zip(names, map(finite, frame.values.tolist()), strict=True))
    bad = {name: Quality(quality).name for name, quality in zip(names, frame.quality.tolist(), strict=True) if quality}
    return values, bad


def decision_json(decision: Decision) -> Json:
    """A decision with its whole trail."""
    commander = decision.commander
    return {
        "number": decision.number,
        "sentence": words_json(decision.sentence),
        "total_w": decision.total_w,
        "commander": None if commander is None else _who(commander),
        "binds": [{**_who(step), "text": words_json(step.want.reason.words)} for step in decision.binding],
        "setpoints": {name: asdict(setpoint) for name, setpoint in decision.setpoints.items()},
        "steps": [step_json(step) for step in decision.steps],
    }


def step_json(step: Step) -> Json:
    """One step of the trail."""
    return {
        **_who(step),
        "target": step.want.target,
        "code": step.want.reason.code,
        "text": words_json(step.want.reason.words),
        "min_w": finite(step.allowed_w.low),
        "max_w": finite(step.allowed_w.high),
        "request_w": finite(step.want.request_w),
        "taken_w": finite(step.taken_w),
        "taken": step.taken_w is not None,
        "missed_w": step.missed_w,
    }


def _who(step: Step) -> Json:
    return {"controller": step.controller, "label": words_json(step.label)}


def mode_json(mode: Mode) -> Json:
    """SIMULATED, SHADOW or LIVE."""
    return {"mark": mode.mark, "since": time_json(mode.since), "by": mode.by}


def locks_json(locks: Iterable[Lock]) -> list[Json]:
    """What hangs, oldest first."""
    return [
        {"target": lock.target, "by": lock.by, "reason": lock.reason, "since": time_json(lock.since)} for lock in locks
    ]


def action_json(action: Action) -> Json:
    """What a person did, with a sentence that tells it."""
    return {
        "id": action.id,
        "time": time_json(action.time),
        "by": action.by,
        "what": action.what,
        "target": action.target,
        "before": action.before,
        "after": action.after,
        "why": action.why,
        "text": words_json(action_words(action)),
    }


def leases_json(leases: Iterable[Lease], elapsed_s: float) -> list[Json]:
    """Commands in force."""
    return [
        {
            "id": lease.id,
            "target": lease.target,
            "power_w": lease.power_w,
            "by": lease.by,
            "since": time_json(lease.since),
            "expires": time_json(lease.expires),
            "remaining_s": max(0.0, round(lease.expires_elapsed_s - elapsed_s, 1)),
        }
        for lease in leases
    ]


_CHARGE = Words("充电 {power_w}", "charge {power_w}")
_DISCHARGE = Words("放电 {power_w}", "discharge {power_w}")
_REST = Words("静置", "rest")
_ACTION: Mapping[SlotMode, Words] = {
    SlotMode.GRID: Words("并网点保持 {power_w}", "hold the meter at {power_w}"),
    SlotMode.SELF: Words("跟随负荷", "follow the load"),
}


def slot_title(mode: SlotMode, power_w: float | None) -> Words:
    """What a slot does, in a few words."""
    if mode is SlotMode.BATTERY and power_w:
        return (_DISCHARGE if power_w > 0 else _CHARGE).fill({"power_w": abs(power_w)})
    return _ACTION.get(mode, _REST).fill({"power_w": power_w or 0.0})


def slot_json(slot: Slot) -> Json:
    """One slot of the plan."""
    return {
        "start": time_json(slot.start),
        "end": time_json(slot.end),
        "target": slot.target,
        "mode": slot.mode.value,
        "power_w": finite(slot.power_w),
        "soc_end": finite(slot.soc_end),
        "price_per_kwh": finite(slot.price_per_kwh),
        "title": words_json(slot_title(slot.mode, slot.power_w)),
        "reason": words_json(slot.reason.words),
    }


def next_json(plan: Plan | None, now: datetime, most: int = 6) -> list[Json]:
    """What the plan does from now on: neighbouring slots that do the same for the same reason are one entry."""
    merged: list[Slot] = []
    for slot in () if plan is None else plan.between(now, now + timedelta(hours=36)):
        if merged and _same(merged[-1], slot):
            last = merged[-1]
            merged[-1] = replace(last, end=slot.end, soc_end=slot.soc_end)
        else:
            merged.append(slot)
    return [slot_json(slot) for slot in merged[:most]]


def _same(left: Slot, right: Slot) -> bool:
    """Whether two neighbours would be told in the same words; powers within 2 % are the same power."""
    if left.end != right.start or (left.target, left.mode) != (right.target, right.mode):
        return False
    if left.reason.code != right.reason.code:
        return False
    a, b = left.power_w or 0.0, right.power_w or 0.0
    return a * b >= 0.0 and abs(a - b) <= 0.02 * max(abs(a), abs(b))
