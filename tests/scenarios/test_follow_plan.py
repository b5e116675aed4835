"""The plan's modes, evaluated every cycle; outside the plan nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from leyden.control.follow_plan import FollowPlan
from leyden.control.peak_shaving import PeakShaving
from leyden.control.self_consumption import SelfConsumption
from leyden.model.plan import Plan, Slot, SlotMode
from tests.scenarios.dsl import START, Planned, battery, run, site

PLAN = [FollowPlan(), SelfConsumption()]


def test_modes():
    run(
        site(),
        PLAN,
        """
        time | load   | plan            => power   | by               | says
        0 s  | 800 kW | battery 500 kW  => 500 kW  | follow-plan      | discharging 500 kW: the plan says so
        9 s  |        | battery -300 kW => -300 kW | follow-plan      |
        18 s |        | grid 200 kW     => 600 kW  | follow-plan      |
        27 s | 100 kW |                 => -100 kW | follow-plan      |
        36 s |        | self            => 100 kW  | follow-plan      |
        45 s | 800 kW |                 => 800 kW  | follow-plan      |
        54 s |        | hold            => 0 W     | follow-plan      | resting: the plan says so (follow plan)
        63 s |        | none            => 800 kW  | self-consumption |
        """,
    )


def test_hold_is_a_word_and_not_silence_but_a_peak_is_still_shaved():
    run(
        site(),
        [PeakShaving(import_limit_w=1e6), *PLAN],
        """
        time | load   | plan => power  | by
        0 s  | 800 kW | hold => 0 W    | follow-plan
        9 s  | 1.2 MW |      => 200 kW | peak-shaving
        """,
    )


@pytest.mark.parametrize("late_s", [-1.0, 900.0, 1e6])
def test_before_and_after_the_plan_nothing_is_said(late_s):
    bench = run(site(), PLAN, "time | load | plan => power\n0 s | 800 kW | hold => 0 W")
    assert bench.last is not None
    snapshot = bench.last[0]
    late = replace(snapshot, context=replace(snapshot.context, time=START + timedelta(seconds=late_s)))
    assert FollowPlan().propose(late, None)[0] == ()


def test_slots_follow_each_other_without_a_gap():
    slots = tuple(
        Slot(START + timedelta(hours=i), START + timedelta(hours=i + 1), SlotMode.BATTERY, Planned(), 1e5 * i)
        for i in (1, 2, 4)
    )
    bench = run(site(), [], "time | load => power\n0 s | 800 kW => 0 W")
    assert bench.last is not None
    snapshot = bench.last[0]
    asked = {}
    for minutes in (0, 59, 60, 119, 120, 179, 180, 239, 240, 299, 300):
        context = replace(snapshot.context, time=START + timedelta(minutes=minutes), plan=Plan(slots, START, "test"))
        proposal, _ = FollowPlan().propose(replace(snapshot, context=context), None)
        asked[minutes] = proposal[0].request_w if proposal else None
    assert asked == {0: None, 59: None, 60: 1e5, 119: 1e5, 120: 2e5, 179: 2e5, 180: None, 239: None, 240: 4e5, 299: 4e5,
                     300: None}  # fmt: skip


@pytest.mark.parametrize(
    "slot",
    [
        {"mode": SlotMode.BATTERY, "power_w": None},
        {"mode": SlotMode.GRID, "power_w": float("nan")},
        {"mode": SlotMode.BATTERY, "power_w": 1e5, "target": "b9"},
        {"mode": SlotMode.SELF, "target": "b1"},
    ],
)
def test_a_slot_that_cannot_be_followed_is_told_and_passed_over(slot):
    bench = run(site(), PLAN, "time | load | plan => power\n0 s | 800 kW | hold => 0 W")
    assert bench.last is not None
    snapshot = bench.last[0]
    bad = Slot(START - timedelta(hours=1), START + timedelta(hours=1), reason=Planned(), **slot)
    context = replace(snapshot.context, plan=Plan((bad,), START, "test"))
    (want,), _ = FollowPlan().propose(replace(snapshot, context=context), None)
    assert (want.reason.code, want.request_w) == ("SlotUnusable", None)


def test_a_slot_for_one_battery():
    bench = run(site(battery("b1"), battery("b2")), PLAN, "time | load | plan => power\n0 s | 800 kW | hold => 0 W")
    assert bench.last is not None
    snapshot = bench.last[0]
    slot = Slot(START - timedelta(hours=1), START + timedelta(hours=1), SlotMode.BATTERY, Planned(), 1e5, target="b2")
    context = replace(snapshot.context, plan=Plan((slot,), START, "test"))
    (want,), _ = FollowPlan().propose(replace(snapshot, context=context), None)
    assert (want.target, want.request_w) == ("b2", 1e5)
