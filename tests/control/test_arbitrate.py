"""The fold: bounds only narrow, the first request wins, every step is kept, no proposal leaves the limits."""

from datetime import UTC, datetime
from math import hypot, inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.control.arbitrate import Voice, arbitrate
from leyden.model.bounds import FREE, Bounds, at_least, at_most, exactly
from leyden.model.decision import Decision
from leyden.model.errors import NotANumberError
from leyden.model.proposal import Want
from leyden.model.reason import Reason
from leyden.model.site import BATTERIES, Battery, CellRating, Converter, Grid, Layout, Site, Source
from leyden.model.words import Words

LFP = CellRating("lfp", 280.0, 3.2, 2.5, 3.65)


class Because(Reason, frozen=True):
    sentence = Words("因为", "because")


def battery(name: str, power_w: float = 1.5e6, apparent_va: float = 1.65e6) -> Battery:
    converter = Converter("pcs", power_w, apparent_va, ramp_w_per_s=power_w)
    return Battery(name, Words(name, name), LFP, Layout(10, 8, 48), "bms", converter)


def site(*batteries: Battery) -> Site:
    solar = (Source("pv1", Words("光伏", "solar"), "inv1", 2e6),)
    return Site("s", Words("s", "s"), "UTC", "CNY", Grid("gate", 4e6, 2e6), batteries=batteries, solar=solar)


ONE = site(battery("b1"))
TWO = site(battery("b1", 1e6), battery("b2", 5e5))


def decide(where: Site, *wants: tuple[str, Want], soc: dict[str, float] | None = None) -> Decision:
    voices = [Voice(name, Words(name, name), (want,)) for name, want in wants]
    setpoints, steps, total_w = arbitrate(where, voices, soc or {})
    return Decision(1, datetime(2026, 1, 1, tzinfo=UTC), setpoints, steps, total_w)


def powers(decision: Decision) -> dict[str, float]:
    return {name: decision.setpoints[name].power_w for name in decision.setpoints if name.startswith("b")}


def bound(target: str, bounds: Bounds) -> Want:
    return Want(target, Because(), power_w=bounds)


def request(target: str, power_w: float) -> Want:
    return Want(target, Because(), request_w=power_w)


@pytest.mark.parametrize(
    ("wants", "expected_w", "commander", "missed_w"),
    [
        ([], 0.0, None, 0.0),
        ([("self", request("b1", 4e5))], 4e5, "self", 0.0),
        ([("plan", request("b1", -2e5)), ("self", request("b1", 4e5))], -2e5, "plan", 0.0),
        ([("peak", bound(BATTERIES, at_least(8e5))), ("plan", request(BATTERIES, 0.0))], 8e5, "peak", 0.0),
        ([("peak", bound(BATTERIES, at_least(8e5)))], 8e5, "peak", 0.0),
        ([("reserve", bound("b1", at_most(0.0))), ("peak", bound(BATTERIES, at_least(4.8e5)))], 0.0, None, 4.8e5),
        ([("export", bound(BATTERIES, at_most(3e5))), ("self", request(BATTERIES, 9e5))], 3e5, "self", 0.0),
        ([("self", request(BATTERIES, 9e9))], 1.5e6, "self", 0.0),
        ([("self", request(BATTERIES, 1e5)), ("late", bound(BATTERIES, at_least(2e5)))], 1e5, "self", 1e5),
    ],
)
def test_the_earlier_wins(wants, expected_w, commander, missed_w):
    decision = decide(ONE, *wants)
    assert decision.setpoints["b1"].power_w == expected_w
    assert (decision.commander.controller if decision.commander else None) == commander
    assert sum(step.missed_w for step in decision.shortfalls) == missed_w


