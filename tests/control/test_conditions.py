"""Conditions out of a decision: one for each cause, with its own key, and the right culprit."""

import pytest

from leyden.control.conditions import conditions, culprits
from leyden.control.consult import ControllerFailed, Memory
from leyden.control.self_consumption import SelfConsumption
from leyden.model.bounds import Bounds, at_least, at_most
from leyden.model.decision import Decision
from leyden.model.proposal import Want
from leyden.model.site import BATTERIES
from tests.control.test_arbitrate import ONE, TWO, bound, decide, request
from tests.scenarios.dsl import run, site


def names(decision: Decision, index: int) -> list[str]:
    return [step.controller for step in culprits(decision, index)]


PEAK = ("peak", bound(BATTERIES, at_least(9e5)))


@pytest.mark.parametrize(
    ("where", "earlier", "expected"),
    [
        (ONE, [], []),
        (ONE, [("reserve", bound("b1", at_most(0.0)))], ["reserve"]),
        (ONE, [("device", bound("b1", at_most(5e5))), ("reserve", bound("b1", at_most(0.0)))], ["reserve"]),
        (ONE, [("reserve", bound("b1", at_most(0.0))), ("device", bound("b1", at_most(5e5)))], ["reserve"]),
        (ONE, [("rated", bound("b1", Bounds(-1.5e6, 1.5e6))), ("cap", bound(BATTERIES, at_most(1e5)))], ["cap"]),
        (ONE, [("person", request("b1", -2e5))], ["person"]),
        (ONE, [("person", request(BATTERIES, -2e5))], ["person"]),
        (TWO, [("one", bound("b1", at_most(0.0))), ("two", bound("b2", at_most(0.0)))], ["one", "two"]),
        (TWO, [("cap", bound(BATTERIES, at_most(8e5))), ("two", bound("b2", at_most(0.0)))], ["cap"]),
        (TWO, [("person", request("b1", 1e5)), ("rated", bound("b2", Bounds(-5e5, 5e5)))], ["person", "rated"]),
        (TWO, [("floor", bound("b1", at_least(-1e5))), ("two", bound("b1", at_most(0.0)))], ["two"]),
    ],
)
def test_who_stands_against_a_bound(where, earlier, expected):
    decision = decide(where, *earlier, PEAK)
    index = len(earlier)
    assert names(decision, index) == expected
    if expected:
        assert decision.steps[index].missed_w > 0.0


def test_downwards_too():
    decision = decide(ONE, ("full", bound("b1", at_least(-1e5))), ("export", bound(BATTERIES, at_most(-9e5))))
    assert names(decision, 1) == ["full"]


def test_a_bound_that_was_kept_has_no_culprits():
    decision = decide(ONE, ("device", bound("b1", at_most(1.2e6))), PEAK)
    assert names(decision, 1) == []


def test_one_cause_is_one_condition_and_plain_reasons_are_none():
    bench = run(site(), [SelfConsumption()], "time | load => power\n0 s | 300 kW => 300 kW")
    assert bench.last is not None
    snapshot, _, found = bench.last
    assert found == ()
    failed = Want(BATTERIES, ControllerFailed("mine", "ZeroDivisionError: x"))
    twice = decide(ONE, ("mine", failed), ("mine", failed), ("other", bound("b1", at_most(0.0))))
    (condition,) = conditions(twice, snapshot, Memory())
    assert (condition.key, condition.source, condition.priority) == ("controller-failed:mine", "mine", 2)
    assert condition.text.en == "controller mine failed: ZeroDivisionError: x"
    assert condition.advice.zh
