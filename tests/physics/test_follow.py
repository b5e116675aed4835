"""Ramp and lag: exact for any step."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.physics import follow

powers = st.floats(-1.0, 1.0)


@given(powers, powers, powers, st.floats(0.01, 10), st.floats(0, 10), st.floats(0.05, 30), st.integers(2, 9))
def test_many_small_steps_are_one_large_one(value, reference, target, ramp, lag_s, dt_s, parts):
    whole = follow(value, reference, target, ramp, lag_s, dt_s)
    for _ in range(parts):
        value, reference = follow(value, reference, target, ramp, lag_s, dt_s / parts)
    assert value == pytest.approx(whole[0], abs=1e-9)
    assert reference == pytest.approx(whole[1], abs=1e-9)


@given(powers, powers, st.floats(0.01, 10), st.floats(0, 5))
def test_it_arrives_and_never_passes(start, target, ramp, lag_s):
    value = reference = start
    low, high = min(start, target), max(start, target)
    for _ in range(40):
        value, reference = follow(value, reference, target, ramp, lag_s, 0.3)
        assert low - 1e-9 <= value <= high + 1e-9
    value, _ = follow(value, reference, target, ramp, lag_s, 1000.0)
    assert value == pytest.approx(target, abs=1e-9)


def test_a_lag_alone_is_the_textbook_answer():
    value, _ = follow(0.0, 1.0, 1.0, 1.0, 2.0, 3.0)
    assert value == pytest.approx(1 - math.exp(-1.5))


def test_a_ramp_alone_is_a_straight_line():
    assert follow(0.0, 0.0, 1.0, 0.1, 0.0, 3.0) == pytest.approx((0.3, 0.3))
