"""The worst twenty: who, by how much, since when; and what a look away forgives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leyden.bms.watch import worst_of
from leyden.bms.watch.worst import new_worst, watched, worst_now

FLAT = np.full((2, 50), 3.3)


def with_cell(string, cell, off_v):
    frame = FLAT.copy()
    frame[string, cell] += off_v
    return frame


def run(state, frames, every_s=10.0, start_s=0.0):
    for k, frame in enumerate(frames):
        state = watched(state, start_s + k * every_s, frame)
    return state


def test_the_furthest_off_comes_first_with_its_sign_and_since_when():
    state = run(new_worst(2, 50, count=1), [FLAT] * 5)
    state = run(state, [with_cell(1, 7, -0.03)] * 100, start_s=50.0)
    (only,) = worst_now(state)
    assert (only.string, only.cell, only.since_s) == (1, 7, 50.0)
    assert only.lasting_s == pytest.approx(990.0)
    assert -0.03 < only.deviation_v < -0.02


def test_deviation_is_from_the_median_of_its_own_string():
    frame = FLAT.copy()
    frame[0] += 0.2
    frame[0, 3] += 0.01
    (only,) = worst_of(np.array([0.0]), frame[None], count=1)
    assert (only.string, only.cell) == (0, 3)
    assert only.deviation_v == pytest.approx(0.01)


def test_a_short_absence_is_forgiven_and_a_long_one_is_not():
    state = run(new_worst(2, 50, count=1, mean_s=1.0), [with_cell(0, 4, 0.05)] * 3)
    state = run(state, [with_cell(0, 9, 0.09)] * 3, start_s=30.0)
    back = run(state, [with_cell(0, 4, 0.05)] * 9, start_s=60.0)
    assert [(one.cell, one.since_s) for one in worst_now(back)] == [(4, 0.0)]
    late = run(state, [with_cell(0, 4, 0.05)] * 9, start_s=9000.0)
    assert [(one.cell, one.since_s) for one in worst_now(late)] == [(4, 9000.0)]


def test_a_cell_that_says_nothing_is_never_the_worst_and_an_old_frame_changes_nothing():
    frame = with_cell(0, 4, 0.01)
    frame[1, 1], frame[1, 2] = np.nan, 0.0
    state = watched(new_worst(2, 50, count=1), 10.0, frame)
    assert [one.cell for one in worst_now(state)] == [4]
    assert watched(state, 10.0, with_cell(1, 30, 1.0)) is state


@settings(max_examples=30)
@given(st.integers(1, 60), st.integers(1, 4), st.integers(2, 30), st.integers(0, 2**32 - 1))
def test_they_are_as_many_as_asked_and_nobody_else_is_further_off(count, strings, cells, seed):
    volts = 3.3 + 0.01 * np.random.default_rng(seed).standard_normal((3, strings, cells))
    state = run(new_worst(strings, cells, count), volts)
    told = worst_now(state)
    assert len(told) == min(count, strings * cells)
    size = np.sort(np.abs(state.deviation_v).ravel())[::-1][: len(told)]
    assert [abs(one.deviation_v) for one in told] == pytest.approx(size.tolist())
    assert all(0.0 <= one.lasting_s <= 20.0 for one in told)
