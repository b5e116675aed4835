"""The filter against a cell that none of us made: right after a knee, and honest about itself all along."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leyden.bms.soc_filter import FilterOptions, estimated, new_filter, observed
from leyden.physics import load_cell
from tests.physics.dfn import CAPACITY_AH, GRID_START_SOC, cell, record, true_soc

OFFSET_A = 0.001 * CAPACITY_AH
"""0.1 % of the current that empties the cell in an hour."""
CASES = [(off, start, told) for off in (-OFFSET_A, OFFSET_A) for start in (-0.2, 0.2) for told in (True, False)]


def hysteresis_v(current_a: np.ndarray) -> np.ndarray:
    """12 mV that the filter was not told of; it turns over while 2 % of the charge move."""
    state, found = 0.0, []
    for amperes in current_a:
        if amperes:
            end = -1.0 if amperes > 0.0 else 1.0
            state = end + (state - end) * np.exp(-abs(amperes) * 5.0 / (3600.0 * CAPACITY_AH * 0.02))
        found.append(0.012 * state)
    return np.array(found)


@cache
def run() -> tuple[np.ndarray, np.ndarray]:
    """Charge and its deviation at every row, for all cases side by side, (2, rows, cases)."""
    grid, rng, n = record("grid"), np.random.default_rng(3), len(CASES)
    offset = np.array([case[0] for case in CASES])
    untold = np.array([0.0 if case[2] else 1.0 for case in CASES])
    gap = hysteresis_v(grid.current_a)
    belief = new_filter(np.array([GRID_START_SOC + case[1] for case in CASES]), np.full(n, CAPACITY_AH))
    soc, std = [], []
    for k in range(len(grid.time_s)):
        seen_v = grid.voltage_v[k] + gap[k] * untold + 0.001 * rng.standard_normal(n)
        belief = observed(belief, cell(), grid.current_a[k] + offset, seen_v, np.full(n, 25.0), 5.0)
        soc.append(belief.soc)
        std.append(belief.soc_std)
    return np.array(soc), np.array(std)


@pytest.mark.parametrize("case", range(len(CASES)), ids=[str(case) for case in CASES])
def test_once_past_a_knee_the_charge_is_known(case):
    soc, _ = run()
    truth = true_soc()
    after = (soc[:, case] - truth)[int(np.argmax((truth < 0.2) | (truth > 0.9))) :]
    assert np.sqrt(np.mean(after**2)) < (0.01 if CASES[case][2] else 0.015)  # 2 and 3 % are asked for
    assert np.abs(after).max() < 0.025  # 5 % are


@pytest.mark.parametrize("case", range(len(CASES)), ids=[str(case) for case in CASES])
def test_it_is_honest_all_along(case):
    soc, std = run()
    off = np.abs(soc[:, case] - true_soc())
    assert np.mean(off < 2.0 * std[:, case]) >= 0.9
    # And it is no honesty to say that nothing is known: after the knee it is sure of itself.
    assert std[-1, case] < 0.025


def test_cells_side_by_side_are_as_each_alone_along_its_record():
    grid = record("grid")
    belief = new_filter(np.array([0.35]), np.array([CAPACITY_AH]))
    end, told = estimated(belief, cell(), grid)
    for k in range(1000):
        dt_s = 0.0 if k == 0 else 5.0
        degc = np.array([25.0])
        belief = observed(belief, cell(), grid.current_a[k : k + 1], grid.voltage_v[k : k + 1], degc, dt_s)
    assert belief.soc[0] == pytest.approx(told[0, 999], abs=1e-12)
    assert belief.soc_std[0] == pytest.approx(told[1, 999], abs=1e-12)
    assert end.soc[0] == pytest.approx(told[0, -1])


def test_a_record_in_pieces_ends_where_the_whole_ends():
    grid, start = record("grid"), new_filter(np.array([0.7]), np.array([CAPACITY_AH]))
    whole, told = estimated(start, cell(), grid)
    first, one = estimated(start, cell(), grid, 0, 4000)
    second, two = estimated(first, cell(), grid, 4000)
    assert second.soc[0] == whole.soc[0]
    np.testing.assert_array_equal(np.hstack([one, two]), told)


def test_without_a_voltage_it_counts_and_grows_unsure():
    lfp, belief = load_cell("lfp-280ah"), new_filter(np.array([0.5]), np.array([280.0]), soc_std=np.array([0.01]))
    after = belief
    for _ in range(3600):
        after = observed(after, lfp, np.array([28.0]), np.array([np.nan]), np.array([25.0]), 1.0)
    assert after.soc[0] == pytest.approx(0.4, abs=1e-6)
    assert after.soc_std[0] > belief.soc_std[0]


def test_an_unknown_current_makes_it_as_unsure_as_a_full_current_would():
    lfp, belief = load_cell("lfp-280ah"), new_filter(np.array([0.5]), np.array([280.0]), soc_std=np.array([0.01]))
    after = observed(belief, lfp, np.array([np.nan]), np.array([np.nan]), np.array([25.0]), 360.0)
    assert after.soc[0] == pytest.approx(0.5)
    assert after.soc_std[0] >= 0.1


def test_what_it_is_given_stays_as_it_was():
    lfp, belief = load_cell("lfp-280ah"), new_filter(np.array([0.5]), np.array([280.0]))
    before = belief.mean.copy(), belief.cov.copy(), belief.circuit.copy()
    observed(belief, lfp, np.array([100.0]), np.array([3.2]), np.array([25.0]), 1.0)
    for was, now in zip(before, (belief.mean, belief.cov, belief.circuit), strict=True):
        np.testing.assert_array_equal(was, now)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(-600.0, 600.0) | st.just(float("nan")),
            st.floats(0.0, 10.0) | st.just(float("nan")),
            st.floats(-40.0, 90.0),
            st.floats(0.1, 900.0),
        ),
        min_size=1,
        max_size=40,
    ),
    st.floats(0.0, 1.0),
)
def test_whatever_is_seen_the_belief_stays_a_belief(seen, start):
    lfp = load_cell("lfp-280ah")
    belief = new_filter(np.array([start]), np.array([280.0]), FilterOptions())
    for current_a, voltage_v, degc, dt_s in seen:
        belief = observed(belief, lfp, np.array([current_a]), np.array([voltage_v]), np.array([degc]), dt_s)
        assert -0.02 <= belief.soc[0] <= 1.02
        assert np.all(np.isfinite(belief.cov))
        assert 0.0 < belief.soc_std[0] < 10.0
