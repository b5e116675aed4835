"""The kernel against its plain form, and against what must hold whatever happens."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.physics import cell_step as cells
from leyden.physics import load_cell
from tests.physics.plain import plain_step, some_cells

CELL = load_cell("lfp-280ah")
HEAT = (25.0, CELL.cooling_w_per_k, CELL.heat_capacity_j_per_k)


def stepped(state, made, current_a, dt_s):
    sums = np.zeros((cells.SUMS, state.shape[1]))
    left = float(np.exp(-dt_s * HEAT[1] / HEAT[2]))
    totals = cells.step_cells(state, made, current_a, CELL.ocv.nodes, (*HEAT, left), dt_s, sums)
    return totals, sums


@pytest.mark.parametrize("dt_s", [0.05, 1.0, 60.0])
def test_the_kernel_does_what_the_plain_form_does(dt_s):
    state, made = some_cells(CELL, racks=3, series=40, seed=7)
    other = state.copy()
    current_a = np.array([120.0, -90.0, 0.0])
    for _ in range(20):
        totals, sums = stepped(state, made, current_a, dt_s)
        expected_totals, expected_sums = plain_step(CELL, other, made, current_a, 25.0, dt_s)
        assert state == pytest.approx(other, rel=1e-12, abs=1e-12)
        assert sums == pytest.approx(expected_sums, rel=1e-9)
        assert totals == pytest.approx(expected_totals, rel=1e-6, abs=1e-6)


@given(st.floats(-280, 280), st.floats(0.05, 60), st.integers(0, 99))
def test_a_step_makes_and_loses_no_energy(current_a, dt_s, seed):
    state, made = some_cells(CELL, racks=2, series=12, seed=seed)
    before = state.copy()
    (stored_j, made_j, cooled_j), _ = stepped(state, made, np.full(2, current_a), dt_s)
    chemistry = made[cells.CAPACITY] * (CELL.ocv.integral_v(state[0]) - CELL.ocv.integral_v(before[0]))
    warmth_j = CELL.heat_capacity_j_per_k * (state[1] - before[1]).sum()
    assert stored_j == pytest.approx(chemistry.sum(), rel=1e-9, abs=1e-6)
    assert made_j == pytest.approx(((current_a**2 * made[2] + made[3]) * dt_s).sum(), rel=1e-12)
    assert made_j - cooled_j == pytest.approx(warmth_j, rel=1e-9, abs=1e-6)


def test_a_trickle_is_counted_for_a_month():
    state, made = some_cells(CELL, racks=1, series=4, seed=1)
    before = state[0].copy()
    current_a = np.array([280.0 / 2000])
    seconds = 20_000
    for _ in range(seconds):
        stepped(state, made, current_a, 1.0)
    taken = (before - state[0]) * made[0]
    assert taken == pytest.approx(np.full((1, 4), seconds * current_a[0]), rel=1e-9)


def test_a_cell_at_rest_takes_the_temperature_around_it():
    state, made = some_cells(CELL, racks=1, series=2, seed=1)
    state[1], made[3] = 50.0, 0.0
    stepped(state, made, np.zeros(1), 1e6)
    assert state[1] == pytest.approx(np.full((1, 2), 25.0))