@pytest.mark.parametrize(
    ("wants", "commander", "binding"),
    [
        ([("peak", bound("b1", at_least(8e5))), ("plan", request(BATTERIES, 1e5))], "peak", ["peak"]),
        ([("cap", bound(BATTERIES, at_most(-3e5))), ("plan", request(BATTERIES, 1e5))], "cap", ["cap"]),
        ([("cap", bound(BATTERIES, at_most(3e5))), ("plan", request(BATTERIES, -1e5))], "plan", []),
        ([("peak", bound(BATTERIES, at_least(0.0))), ("plan", request(BATTERIES, -5e5))], "plan", ["peak"]),
        ([("rated", bound("b1", Bounds(-1.5e6, 1.5e6))), ("plan", request(BATTERIES, 2e6))], "plan", ["rated"]),
        ([("hold", bound("b1", exactly(2e5))), ("plan", request(BATTERIES, -5e5))], "hold", ["hold"]),
        ([("hold", bound("b1", exactly(2e5))), ("plan", request(BATTERIES, 5e5))], "plan", ["hold"]),
        ([("first", bound("b1", at_most(5e5))), ("next", bound("b1", at_most(3e5))), ("self", request("b1", 1e6))],
         "self", ["next"]),
    ],
)  # fmt: skip
def test_who_commands_and_what_binds(wants, commander, binding):
    decision = decide(ONE, *wants)
    assert decision.commander is not None
    assert decision.commander.controller == commander
    assert [step.controller for step in decision.binding] == binding


def test_a_bound_that_moves_what_nobody_asked_commands():
    """b1 does what a person asked; that b2 moves at all is the bound's doing."""
    decision = decide(TWO, ("person", request("b1", -2e5)), ("peak", bound(BATTERIES, at_least(1e5))))
    assert decision.commander is not None
    assert decision.commander.controller == "peak"


def test_a_limit_that_cuts_a_request_is_named_as_binding():
    decision = decide(ONE, ("export", bound(BATTERIES, at_most(3e5))), ("self", request(BATTERIES, 9e5)))
    assert [step.controller for step in decision.binding] == ["export"]
    assert decision.sentence["en"] == "discharging 300 kW: because (self)"


@pytest.mark.parametrize(
    ("b1_w", "group_w", "b2_w"),
    [
        (2e5, 3e5, 1e5),  # both help
        (-2e5, 1e5, 1e5),  # b2 does what was asked of the group, and does not feed b1
        (4e5, 3e5, 0.0),  # b1 alone is enough; b2 does not take what is too much
        (-2e5, -5e5, -3e5),
        (-2e5, -1e5, 0.0),
        (2e5, 0.0, 0.0),
    ],
)
def test_the_group_is_served_by_those_not_asked_by_name_and_never_against_them(b1_w, group_w, b2_w):
    decision = decide(TWO, ("person", request("b1", b1_w)), ("plan", request(BATTERIES, group_w)))
    assert powers(decision) == {"b1": b1_w, "b2": b2_w}
    assert [step.taken_w for step in decision.steps] == [b1_w, b2_w]


def test_a_bound_may_set_batteries_against_each_other_where_a_request_may_not():
    wants = ("person", request("b1", -2e5)), ("peak", bound(BATTERIES, at_least(1e5)))
    assert powers(decide(TWO, *wants)) == {"b1": -2e5, "b2": pytest.approx(3e5)}
    # Said first, the bound does not let b1 charge what b2 would have to give.
    assert powers(decide(TWO, *wants[::-1])) == {"b1": 0.0, "b2": pytest.approx(1e5)}


def test_batteries_nobody_asked_stay_at_rest():
    decision = decide(TWO, ("person", request("b2", 1e5)))
    assert decision.setpoints["b1"].power_w == 0.0


def test_the_group_bound_reaches_each_battery():
    decision = decide(TWO, ("export", bound(BATTERIES, at_most(6e5))), ("person", request("b1", 1e6)))
    assert powers(decision) == {"b1": 6e5, "b2": 0.0}


