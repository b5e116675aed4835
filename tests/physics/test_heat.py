"""Heat from cells to the world: energy, stability and accuracy at any step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.physics.heat import OFF, Chiller, HeatPath, move_heat

LIQUID = HeatPath(5405.0, 2.0, 300.0, 4.0, 0.1, 190.0, 0.025)
CABINET = HeatPath(5405.0, 1.0, 150.0, 1.5, 1.0, 20.0, 0.6)


def warm(seed=1, racks=2, modules=3, cells=7):
    rng = np.random.default_rng(seed)
    return rng.uniform(10, 40, (racks, modules * cells)), rng.uniform(10, 40, (racks, modules)), rng.uniform(10, 40, 1)


def run(path, dt_s, total_s, heat_w, film_w=0.0, chiller=OFF, flow=1.0, seed=1):
    cell, module, medium = warm(seed)
    left_j, chilled_j = 0.0, 0.0
    for _ in range(round(total_s / dt_s)):
        found = move_heat(cell, module, medium, heat_w, film_w, path.layers(flow), chiller.numbers, 15.0, dt_s)
        left_j, chilled_j = left_j + found[0], chilled_j + found[1]
    return cell, module, medium, left_j, chilled_j


def exact(path, total_s, heat_w, film_w=0.0, flow=1.0, seed=1):
    """All nodes at once, by the exponential of the whole matrix: without a chiller it is linear."""
    cell, module, medium = warm(seed)
    n, m = cell.size, module.size
    a, b = np.zeros((n + m + 1, n + m + 1)), np.zeros(n + m + 1)
    c = np.concatenate(
        [np.full(n, path.cell_j_per_k), np.full(m, n // m * path.module_j_per_k), [n * path.medium_j_per_k]]
    )
    for k in range(n):
        for one, two, w in [(k, n + k // (n // m), path.cell_w_per_k)]:
            a[one, one], a[one, two] = a[one, one] - w, a[one, two] + w
            a[two, two], a[two, one] = a[two, two] - w, a[two, one] + w
    for k in range(n, n + m):
        w = n // m * path.flowing_w_per_k(flow)
        a[k, k], a[k, -1], a[-1, -1], a[-1, k] = a[k, k] - w, a[k, -1] + w, a[-1, -1] - w, a[-1, k] + w
    a[-1, -1] -= n * path.wall_w_per_k
    b[:n], b[n : n + m], b[-1] = heat_w.reshape(-1), film_w, n * path.wall_w_per_k * 15.0
    a, b = a / c[:, None], b / c
    settled = np.linalg.solve(a, -b)
    start = np.concatenate([cell.reshape(-1), module.reshape(-1), medium])
    values, vectors = np.linalg.eig(a)
    return settled + np.real(vectors @ (np.exp(values * total_s) * np.linalg.solve(vectors, start - settled)))


@pytest.mark.parametrize("path", [LIQUID, CABINET])
@pytest.mark.parametrize(("dt_s", "off_k"), [(1.0, 0.002), (10.0, 0.05), (60.0, 0.15), (900.0, 0.15)])
def test_any_step_is_near_the_exact_solution(path, dt_s, off_k):
    heat_w = np.random.default_rng(2).uniform(0.0, 20.0, (2, 21))
    cell, module, medium, *_ = run(path, dt_s, 3600.0, heat_w, film_w=30.0, flow=0.5)
    expected = exact(path, 3600.0, heat_w, 30.0, 0.5)
    found = np.concatenate([cell.reshape(-1), module.reshape(-1), medium])
    assert np.abs(found - expected).max() < off_k


@pytest.mark.parametrize("dt_s", [60.0, 900.0])
def test_with_a_chiller_a_long_step_is_near_short_ones(dt_s):
    heat_w, chiller = np.full((2, 21), 12.0), Chiller(18.0, 150.0, 300.0)
    fine = run(LIQUID, 1.0, 7200.0, heat_w, chiller=chiller)
    coarse = run(LIQUID, dt_s, 7200.0, heat_w, chiller=chiller)
    assert np.abs(coarse[0] - fine[0]).max() < 0.15
    assert coarse[4] == pytest.approx(fine[4], rel=0.005)


@given(
    st.floats(0.1, 5000.0), st.floats(0.0, 100.0), st.floats(0.0, 500.0), st.floats(0.0, 1.0), st.floats(0.0, 2000.0),
    st.integers(0, 50),
)  # fmt: skip
def test_heat_is_neither_made_nor_lost(dt_s, heat, film_w, flow, chiller_w, seed):
    heat_w = np.full((2, 21), heat)
    before, modules, medium = warm(seed)
    cell, module, after, left_j, chilled_j = run(
        LIQUID, dt_s, 3 * dt_s, heat_w, film_w, Chiller(20.0, 500.0, chiller_w), flow, seed
    )
    warmed_j = LIQUID.cell_j_per_k * (cell - before).sum() + 7 * LIQUID.module_j_per_k * (module - modules).sum()
    warmed_j += 42 * LIQUID.medium_j_per_k * float((after - medium)[0])
    put_j = 3 * dt_s * (heat_w.sum() + 6 * film_w)
    through_j = put_j + abs(left_j) + abs(chilled_j) + 1.0
    assert put_j - left_j - chilled_j == pytest.approx(warmed_j, abs=1e-9 * through_j + 1e-6)


def test_a_day_at_quarters_of_an_hour_settles_and_does_not_swing():
    """What an explicit step cannot do from 10 s on."""
    cell, module, medium, *_ = run(LIQUID, 900.0, 30 * 86400.0, np.zeros((2, 21)))
    for temperature in (cell, module, medium):
        assert temperature == pytest.approx(np.full_like(temperature, 15.0), abs=0.02)


def test_the_chiller_gives_no_more_than_it_has():
    *_, chilled_j = run(LIQUID, 60.0, 3600.0, np.full((2, 21), 50.0), chiller=Chiller(0.0, 1e4, 100.0))
    assert chilled_j == pytest.approx(100.0 * 3600.0)
