"""Noise moves nothing, moves are taken over at once, and limits stay on the safe side."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.control.lasting import NEVER, Lasting, lasting
from leyden.control.steady import Steady, lower, steadied, upper

BAND_W = 1e4


def follow(function, values, dt_s=1.0):
    state, seen = Steady(), []
    for index, value in enumerate(values):
        state = function(state, float(value), BAND_W, index * dt_s)
        seen.append(state.value_w)
    return np.array(seen)


@pytest.mark.parametrize("function", [steadied, upper, lower])
@pytest.mark.parametrize("dt_s", [0.1, 1.0])
def test_noise_moves_nothing(function, dt_s):
    noise = 1e6 + np.random.default_rng(1).normal(0.0, BAND_W / 5.0, 20000)
    seen = follow(function, noise, dt_s)[200:]
    assert np.count_nonzero(np.diff(seen)) < 0.01 * len(seen)
    assert abs(np.mean(seen) - 1e6) < BAND_W


def test_a_move_is_taken_over_at_once():
    values = [0.0] * 5 + [1e6] * 5
    for function in (steadied, upper, lower):
        assert list(follow(function, values)) == values


def test_a_slow_drift_is_followed_within_the_band():
    ramp = np.linspace(0.0, 1e6, 2000)
    assert np.max(np.abs(follow(steadied, ramp) - ramp)) <= BAND_W
    assert np.max(follow(upper, ramp[::-1]) - ramp[::-1]) <= 2.0 * BAND_W


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_a_limit_is_never_on_the_wrong_side(values):
    assert np.all(follow(upper, values) >= np.array(values) - 1e-6)
    assert np.all(follow(lower, values) <= np.array(values) + 1e-6)


def test_nan_begins_anew():
    assert follow(steadied, [1e6, float("nan"), 5e5])[-1] == 5e5
    assert follow(upper, [1e6, float("nan"), 5e5])[-1] == 5e5


def test_lasting_needs_its_time_both_ways():
    state, seen = NEVER, []
    for second, true in enumerate("0110111111100011000000"):
        state = lasting(state, true == "1", float(second), 3.0)
        seen.append("01"[state.standing])
    assert "".join(seen) == "0000000111111111111000"


def test_a_moment_of_another_clock_counts_as_now():
    assert lasting(Lasting(changed_s=1e9), True, 5.0, 3.0) == Lasting(changed_s=5.0)
