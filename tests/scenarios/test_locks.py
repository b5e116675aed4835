"""A lock outranks everybody, whatever comes in; and a start goes on from what is measured."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leyden.control.manual import RAMP
from leyden.control.self_consumption import SelfConsumption
from leyden.model.lock import Lock
from leyden.model.site import BATTERIES
from leyden.model.snapshot import Begun, Context
from tests.scenarios.dsl import START, Bench, battery, run, site
from tests.scenarios.test_laws import SITE, Mad, moments

SINCE = datetime(2026, 7, 15, tzinfo=UTC)


def lock(target: str) -> Lock:
    return Lock(target, "Li", "fan replaced", SINCE)


@dataclass
class LockedMad(Mad):
    """The plant that says anything, with locks on it."""

    locks: tuple[Lock, ...] = ()

    def context(self, setpoints: Any) -> Context:
        return replace(super().context(setpoints), locks=self.locks)


BATTERY_NAMES = [b.name for b in SITE.batteries]
COVERED = {"b1": {"b1"}, "pv1": {"pv1"}, BATTERIES: {*BATTERY_NAMES}, "b7": {*BATTERY_NAMES}}
"""What each lock holds; one that names nothing holds every battery."""


@given(moments, st.lists(st.sampled_from(list(COVERED)), min_size=1, max_size=2, unique=True))
@settings(max_examples=50)
def test_what_is_locked_does_nothing_whoever_asks_and_whatever_is_measured(script, targets):
    held = set[str]().union(*(COVERED[target] for target in targets))
    for _, decision in LockedMad(script, locks=tuple(map(lock, targets))).run():
        assert "ControllerFailed" not in {step.want.reason.code for step in decision.steps}
        for name in held:
            assert decision.setpoints[name].power_w == 0.0
            assert not decision.setpoints[name].run
        assert decision.steps[0].controller == "locks"


@dataclass
class LockedBench(Bench):
    locks: tuple[Lock, ...] = ()

    def context(self, setpoints: Any) -> Context:
        return replace(super().context(setpoints), locks=self.locks)


def test_the_others_go_on_and_a_command_for_a_locked_one_is_told_why(monkeypatch):
    two = site(battery("b1"), battery("b2"))
    monkeypatch.setattr("tests.scenarios.dsl.Bench", partial(LockedBench, locks=(lock("b1"),)))
    bench = run(
        two,
        [SelfConsumption()],
        """
        time | load   | command            => b1  | b2     | alarms
        0 s  | 800 kW |                    => 0 W | 800 kW | -
        5 s  |        | b1 500 kW for 60 s => 0 W | 800 kW | -
        """,
    )
    assert bench.last is not None
    first = bench.last[1].steps[0]
    assert first.want.reason.words.en == "b1 is locked by Li: fan replaced"
    assert first.want.reason.words.zh == "b1 已检修挂牌(Li:fan replaced)"


def test_a_lock_whose_thing_is_gone_is_an_alarm_that_says_so(monkeypatch):
    monkeypatch.setattr("tests.scenarios.dsl.Bench", partial(LockedBench, locks=(lock("old"),)))
    bench = run(site(), [SelfConsumption()], "time | load => power | alarms\n0 s | 800 kW => 0 W | lock-of-nothing:old")
    assert bench.last is not None
    assert "old, which is not on this site" in bench.last[2][0].text.en


@dataclass
class BegunBench(Bench):
    found_w: float = 0.0

    def context(self, setpoints: Any) -> Context:
        return replace(super().context(setpoints), begun={"b1": Begun(self.found_w, 0.0)})


@pytest.mark.parametrize("found_w", [-1.5e6, -2e5, 0.0, 9e5, 1.5e6])
def test_the_first_decisions_go_on_from_what_was_found(monkeypatch, found_w):
    """Never faster than the ramp, and to what is asked for in the end."""
    told: list[float] = []

    class Noting(BegunBench):
        def note(self, snapshot: Any, decision: Any, memory: Any) -> None:
            told.append(decision.total_w)
            super().note(snapshot, decision, memory)

    monkeypatch.setattr("tests.scenarios.dsl.Bench", partial(Noting, found_w=found_w))
    run(site(), [SelfConsumption()], "time | load => power\n0 s | 1 MW =>\n12 s | => 1 MW", start=START)
    assert told[0] == found_w
    most_w = RAMP * 1.5e6 * 1.0 + 1.0
    assert all(abs(after - before) <= most_w for before, after in pairwise(told))


def test_a_limit_does_not_wait_for_a_gentle_start(monkeypatch):
    monkeypatch.setattr("tests.scenarios.dsl.Bench", partial(BegunBench, found_w=1.2e6))
    table = "time | load | soc => power\n0 s | 1 MW | 5 % => 0 W\n1 s | | => 0 W"
    run(site(), [SelfConsumption()], table)
