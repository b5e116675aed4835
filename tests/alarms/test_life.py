"""The life of an alarm as tables: what stands at which second, and what the list then says."""

from datetime import UTC, datetime, timedelta

import pytest

from leyden.alarms.alarm import AlarmState, ChangeKind
from leyden.alarms.life import Alarms, acknowledge, meet, worst_first
from leyden.model.condition import Condition
from leyden.model.words import Words

START = datetime(2026, 7, 15, tzinfo=UTC)


def condition(key, priority=2, text="x"):
    return Condition(key, "gate", priority, Words("标题", "title"), Words(text, text), Words("建议", "advice"))


def at(second):
    return START + timedelta(seconds=second)


def live(*story):
    """Tell a story of (second, keys standing) or (second, "ack"); gives the alarm named "a" and all changes."""
    alarms, changes, alarm = Alarms(), [], None
    for second, what in story:
        if what == "ack":
            alarm = acknowledge(alarms.listed["a"], "li", at(second))
            listed = {key: kept for key, kept in alarms.listed.items() if key != "a"}
            gone = alarm.state is AlarmState.NORMAL
            alarms = Alarms(listed if gone else listed | {"a": alarm}, {"a": alarm} if gone else {}, alarms.last_id)
            continue
        alarms, happened = meet(alarms, [condition(key) for key in what], at(second))
        changes += [change.kind for change in happened if change.alarm.key == "a"]
        alarm = alarms.listed.get("a") or alarms.left.get("a") or alarm
    return alarm, changes, alarms


RAISED, RETURNED, CLEARED = ChangeKind.RAISED, ChangeKind.RETURNED, ChangeKind.CLEARED


@pytest.mark.parametrize(
    ("story", "state", "occurrences", "changes"),
    [
        ([(0, "a")], AlarmState.UNACK, 1, [RAISED]),
        ([(0, "a"), (1, "a"), (2, "a")], AlarmState.UNACK, 1, [RAISED]),
        ([(0, "a"), (5, "ack")], AlarmState.ACK, 1, [RAISED]),
        ([(0, "a"), (5, "ack"), (6, "a")], AlarmState.ACK, 1, [RAISED]),
        ([(0, "a"), (5, "")], AlarmState.RTN_UNACK, 1, [RAISED, CLEARED]),
        ([(0, "a"), (5, ""), (60, "")], AlarmState.RTN_UNACK, 1, [RAISED, CLEARED]),
        ([(0, "a"), (5, ""), (60, "ack")], AlarmState.NORMAL, 1, [RAISED, CLEARED]),
        ([(0, "a"), (5, "ack"), (9, "")], AlarmState.NORMAL, 1, [RAISED, CLEARED]),
        # nobody answered: it is the same alarm whenever it comes back
        ([(0, "a"), (5, ""), (600, "a")], AlarmState.UNACK, 2, [RAISED, CLEARED, RETURNED]),
        # answered, gone, and back within 10 s: it chatters, and the answer still counts
        ([(0, "a"), (1, "ack"), (5, ""), (15, "a")], AlarmState.ACK, 2, [RAISED, CLEARED, RETURNED]),
        ([(0, "a"), (5, ""), (6, "ack"), (15, "a")], AlarmState.ACK, 2, [RAISED, CLEARED, RETURNED]),
        # answered, gone, and back later: a new alarm
        ([(0, "a"), (1, "ack"), (5, ""), (15.1, "a")], AlarmState.UNACK, 1, [RAISED, CLEARED, RAISED]),
    ],
)
def test_life(story, state, occurrences, changes):
    alarm, happened, _ = live(*story)
    assert (alarm.state, alarm.occurrences, happened) == (state, occurrences, changes)


def test_a_chattering_cause_is_one_line_in_the_list():
    story = [(second, "a" if second % 2 == 0 else "") for second in range(101)]
    alarm, _, alarms = live(*story)
    assert len(alarms.listed) == 1
    assert (alarm.id, alarm.occurrences, alarm.raised, alarm.set_time) == (1, 51, at(0), at(100))


def test_a_later_alarm_of_the_same_cause_has_its_own_number():
    alarm, _, alarms = live((0, "a"), (1, "ack"), (2, ""), (60, "a"))
    assert (alarm.id, alarms.last_id) == (2, 2)


def test_more_urgent_is_told_anew_and_must_be_answered_anew():
    alarms, _ = meet(Alarms(), [condition("a", 3)], at(0))
    alarms = Alarms({"a": acknowledge(alarms.listed["a"], "li", at(1))}, {}, 1)
    alarms, changes = meet(alarms, [condition("a", 1)], at(2))
    assert [change.kind for change in changes] == [ChangeKind.ESCALATED]
    assert alarms.listed["a"].state is AlarmState.UNACK
    assert alarms.listed["a"].ack_by is None
    alarms = Alarms({"a": acknowledge(alarms.listed["a"], "li", at(3))}, {}, 1)
    alarms, changes = meet(alarms, [condition("a", 2)], at(4))
    assert not changes, "less urgent calls nobody"
    assert alarms.listed["a"].state is AlarmState.ACK


def test_new_words_are_kept_and_call_nobody():
    alarms, _ = meet(Alarms(), [condition("a", text="480 kW")], at(0))
    alarms, changes = meet(alarms, [condition("a", text="510 kW")], at(1))
    assert not changes
    assert alarms.listed["a"].condition.text.en == "510 kW"


def test_of_equal_keys_the_most_urgent_counts():
    alarms, changes = meet(Alarms(), [condition("a", 3), condition("a", 1), condition("a", 2)], at(0))
    assert len(changes) == 1
    assert alarms.listed["a"].condition.priority == 1


def test_worst_first():
    alarms, _ = meet(Alarms(), [condition("old", 2), condition("gone", 2), condition("seen", 2)], at(0))
    seen = {"seen": acknowledge(alarms.listed["seen"], "li", at(1))}
    alarms = Alarms({**alarms.listed, **seen}, {}, 3)
    now = [condition(key, 2) for key in ("old", "seen", "new")] + [condition("low", 3), condition("urgent", 1)]
    alarms, _ = meet(alarms, now, at(2))
    order = [alarm.key for alarm in worst_first(tuple(alarms.listed.values()))]
    assert order == ["urgent", "new", "old", "seen", "gone", "low"]