def test_a_request_by_name_after_one_for_the_group_only_moves_the_shares():
    decision = decide(TWO, ("plan", request(BATTERIES, 6e5)), ("late", request("b1", 1.5e5)))
    assert powers(decision) == {"b1": 1.5e5, "b2": pytest.approx(4.5e5)}
    decision = decide(TWO, ("plan", request(BATTERIES, 6e5)), ("late", request("b1", -1e5)))
    assert powers(decision)["b1"] == pytest.approx(1e5)  # b2 cannot do more than 500 kW


def test_solar_generates_what_it_can_unless_bounded():
    assert decide(ONE).setpoints["pv1"].power_w == 2e6
    assert decide(ONE, ("export", bound("pv1", at_most(5e5)))).setpoints["pv1"].power_w == 5e5


def test_reactive_power_gets_what_the_circle_leaves():
    want = Want("b1", Because(), request_w=1.5e6, request_var=1.65e6)
    setpoint = decide(ONE, ("person", want)).setpoints["b1"]
    assert hypot(setpoint.power_w, setpoint.reactive_power_var) == pytest.approx(1.65e6)


def test_a_target_that_is_not_there_is_a_programming_error():
    with pytest.raises(KeyError, match="b9"):
        decide(ONE, ("plan", request("b9", 1.0)))


@pytest.mark.parametrize(("low", "high"), [(nan, 0.0), (0.0, nan)])
def test_nan_never_becomes_a_bound(low, high):
    with pytest.raises(NotANumberError):
        Bounds(low, high)


def test_nan_never_becomes_a_request():
    with pytest.raises(NotANumberError):
        decide(ONE, ("plan", request("b1", nan)))


edges = st.one_of(st.floats(-3e6, 3e6), st.sampled_from([0.0, -inf, inf, 1.5e6, -1.5e6]))
intervals = st.tuples(edges, edges).map(lambda pair: Bounds(min(pair), max(pair)))
wanted = st.builds(
    lambda target, bounds, ask: Want(target, Because(), power_w=bounds, request_w=ask),
    st.sampled_from(["b1", "b2", BATTERIES]),
    st.one_of(st.just(FREE), intervals),
    st.one_of(st.none(), st.floats(-3e6, 3e6)),
)


@given(st.lists(wanted, max_size=6), st.floats(0, 1), st.floats(0, 1))
def test_whatever_is_wanted_ratings_and_earlier_bounds_hold(wants, soc1, soc2):
    decision = decide(TWO, *((f"c{i}", want) for i, want in enumerate(wants)), soc={"b1": soc1, "b2": soc2})
    power = {name: decision.setpoints[name].power_w for name in ("b1", "b2")}
    assert -1e6 <= power["b1"] <= 1e6
    assert -5e5 <= power["b2"] <= 5e5
    assert sum(power.values()) == pytest.approx(decision.total_w, abs=1e-3)
    for step in decision.steps:
        value = decision.total_w if step.want.target == BATTERIES else power[step.want.target]
        assert step.allowed_w.contains(value, tolerance=1e-3), step
        if step.missed_w == 0.0:
            assert step.want.power_w.contains(value, tolerance=1e-3), step


asks = st.tuples(st.sampled_from(["b1", "b2", BATTERIES]), st.floats(-1.5e6, 1.5e6))


@given(st.lists(asks, max_size=5), st.floats(0, 1), st.floats(0, 1))
def test_requests_alone_never_make_a_battery_work_against_another(requests, soc1, soc2):
    """Who was not asked by name does what the group was asked for, or nothing; never the opposite of anybody."""
    wants = [(f"c{i}", request(target, power_w)) for i, (target, power_w) in enumerate(requests)]
    decision = decide(TWO, *wants, soc={"b1": soc1, "b2": soc2})
    named = {step.want.target for step in decision.steps if step.taken_w is not None}
    group_w = next((power_w for target, power_w in requests if target == BATTERIES), 0.0)
    for name, power_w in powers(decision).items():
        if name not in named:
            assert min(group_w, 0.0) - 1e-3 <= power_w <= max(group_w, 0.0) + 1e-3
