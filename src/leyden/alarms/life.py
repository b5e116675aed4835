"""The life of an alarm, as pure functions.

    normal --set--> unack --ack--> ack --clear--> normal
                    unack --clear--> rtn_unack --ack--> normal
                                     rtn_unack --set--> unack     (the same alarm, counted)

An alarm that had gone and stands again within `SAME_ALARM_S` is the same alarm and keeps its acknowledgement, so that a
chattering cause neither fills the list nor calls the operator again and again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from leyden.alarms.alarm import Alarm, AlarmChange, AlarmState, ChangeKind
from leyden.model.condition import Condition

SAME_ALARM_S = 10.0
"""Site time. What goes and returns within it chatters; below 10 s an alarm is usually called fleeting."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """Every alarm in the list, and those that left it a moment ago; both by their key."""

    listed: Mapping[str, Alarm] = field(default_factory=dict)
    left: Mapping[str, Alarm] = field(default_factory=dict)
    """Gone for less than `SAME_ALARM_S`."""
    last_id: int = 0


def meet(alarms: Alarms, conditions: Sequence[Condition], time: datetime) -> tuple[Alarms, tuple[AlarmChange, ...]]:
    """The list after all conditions of this moment, and what changed. Of equal keys the most urgent counts."""
    standing = _one_per_key(conditions)
    listed, changes, last_id = dict(alarms.listed), [], alarms.last_id
    left = {key: alarm for key, alarm in alarms.left.items() if _recent(alarm, time)}
    for key, condition in standing.items():
        before = listed.get(key) or left.pop(key, None)
        if before is None:
            last_id += 1
        alarm, kind = _stands(before, condition, time, last_id)
        listed[key] = alarm
        changes += [AlarmChange(kind, alarm)] if kind else []
    for key, alarm in alarms.listed.items():
        if key not in standing and alarm.standing:
            cleared = _clears(alarm, time)
            changes.append(AlarmChange(ChangeKind.CLEARED, cleared))
            shelf = left if cleared.state is AlarmState.NORMAL else listed
            listed.pop(key)
            shelf[key] = cleared
    return Alarms(listed, left, last_id), tuple(changes)


def acknowledge(alarm: Alarm, by: str, time: datetime) -> Alarm:
    """The alarm after somebody answered it; one that is answered already stays as it is."""
    if alarm.state is AlarmState.UNACK:
        return replace(alarm, state=AlarmState.ACK, ack_by=by, ack_time=time)
    if alarm.state is AlarmState.RTN_UNACK:
        return replace(alarm, state=AlarmState.NORMAL, ack_by=by, ack_time=time)
    return alarm


def worst_first(alarms: Sequence[Alarm]) -> tuple[Alarm, ...]:
    """By priority; within one, those nobody answered before those answered before those gone, the newest first."""
    states = (AlarmState.UNACK, AlarmState.ACK, AlarmState.RTN_UNACK, AlarmState.NORMAL)
    newest = sorted(alarms, key=lambda alarm: (alarm.set_time, alarm.id), reverse=True)
    return tuple(sorted(newest, key=lambda alarm: (alarm.condition.priority, states.index(alarm.state))))


def _one_per_key(conditions: Sequence[Condition]) -> dict[str, Condition]:
    kept: dict[str, Condition] = {}
    for condition in conditions:
        if condition.key not in kept or condition.priority < kept[condition.key].priority:
            kept[condition.key] = condition
    return kept


def _stands(before: Alarm | None, cause: Condition, time: datetime, new_id: int) -> tuple[Alarm, ChangeKind | None]:
    if before is None:
        return Alarm(new_id, cause, AlarmState.UNACK, raised=time, set_time=time), ChangeKind.RAISED
    escalated = cause.priority < before.condition.priority
    answered = before.ack_time is not None and not escalated
    after = replace(
        before,
        condition=cause,
        state=AlarmState.ACK if answered else AlarmState.UNACK,
        ack_time=before.ack_time if answered else None,
        ack_by=before.ack_by if answered else None,
    )
    if not before.standing:
        returned = replace(after, set_time=time, clear_time=None, occurrences=before.occurrences + 1)
        return returned, ChangeKind.RETURNED
    return after, ChangeKind.ESCALATED if escalated else None


def _clears(alarm: Alarm, time: datetime) -> Alarm:
    state = AlarmState.NORMAL if alarm.state is AlarmState.ACK else AlarmState.RTN_UNACK
    return replace(alarm, state=state, clear_time=time)


def _recent(alarm: Alarm, time: datetime) -> bool:
    return alarm.clear_time is not None and time - alarm.clear_time <= timedelta(seconds=SAME_ALARM_S)
