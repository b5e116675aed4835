"""What people are told, and when: each cause once, its end once, what flaps ever more rarely, nothing twice."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leyden.alarms import AlarmBook
from leyden.alarms.notices import GATHER_S, LONGEST_SETTLE_S, SETTLE_S, Kind, Known, Look, Message, look, restored
from leyden.model.condition import Condition
from leyden.model.words import Words
from tests.alarms.test_causes import START, Nowhere, condition

P1, P2, P3 = 1, 2, 3
HELD = 3600.0


@dataclass
class Night:
    """A book, the rules, and what was told."""

    book: AlarmBook = field(default_factory=lambda: AlarmBook(Nowhere()))
    known: Known = field(default_factory=Known)
    now_s: float = 1000.0
    quiet: bool = False
    told: list[tuple[float, Message]] = field(default_factory=list)

    def pass_time(self, seconds: float, *conditions: Condition, step_s: float = 1.0) -> None:
        """Step by step with these conditions standing."""
        for _ in range(round(seconds / step_s)):
            self.now_s += step_s
            changes = self.book.update(conditions, self.time)
            begun = [change.alarm for change in changes if change.kind in ("raised", "returned", "escalated")]
            standing = [alarm for alarm in self.book.active() if alarm.standing]
            self.known, messages = look(self.known, Look(standing, begun, self.now_s, self.time, self.quiet), "park")
            self.told += [(self.now_s, message) for message in messages]

    @property
    def time(self) -> datetime:
        return START + timedelta(seconds=self.now_s)

    @property
    def kinds(self) -> list[tuple[str, str]]:
        return [(str(message.kind), message.cause) for _, message in self.told]

    def restart(self) -> None:
        """The clock of the next process begins elsewhere; what is not compared is lost."""
        causes = {
            cause: replace(seen, seen_s=0.0, gone_s=None, told_s=0.0) for cause, seen in self.known.causes.items()
        }
        self.now_s += 10.0
        self.known = restored(replace(self.known, causes=causes), self.now_s)


def test_one_message_for_a_cause_within_seconds_and_one_at_its_end():
    night = Night()
    night.pass_time(600.0, condition("device-silent:gate"))
    assert night.kinds == [("raised", "device-silent:gate")]
    assert night.told[0][0] - 1000.0 <= 5.0
    night.pass_time(SETTLE_S + 2.0)
    assert night.kinds[1:] == [("recovered", "device-silent:gate")]
    night.pass_time(7200.0, step_s=10.0)
    assert len(night.told) == 2


def test_what_becomes_more_urgent_meanwhile_is_one_message():
    night = Night()
    night.pass_time(2.0, condition("device-silent:gate", P2))
    night.pass_time(60.0, condition("device-silent:gate", P1))
    assert [(message.kind, message.priority) for _, message in night.told] == [(Kind.RAISED, P1)]


def test_what_becomes_more_urgent_later_is_told_once_more():
    night = Night()
    night.pass_time(60.0, condition("not-following:b1", P2))
    night.pass_time(60.0, condition("stopped-not-following:b1", P1))
    assert [(message.kind, message.priority) for _, message in night.told] == [(Kind.RAISED, P2), (Kind.ESCALATED, P1)]
    night.pass_time(60.0)
    # One cause, one end; told as urgently as its worst.
    assert [(message.kind, message.priority) for _, message in night.told[2:]] == [(Kind.RECOVERED, P1)]


def test_an_alarm_that_lasts_a_moment_is_told_too():
    night = Night()
    night.pass_time(1.0, condition("import-limit-missed:grid", P1))
    night.pass_time(120.0)
    assert [kind for kind, _ in night.kinds] == ["raised", "recovered"]


def test_priority_three_and_what_is_wrong_with_telling_are_not_told():
    night = Night()
    night.pass_time(60.0, condition("plan-failing", P3), condition("notify-failing:ops", P2))
    assert night.told == []


@settings(max_examples=10)
@given(st.integers(1, 40), st.integers(1, 100))
def test_what_flaps_is_told_ever_more_rarely(on_s, off_s):
    """Whatever the rhythm, a night of flapping is a dozen messages, and never a beginning without an end."""
    night = Night()
    for _ in range(round(2 * HELD / (on_s + off_s))):
        night.pass_time(on_s, condition("device-silent:gate"))
        night.pass_time(off_s)
    hours = (night.now_s - 1000.0) / HELD
    assert len(night.told) <= 14 + 4 * hours
    night.pass_time(LONGEST_SETTLE_S + 30.0, step_s=30.0)
    kinds = [kind for kind, _ in night.kinds]
    assert kinds == ["raised", "recovered"] * (len(kinds) // 2)


def test_the_end_is_told_later_each_time_it_comes_back():
    night = Night()
    waits = []
    for _ in range(4):
        night.pass_time(10.0, condition("device-silent:gate"))
        gone_s = night.now_s
        night.pass_time(900.0)
        waits.append(night.told[-1][0] - gone_s)
    assert waits == pytest.approx([30.0, 60.0, 120.0, 240.0], abs=3.0)


def test_a_quiet_time_lets_only_the_most_urgent_through():
    night = Night(quiet=True)
    night.pass_time(3600.0, condition("device-silent:gate", P2), condition("meter-lost:x", P1))
    assert night.kinds == [("raised", "meter-lost:x")]
    night.quiet = False
    night.pass_time(10.0, condition("device-silent:gate", P2), condition("meter-lost:x", P1))
    assert night.kinds[1:] == [("raised", "device-silent:gate")]


def test_what_came_and_went_in_the_quiet_time_is_one_message():
    night = Night(quiet=True)
    night.pass_time(600.0, condition("device-silent:gate"))
    night.pass_time(600.0)
    night.quiet = False
    night.pass_time(600.0)
    assert night.kinds == [("passed", "device-silent:gate")]


def test_a_restart_tells_nothing_twice_and_forgets_no_end():
    night = Night()
    night.pass_time(60.0, condition("device-silent:gate"))
    night.restart()
    night.pass_time(60.0, condition("device-silent:gate"))
    assert night.kinds == [("raised", "device-silent:gate")]
    night.restart()
    night.pass_time(120.0)
    assert night.kinds[1:] == [("recovered", "device-silent:gate")]


def test_a_restart_before_it_was_told_tells_it_at_once():
    night = Night()
    night.pass_time(2.0, condition("meter-lost:gate", P1))
    assert night.told == []
    night.restart()
    night.pass_time(1.0)
    assert night.kinds == [("raised", "meter-lost:gate")]


CAUSES = st.lists(
    st.tuples(st.sets(st.sampled_from(["a:1", "b:2", "not-following:b1", "echo-differs:b1"])), st.integers(1, 90)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25)
@given(CAUSES)
def test_beginnings_and_ends_alternate_for_every_cause_and_names_are_never_given_twice(story):
    night = Night()
    for keys, seconds in story:
        night.pass_time(seconds, *(condition(key) for key in sorted(keys)))
    night.pass_time(LONGEST_SETTLE_S + HELD, step_s=30.0)
    by_cause: dict[str, list[str]] = {}
    for kind, cause in night.kinds:
        by_cause.setdefault(cause, []).append(kind)
    stood = {key for keys, _ in story for key in keys}
    assert set(by_cause) == {"following:b1" if key.endswith("b1") else key for key in stood}
    for kinds in by_cause.values():
        told = [kind for kind in kinds if kind != "passed"]  # one that came and went before it was told is told once
        assert told == ["raised", "recovered"] * (len(told) // 2)
    names = [message.id for _, message in night.told]
    assert len(set(names)) == len(names)


def test_messages_carry_both_languages_and_since_when():
    night = Night()
    night.pass_time(
        GATHER_S + 3.0, Condition("a:1", "gate", P1, Words("标题", "title"), Words("文", "text"), Words("查", "see"))
    )
    ((_, message),) = night.told
    assert (message.title.zh, message.text.en, message.advice.zh, message.source) == ("标题", "text", "查", "gate")
    assert message.since == START + timedelta(seconds=1001.0)
    assert message.since.tzinfo is UTC
