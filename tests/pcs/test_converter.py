"""A converter told and advanced: states, dead time, ramp, circle, battery limits, watchdog."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.model.states import ConverterState
from leyden.pcs.converter import Order, Pcs, PcsRating, Surroundings, advance, told
from leyden.physics import dc_power

RATING = PcsRating(power_w=1e6, apparent_va=1.1e6, ramp_w_per_s=1e6, start_s=5.0)
FREE = Surroundings(charge_limit_w=1e9, discharge_limit_w=1e9)
READY = Pcs(state=ConverterState.STANDBY, order=Order(run=True), echo=Order(run=True))


def after(pcs, seconds, rating=RATING, around=FREE, dt_s=0.1):
    for _ in range(round(seconds / dt_s)):
        pcs = advance(pcs, rating, around, dt_s)
    return pcs


def test_it_starts_when_told_and_then_delivers():
    pcs = told(Pcs(), RATING, {"run": 1, "setpoint_w": 5e5})
    states = []
    for _ in range(80):
        pcs = advance(pcs, RATING, FREE, 0.1)
        states.append((pcs.state, pcs.power_w))
    assert states[0] == (ConverterState.STARTING, 0.0)
    assert states[48][0] is ConverterState.STARTING
    assert states[51][0] is ConverterState.RUNNING
    assert states[-1] == (ConverterState.RUNNING, 5e5)


def test_it_stops_by_its_ramp_and_is_then_off():
    running = after(told(READY, RATING, {"setpoint_w": 1e6}), 2)
    stopping = after(told(running, RATING, {"run": 0}), 0.5)
    assert stopping.state is ConverterState.STOPPING
    assert stopping.power_w == pytest.approx(5e5)
    off = after(stopping, 1)
    assert (off.state, off.power_w) == (ConverterState.OFF, 0.0)


def test_told_zero_it_rests_and_wakes_at_once():
    resting = after(told(after(told(READY, RATING, {"setpoint_w": 3e5}), 2), RATING, {"setpoint_w": 0.0}), 2)
    assert (resting.state, resting.power_w) == (ConverterState.STANDBY, 0.0)
    awake = advance(told(resting, RATING, {"setpoint_w": -2e5}), RATING, FREE, 1.0)
    assert (awake.state, awake.power_w) == (ConverterState.RUNNING, -2e5)


@pytest.mark.parametrize("dt_s", [0.05, 0.1, 0.5, 1.0])
def test_the_dead_time_passes_first_whatever_the_step(dt_s):
    rating = replace(RATING, dead_time_s=1.7, lag_s=0.4)
    pcs = told(READY, rating, {"setpoint_w": 1e6})
    assert after(pcs, 1.0, rating, dt_s=dt_s).power_w == 0.0
    expected_w = 1e6 - 0.4e6 * (1 - math.exp(-1 / 0.4)) * math.exp(-0.3 / 0.4)
    assert after(pcs, 3.0, rating, dt_s=dt_s).power_w == pytest.approx(expected_w, rel=1e-6)


def test_commands_within_the_dead_time_take_effect_one_after_the_other():
    rating = replace(RATING, dead_time_s=1.0, ramp_w_per_s=1e9)
    pcs = after(told(READY, rating, {"setpoint_w": 1e5}), 0.5, rating)
    pcs = after(told(pcs, rating, {"setpoint_w": 2e5}), 0.8, rating)
    assert (pcs.power_w, pcs.echo.power_w) == (1e5, 2e5)
    assert after(pcs, 0.5, rating).power_w == 2e5


def test_reactive_power_takes_what_the_circle_leaves():
    pcs = after(told(READY, RATING, {"setpoint_w": 1e6, "setpoint_var": 9e5}), 2)
    assert pcs.power_w == 1e6
    assert pcs.reactive_power_var == pytest.approx(math.sqrt(1.1e6**2 - 1e6**2))


def test_the_watchdog_takes_it_to_zero_until_it_is_written_to_again():
    pcs = told(READY, RATING, {"setpoint_w": 5e5, "watchdog_s": 10})
    assert after(pcs, 9.5).power_w == 5e5
    assert after(pcs, 9.5).watchdog_left_s == pytest.approx(0.5)
    expired = after(pcs, 12)
    assert (expired.power_w, expired.echo.power_w, expired.watchdog_left_s) == (0.0, 0.0, 0.0)
    again = after(told(expired, RATING, {"setpoint_w": 5e5}), 2)
    assert again.power_w == 5e5
    assert again.watchdog_left_s == pytest.approx(8)


def test_any_write_feeds_the_watchdog_and_zero_disarms_it():
    pcs = told(READY, RATING, {"setpoint_w": 5e5, "watchdog_s": 10})
    for _ in range(5):
        pcs = told(after(pcs, 8), RATING, {"setpoint_var": 0.0})
    assert pcs.power_w == 5e5
    disarmed = after(told(pcs, RATING, {"watchdog_s": 0}), 100, dt_s=1.0)
    assert disarmed.power_w == 5e5
    assert math.isnan(disarmed.watchdog_left_s)


def test_one_that_ignores_its_set_point_says_it_took_it():
    pcs = after(told(READY, RATING, {"setpoint_w": 5e5}, ignore=True), 5)
    assert (pcs.power_w, pcs.echo.power_w) == (0.0, 5e5)
    assert after(told(pcs, RATING, {"setpoint_w": 5e5}), 5).power_w == 5e5


def test_a_trip_is_at_once_and_afterwards_it_starts_anew():
    running = after(told(READY, RATING, {"setpoint_w": 5e5}), 2)
    tripped = advance(running, RATING, replace(FREE, tripped=True), 0.1)
    assert (tripped.state, tripped.power_w) == (ConverterState.FAULT, 0.0)
    assert after(tripped, 1).state is ConverterState.STARTING
    assert after(tripped, 8).power_w == 5e5


def test_without_its_battery_it_is_off_at_once():
    running = after(told(READY, RATING, {"setpoint_w": 5e5}), 2)
    lost = advance(running, RATING, replace(FREE, dc_ready=False), 0.1)
    assert (lost.state, lost.power_w) == (ConverterState.OFF, 0.0)


@given(
    st.lists(
        st.tuples(
            st.dictionaries(
                st.sampled_from(["setpoint_w", "setpoint_var"]), st.floats(-1e7, 1e7), min_size=1, max_size=2
            ),
            st.floats(0, 2e6),
            st.floats(0, 2e6),
            st.floats(0.05, 5),
        ),
        max_size=20,
    ),
    st.floats(0, 3),
    st.floats(0, 2),
)
def test_no_command_makes_it_leave_its_rating_or_its_batterys_limits(story, dead_time_s, lag_s):
    rating = replace(RATING, dead_time_s=dead_time_s, lag_s=lag_s)
    pcs = READY
    for values, charge_w, discharge_w, dt_s in story:
        pcs = advance(told(pcs, rating, values), rating, Surroundings(charge_w, discharge_w), dt_s)
        assert abs(pcs.power_w) <= rating.power_w
        assert math.hypot(pcs.power_w, pcs.reactive_power_var) <= rating.apparent_va * (1 + 1e-9)
        if pcs.power_w != 0.0:
            dc_w = dc_power(pcs.power_w, pcs.reactive_power_var, rating.apparent_va)
            assert -charge_w - 1.0 <= dc_w <= discharge_w + 1.0


@pytest.mark.parametrize("values", [{"power": 1.0}, {"setpoint_w": math.nan}, {"setpoint_w": math.inf}])
def test_what_cannot_be_told_is_refused(values):
    with pytest.raises(ValueError, match="converter"):
        told(READY, RATING, values)


def test_the_cabinet_warms_with_the_loss():
    warm = after(told(READY, RATING, {"setpoint_w": 1e6}), 7200, dt_s=10.0)
    assert 45.0 < warm.temperature_degc < 55.0
    assert after(told(warm, RATING, {"setpoint_w": 0.0}), 7200, dt_s=10.0).temperature_degc == pytest.approx(
        25, abs=0.1
    )
