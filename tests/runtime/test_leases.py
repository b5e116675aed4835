"""A command is a lease: it ends by itself, is replaced by a later one, and is kept before it counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from leyden.history import Ledger, LedgerError
from leyden.model.command import Command
from leyden.runtime.leases import LeaseRefusedError, Leases

NOON = datetime(2026, 7, 15, 12, tzinfo=UTC)


@dataclass
class Store:
    added: list[Command] = field(default_factory=list)
    ended: list[tuple[int, str]] = field(default_factory=list)
    touched: list[tuple[dict[int, float], datetime]] = field(default_factory=list)

    def grant(self, target: str, power_w: float, by: str, duration_s: float, time: datetime) -> Command:
        command = Command(len(self.added) + 1, target, power_w, by, duration_s)
        self.added.append(command)
        return command

    def end(self, id: int, time: datetime, why: str) -> None:  # noqa: A002 - the store's own word
        self.ended.append((id, why))

    def touch(self, remaining_s: Mapping[int, float], time: datetime) -> None:
        self.touched.append((dict(remaining_s), time))

    def in_force(self, time: datetime) -> list[Command]:
        return [command for command in self.added if command.id not in {number for number, _ in self.ended}]


def leases() -> tuple[Leases, Store]:
    store = Store()
    return Leases(store, lambda: frozenset({"b1", "batteries"})), store


def test_a_lease_counts_down_and_ends():
    held, store = leases()
    held.grant("b1", 5e5, 60.0, "ann", NOON, elapsed_s=100.0)
    (command,) = held.in_force(NOON, 130.0)
    assert (command.power_w, command.remaining_s) == (5e5, 30.0)
    assert held.in_force(NOON, 160.0) == ()
    assert store.ended == [(1, "expired")]


def test_a_later_command_replaces_an_earlier_one_for_the_same_target():
    held, store = leases()
    held.grant("b1", 5e5, 60.0, "ann", NOON, 0.0)
    held.grant("b1", -1e5, 60.0, "bob", NOON, 1.0)
    assert [command.power_w for command in held.in_force(NOON, 2.0)] == [-1e5]
    assert store.ended == [(1, "replaced")]


def test_when_the_wall_clock_was_put_what_is_left_is_kept_by_the_new_time():
    held, store = leases()
    lease = held.grant("b1", 5e5, 60.0, "ann", NOON, elapsed_s=100.0)
    later = NOON - timedelta(hours=2)
    held.touch(later, 130.0)
    assert store.touched == [({lease.id: 30.0}, later)]
    assert held.all()[0].expires == later + timedelta(seconds=30)
    held.release(lease.id, later)
    held.touch(NOON, 140.0)
    assert len(store.touched) == 1, "nothing is in force, so nothing is written"


def test_release():
    held, store = leases()
    lease = held.grant("b1", 5e5, 60.0, "ann", NOON, 0.0)
    assert held.release(lease.id, NOON)
    assert not held.release(lease.id, NOON)
    assert held.in_force(NOON, 1.0) == ()
    assert store.ended == [(1, "released")]


def test_after_a_restart_a_lease_goes_on_for_what_is_left():
    held, store = leases()
    held.grant("b1", 5e5, 60.0, "ann", NOON, elapsed_s=0.0)
    held.grant("batteries", 1e5, 60.0, "ann", NOON, elapsed_s=0.0)
    held.release(2, NOON)
    again = Leases(store, lambda: frozenset({"b1"}))
    again.restore(NOON, elapsed_s=1000.0)
    assert [(command.id, command.remaining_s) for command in again.in_force(NOON, 1010.0)] == [(1, 50.0)]
    assert again.in_force(NOON, 1060.0) == ()


def test_killed_between_two_commands_for_one_target_the_later_one_holds():
    """The later one was kept, the earlier one not yet ended."""
    held, store = leases()
    held.grant("b1", 5e5, 60.0, "ann", NOON, 0.0)
    held.grant("b1", -1e5, 60.0, "bob", NOON, 1.0)
    store.ended.clear()
    again = Leases(store, lambda: frozenset({"b1"}))
    again.restore(NOON, elapsed_s=1000.0)
    assert [(command.id, command.power_w) for command in again.in_force(NOON, 1001.0)] == [(2, -1e5)]
    assert store.ended == [(1, "replaced")]


@pytest.mark.parametrize(
    ("target", "power_w", "duration_s", "why"),
    [
        ("b9", 1.0, 60.0, "no target 'b9'; there are: b1, batteries"),
        ("b1", float("nan"), 60.0, "must be a number"),
        ("b1", float("inf"), 60.0, "must be a number"),
        ("b1", 1.0, 0.0, "between 1 s and 24 h"),
        ("b1", 1.0, float("nan"), "between 1 s and 24 h"),
        ("b1", 1.0, 1e6, "between 1 s and 24 h"),
    ],
)
def test_what_cannot_be_granted_is_refused_and_not_kept(target, power_w, duration_s, why):
    held, store = leases()
    with pytest.raises(LeaseRefusedError, match=why):
        held.grant(target, power_w, duration_s, "ann", NOON, 0.0)
    assert store.added == []


class FullDisk(Store):
    def end(self, id: int, time: datetime, why: str) -> None:  # noqa: A002 - the store's own word
        raise OSError("the disk is full")


def test_a_full_disk_neither_stops_the_cycle_nor_lengthens_a_lease():
    held = Leases(FullDisk(), lambda: frozenset({"b1"}))
    lease = held.grant("b1", 5e5, 60.0, "ann", NOON, 0.0)
    with pytest.raises(OSError, match="full"):
        held.release(lease.id, NOON)
    assert held.in_force(NOON, 60.0) == ()


def test_a_command_and_its_log_are_kept_together_or_not_at_all(tmp_path):
    """No kill, no full disk leaves a command in force that nobody is known to have given, now or after a restart."""
    ledger = Ledger(tmp_path)
    leases = Leases(ledger.leases, lambda: frozenset({"b1"}))
    first = leases.grant("b1", 1e5, 600.0, "wang", NOON, 0.0)

    def torn() -> None:
        with leases.kept(ledger.together, NOON, 0.0):
            leases.grant("b1", 2e5, 600.0, "wang", NOON, 0.0)
            raise LedgerError("the log is full")

    with pytest.raises(LedgerError, match="the log is full"):
        torn()
    assert [lease.id for lease in leases.all()] == [first.id]
    assert [command.power_w for command in ledger.leases.in_force(NOON)] == [1e5]
    with leases.kept(ledger.together, NOON, 0.0):
        leases.grant("b1", 3e5, 600.0, "wang", NOON, 0.0)
        ledger.actions.add(NOON, "wang", "lease-granted", "b1")
    ledger.close()
    again = Ledger(tmp_path)
    assert [command.power_w for command in again.leases.in_force(NOON)] == [3e5]
    assert len(again.actions.between(NOON, NOON + timedelta(seconds=1))) == 1
    again.close()
