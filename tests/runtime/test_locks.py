"""Locks: what may be locked, by whom, and that neither a kill nor a full disk makes one more or less."""

from datetime import UTC, datetime

import pytest

from leyden.history import Ledger, LedgerError
from leyden.model.site import BATTERIES
from leyden.runtime.locks import LockBook
from leyden.runtime.refused import RefusedError
from tests.whole.inside import configured, inside

NOON = datetime(2026, 7, 15, 12, tzinfo=UTC)
TARGETS = frozenset({"b1", "pv1", BATTERIES})


@pytest.fixture
def ledger(tmp_path):
    kept = Ledger(tmp_path / "data")
    yield kept
    kept.close()


def book(ledger: Ledger) -> LockBook:
    return LockBook(ledger, lambda: TARGETS)


def test_a_lock_is_kept_before_it_is_acknowledged_and_found_again(ledger):
    (lock,) = book(ledger).hang("b1", "Li", "fan replaced", NOON)
    assert (lock.target, lock.by, lock.reason, lock.since) == ("b1", "Li", "fan replaced", NOON)
    assert book(ledger).locks == (lock,)
    assert book(ledger).take_off("b1", "Wang", "done", NOON) == ()
    assert book(ledger).locks == ()
    log = ledger.actions.between(NOON, datetime(2027, 1, 1, tzinfo=UTC))
    assert [(a.by, a.what, a.target, a.why) for a in reversed(log)] == [
        ("Li", "locked", "b1", "fan replaced"),
        ("Wang", "unlocked", "b1", "done"),
    ]


@pytest.mark.parametrize(
    ("target", "by", "reason", "why"),
    [
        ("b9", "Li", "work", r"no 'b9' to lock; there are: b1, batteries, pv1"),
        ("b1", "Li", "  ", "a reason is needed"),
        ("b1", " ", "work", "who locks it"),
        ("pv1", "Wang", "work", r"pv1 is locked already, by Li \(first\): talk to them"),
    ],
)
def test_what_cannot_be_locked_is_told_with_the_mend(ledger, target, by, reason, why):
    found = book(ledger)
    before = found.hang("pv1", "Li", "first", NOON)
    with pytest.raises(RefusedError, match=why):
        found.hang(target, by, reason, NOON)
    assert found.locks == before
    assert book(ledger).locks == before


@pytest.mark.parametrize(("target", "reason", "why"), [("b1", "done", "locked are: pv1"), ("pv1", "", "a reason")])
def test_what_cannot_be_unlocked_is_told_with_the_mend(ledger, target, reason, why):
    found = book(ledger)
    before = found.hang("pv1", "Li", "first", NOON)
    with pytest.raises(RefusedError, match=why):
        found.take_off(target, "Wang", reason, NOON)
    assert found.locks == before == book(ledger).locks


@pytest.mark.parametrize("part", ["states.save", "actions.add"])
def test_on_a_full_disk_nothing_is_half_done(ledger, monkeypatch, part):
    found = book(ledger)
    before = found.hang("pv1", "Li", "first", NOON)

    def full(*args, **kinds):
        raise LedgerError("the disk is full")

    with monkeypatch.context() as patch:
        owner, name = part.split(".")
        patch.setattr(getattr(ledger, owner), name, full)
        for change in (found.hang, found.take_off):
            with pytest.raises(LedgerError):
                change("b1" if change == found.hang else "pv1", "Li", "work", NOON)
            assert found.locks == before
    # What was refused was kept nowhere, and can be asked for again.
    assert book(ledger).locks == before
    assert len(found.hang("b1", "Li", "work", NOON)) == 2
    assert len(book(ledger).locks) == 2


def test_in_shadow_a_lock_holds_nothing_and_says_so(ledger):
    found = book(ledger)
    found.hang("b1", "Li", "fan replaced", NOON)
    (told,) = found.conditions(sent=False)
    assert (told.key, told.priority) == ("lock-in-shadow:b1", 2)
    assert "nothing is sent" in told.text.en
    assert list(found.conditions(sent=True)) == []


def test_a_locked_battery_rests_over_a_restart_until_it_is_unlocked(tmp_path):
    config = configured(tmp_path)
    with inside(config, "2026-09-20T11:30") as site:
        site.station.command("b1", 8e5, 3600.0, "ann")
        site.run(15.0)
        assert site.moment.decision.total_w == 8e5
        site.station.lock("b1", "Li", "fan replaced")
        site.run(1.0)
        assert site.moment.decision.setpoints["b1"].power_w == 0.0
        assert not site.moment.decision.setpoints["b1"].run
        now = site.clock.now()
    with inside(config, now) as again:
        again.run(20.0)
        assert again.twin.batteries["b1"].pcs.power_w == 0.0
        assert again.moment.decision.steps[0].want.reason.words.en == "b1 is locked by Li: fan replaced"
        assert not again.station.alarms.active()
        again.station.unlock("b1", "Li", "done")
        again.run(30.0)
        assert again.moment.decision.total_w == 8e5
