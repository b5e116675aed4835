"""What must be true after a restart: every part of the ledger, closed and opened again."""

import sqlite3
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import pytest

from leyden.alarms import AlarmBook, AlarmState
from leyden.history import HistoryError, Ledger, LedgerError
from leyden.model.command import Command
from leyden.model.condition import Condition
from leyden.model.words import Words

START = datetime(2026, 7, 15, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEXT = Words("时钟跳变", "the clock jumped")


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(tmp_path)
    yield ledger
    ledger.close()


@pytest.fixture
def reopened(tmp_path, ledger):
    """Close the ledger and open it again, as often as called."""
    opened = [ledger]

    def reopen():
        opened[-1].close()
        opened.append(Ledger(tmp_path))
        return opened[-1]

    yield reopen
    opened[-1].close()


def test_events_come_back_newest_first(ledger, reopened):
    for hour in range(5):
        ledger.events.add(START + hour * HOUR, "clock-jumped", "clock", TEXT, {"by_s": float(hour)})
    events = reopened().events.between(START + HOUR, START + 4 * HOUR, limit=2)
    assert [(event.id, event.time, event.detail["by_s"]) for event in events] == [
        (4, START + 3 * HOUR, 3.0),
        (3, START + 2 * HOUR, 2.0),
    ]
    assert events[0].text == TEXT


def test_times_of_other_zones_are_the_same_moments(ledger):
    shanghai = timezone(timedelta(hours=8))
    ledger.events.add(START.astimezone(shanghai), "a", "b", TEXT)
    assert ledger.events.between(START, START + HOUR)[0].time == START
    with pytest.raises(ValueError, match="needs its zone"):
        ledger.events.add(START.replace(tzinfo=None), "a", "b", TEXT)


def test_a_lease_runs_on_while_the_site_is_down(ledger, reopened):
    lease = ledger.leases.grant("b1", -5e5, "li", 900.0, START)
    assert lease == Command(1, "b1", -5e5, "li", 900.0)
    after = reopened().leases
    assert [command.remaining_s for command in after.in_force(START + timedelta(minutes=5))] == [600.0]
    assert not after.in_force(START + timedelta(minutes=15))


def test_what_the_monotonic_clock_says_is_noted_before_a_stop(ledger, reopened):
    """The wall clock was set an hour forward: the lease has still 700 s."""
    lease = ledger.leases.grant("b1", 1e5, "li", 900.0, START)
    later = START + HOUR
    ledger.leases.touch({lease.id: 700.0}, later)
    assert [command.remaining_s for command in reopened().leases.in_force(later + timedelta(seconds=100))] == [600.0]


def test_a_clock_set_back_never_lengthens_a_lease(ledger, reopened):
    ledger.leases.grant("b1", 1e5, "li", 900.0, START)
    assert [command.remaining_s for command in reopened().leases.in_force(START - HOUR)] == [900.0]


def test_an_ended_lease_stays_ended_and_its_number_is_never_given_again(ledger, reopened):
    first = ledger.leases.grant("b1", 1e5, "li", 900.0, START)
    ledger.leases.end(first.id, START, "withdrawn")
    ledger = reopened()
    assert not ledger.leases.in_force(START)
    assert ledger.leases.grant("b1", 1e5, "li", 900.0, START).id == first.id + 1


@pytest.mark.parametrize(("power_w", "duration_s"), [(float("nan"), 10.0), (1e5, 0.0), (1e5, float("nan"))])
def test_a_lease_without_a_power_or_a_time_is_refused(ledger, power_w, duration_s):
    with pytest.raises(ValueError, match="needs a power and a time"):
        ledger.leases.grant("b1", power_w, "li", duration_s, START)


@dataclass(frozen=True)
class Reserve:
    held: bool
    since_s: float


@dataclass(frozen=True)
class OtherReserve:
    held: bool
    depth: float


def test_states_come_back_as_their_type_or_not_at_all(ledger, reopened):
    assert ledger.states.load("keep-reserve", Reserve) is None
    ledger.states.save("keep-reserve", Reserve(True, 12.5), START)
    ledger = reopened()
    assert ledger.states.load("keep-reserve", Reserve) == Reserve(True, 12.5)
    assert ledger.states.load("keep-reserve", OtherReserve) is None


def test_a_state_that_did_not_change_is_not_written(ledger):
    assert ledger.states.save("a", Reserve(True, 1.0), START)
    assert not ledger.states.save("a", Reserve(True, 1.0), START + HOUR)
    assert ledger.states.save("a", Reserve(True, 2.0), START + HOUR)


def test_what_people_did_can_only_be_added_to(ledger, reopened, tmp_path):
    ledger.actions.add(START, "li", "limit-changed", "grid", before=Reserve(True, 1.0), after=2.1e6, why="竣工")
    ledger = reopened()
    action = ledger.actions.between(START, START + HOUR)[0]
    assert (action.by, action.before, action.after, action.why) == ("li", {"held": True, "since_s": 1.0}, 2.1e6, "竣工")
    connection = sqlite3.connect(tmp_path / "ledger.sqlite")
    for statement in ("DELETE FROM actions", "UPDATE actions SET by = 'nobody'"):
        with pytest.raises(sqlite3.IntegrityError, match="actions are never"):
            connection.execute(statement)
    connection.close()


def test_the_alarm_book_lives_on_in_the_ledger(ledger, reopened):
    cause = Condition(
        "device-offline:gate", "gate", 1, Words("离线", "offline"), Words("文", "text"), Words("查", "check")
    )
    book = AlarmBook(ledger.alarms)
    book.update([cause], START)
    book.acknowledge(1, "li", START)
    before = book.active()
    ledger = reopened()
    book = AlarmBook(ledger.alarms)
    assert book.active() == before
    book.update([], START + HOUR)
    assert not AlarmBook(ledger.alarms).active()
    past = ledger.alarms.between(START, START + HOUR)
    assert [(row["key"], row["state"]) for row in past] == [("device-offline:gate", AlarmState.NORMAL.value)]


def test_a_ledger_of_a_newer_version_is_refused(ledger, tmp_path):
    ledger.close()
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(HistoryError, match=r"newer Leyden \(schema 99, this one knows 2\): update Leyden"):
        Ledger(tmp_path)


def test_a_file_that_is_no_ledger_is_told(tmp_path):
    (tmp_path / "ledger.sqlite").write_bytes(b"certainly not a database" * 100)
    with pytest.raises(LedgerError, match="move the file away"):
        Ledger(tmp_path)


def test_a_held_ledger_raises_and_keeps_nothing_half_done(ledger, tmp_path):
    other = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerError, match="close the other program"):
        ledger.events.add(START, "a", "b", TEXT)
    other.execute("ROLLBACK")
    other.close()
    assert ledger.events.add(START, "a", "b", TEXT) == 1


def test_many_threads_may_write(ledger):
    def work(name):
        for _ in range(20):
            ledger.events.add(START, "tick", name, TEXT)

    threads = [threading.Thread(target=work, args=[str(number)]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events = ledger.events.between(START, START + HOUR)
    assert sorted(event.id for event in events) == list(range(1, 81))


def test_a_write_is_on_the_disk_when_it_returns(ledger):
    """FULL and WAL, or the promise is empty."""
    assert ledger._file.read("PRAGMA synchronous")[0][0] == 2
    assert ledger._file.read("PRAGMA journal_mode")[0][0] == "wal"
