"""The alarm book over a store: against a naive model, over restarts, and when the store fails."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from leyden.alarms import AlarmBook, AlarmState, ChangeKind, UnknownAlarmError
from leyden.model.condition import Condition
from leyden.model.words import Words

START = datetime(2026, 7, 15, tzinfo=UTC)
KEYS = ("a", "b", "c")


def condition(key, priority=2):
    return Condition(key, "gate", priority, Words("标题", "title"), Words("文", "text"), Words("建议", "advice"))


@dataclass
class Store:
    """Keeps rows as the ledger does; may be told to fail."""

    rows: dict[int, dict[str, object]] = field(default_factory=dict)
    full: bool = False
    writes: int = 0

    def open_alarms(self):
        return [row for row in self.rows.values() if row["state"] != "normal"]

    def last_alarm_id(self):
        return max(self.rows, default=0)

    def save_alarms(self, rows):
        if self.full:
            raise OSError("disk full")
        self.writes += 1
        self.rows |= {row["id"]: row for row in rows}


def test_nothing_is_written_while_nothing_changes():
    store = Store()
    book = AlarmBook(store)
    for second in range(100):
        book.update([condition("a")], START + timedelta(seconds=second))
    assert store.writes == 1


def test_a_restart_keeps_alarm_answer_and_number():
    store = Store()
    book = AlarmBook(store)
    book.update([condition("a"), condition("b")], START)
    answered = next(alarm for alarm in book.active() if alarm.key == "a")
    book.acknowledge(answered.id, "li", START)
    before = book.active()

    book = AlarmBook(store)
    assert book.active() == before
    assert book.update([condition("a"), condition("b")], START + timedelta(hours=1)) == ()
    by_key = {alarm.key: alarm for alarm in book.active()}
    assert (by_key["a"].state, by_key["a"].ack_by, by_key["a"].raised) == (AlarmState.ACK, "li", START)
    assert by_key["b"].state is AlarmState.UNACK
    book.update([condition(key) for key in KEYS], START + timedelta(hours=2))
    assert {alarm.key: alarm.id for alarm in book.active()}["c"] == 3


def test_what_went_while_the_site_was_down_still_asks_for_an_answer():
    store = Store()
    AlarmBook(store).update([condition("a")], START)
    book = AlarmBook(store)
    changes = book.update([], START + timedelta(hours=1))
    assert [change.kind for change in changes] == [ChangeKind.CLEARED]
    assert [alarm.state for alarm in book.active()] == [AlarmState.RTN_UNACK]
    assert [alarm.state for alarm in AlarmBook(store).active()] == [AlarmState.RTN_UNACK]


def test_a_failing_store_stops_neither_the_list_nor_the_next_save():
    store = Store(full=True)
    book = AlarmBook(store)
    assert [change.kind for change in book.update([condition("a")], START)] == [ChangeKind.RAISED]
    assert (len(book.active()), book.unsaved) == (1, 1)
    store.full = False
    book.update([condition("a")], START + timedelta(seconds=1))
    assert book.unsaved == 0
    assert [alarm.key for alarm in AlarmBook(store).active()] == ["a"]


def test_an_answer_that_cannot_be_kept_is_none():
    store = Store()
    book = AlarmBook(store)
    book.update([condition("a")], START)
    store.full = True
    with pytest.raises(OSError, match="disk full"):
        book.acknowledge(1, "li", START)
    assert book.active()[0].state is AlarmState.UNACK


def test_answering_twice_changes_nothing_and_answering_nothing_is_an_error():
    book = AlarmBook(Store())
    book.update([condition("a")], START)
    change = book.acknowledge(1, "li", START)
    assert change is not None
    assert change.kind is ChangeKind.ACKNOWLEDGED
    assert book.acknowledge(1, "wang", START) is None
    assert book.active()[0].ack_by == "li"
    with pytest.raises(UnknownAlarmError, match="look at the alarms again"):
        book.acknowledge(7, "li", START)


class BookAgainstModel(RuleBasedStateMachine):
    """The model: per cause, whether it stands, whether somebody answered since it was raised, and when it went."""

    def __init__(self):
        super().__init__()
        self.store = Store()
        self.book = AlarmBook(self.store)
        self.time = START
        self.standing = {}
        self.answered = {}
        self.went = {}

    @rule(keys=st.sets(st.sampled_from(KEYS)), seconds=st.sampled_from([1, 5, 11, 100]))
    def update(self, keys, seconds):
        self.time += timedelta(seconds=seconds)
        self.book.update([condition(key) for key in sorted(keys)], self.time)
        for key in KEYS:
            if key in keys and not self.standing.get(key):
                old = (self.time - self.went.get(key, START - timedelta(days=1))).total_seconds() > 10
                if key not in self.answered or (self.answered[key] and old):
                    self.answered[key] = False
            elif key not in keys and self.standing.get(key):
                self.went[key] = self.time
            self.standing[key] = key in keys

    @precondition(lambda self: self.book.active())
    @rule(data=st.data())
    def acknowledge(self, data):
        alarm = data.draw(st.sampled_from(self.book.active()))
        self.book.acknowledge(alarm.id, "li", self.time)
        self.answered[alarm.key] = True

    @rule()
    def restart(self):
        """What had gone and was answered is forgotten by a restart: if it returns it is a new alarm."""
        self.book = AlarmBook(self.store)
        for key in KEYS:
            if self.answered.get(key) and not self.standing.get(key):
                del self.answered[key]

    @invariant()
    def agrees(self):
        states = {
            (True, False): AlarmState.UNACK, (True, True): AlarmState.ACK, (False, False): AlarmState.RTN_UNACK,
        }  # fmt: skip
        expected = {}
        for key in KEYS:
            state = states.get((self.standing.get(key, False), self.answered.get(key, True)))
            if state and (self.standing.get(key) or key in self.answered):
                expected[key] = state
        assert {alarm.key: alarm.state for alarm in self.book.active()} == expected

    @invariant()
    def store_holds_the_list(self):
        kept = {row["key"]: row["state"] for row in self.store.open_alarms()}
        assert kept == {alarm.key: alarm.state.value for alarm in self.book.active()}


BookAgainstModel.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestBookAgainstModel = BookAgainstModel.TestCase
