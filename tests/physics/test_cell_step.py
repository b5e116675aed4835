"""The kernels against their plain form, against a single cell's model, and against what must hold whatever happens."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.physics import cell_step as cells
from leyden.physics import load_cell, share_both_ways
from leyden.physics.trace import Trace, model_voltage
from tests.physics.plain import Stepper, plain_step, some_cells

CELL = load_cell("lfp-280ah")


def sound(racks=1, series=2, soc=0.5):
    """Cells as the file says, at 25 degC."""
    state, made = some_cells(CELL, racks, series, seed=1)
    made[cells.CAPACITY], made[cells.PER_CAPACITY] = 3600.0 * 280.0, 1.0 / (3600.0 * 280.0)
    made[cells.RESISTANCE], made[cells.HEAT :] = 1.0, 0.0
    state[cells.SOC], state[cells.TEMPERATURE] = soc, 25.0
    return Stepper(CELL, state, made)


@pytest.mark.parametrize("dt_s", [0.05, 1.0, 60.0, 900.0])
def test_the_kernels_do_what_the_plain_form_does(dt_s):
    state, made = some_cells(CELL, racks=3, series=41, seed=7)
    made[cells.SHORT] *= 0.02 if dt_s > 60.0 else 1.0
    stepper = Stepper(CELL, state, made)
    other = state.copy()
    for k in range(20):
        current_a = np.array([40.0, -30.0, 0.0]) * (-1.0) ** (k // 3)
        stepper.move(current_a, dt_s)
        heat_w = plain_step(CELL, other, made, current_a, dt_s)
        stepper.look(current_a)
        assert state == pytest.approx(other, rel=1e-7, abs=1e-7)
        assert stepper.heat_w == pytest.approx(heat_w, rel=1e-6, abs=1e-6)
        assert stepper.sums[cells.V_SUM] == pytest.approx(state[cells.VOLTAGE].sum(axis=1))


def test_a_cell_is_the_cell_of_a_record():
    """The same equations as `leyden estimate` and `leyden cell fit` go by, over seconds and quarters of an hour."""
    rng = np.random.default_rng(0)
    steps_s = rng.choice([1.0, 10.0, 60.0, 900.0], 200)
    currents_a = rng.uniform(-140.0, 140.0, 200) * rng.integers(0, 2, 200)
    trace = Trace(
        np.concatenate([[0.0], np.cumsum(steps_s)]), np.concatenate([[0.0], currents_a]), np.zeros(201),
        np.full(201, 25.0),
    )  # fmt: skip
    expected = model_voltage(CELL, trace, 0.5)[1:]
    stepper, found = sound(), []
    for dt_s, current_a in zip(steps_s, currents_a, strict=True):
        stepper.move(np.array([current_a]), dt_s)
        stepper.look(np.array([current_a]))
        found.append(stepper.state[cells.VOLTAGE, 0, 0])
    assert np.array(found) == pytest.approx(expected, abs=1e-7)


@given(st.lists(st.tuples(st.floats(-280, 280), st.floats(0.05, 60)), min_size=1, max_size=8), st.integers(0, 99))
def test_steps_make_and_lose_no_energy(story, seed):
    """What the chemistry, the lags and hysteresis gave is heat and what left by the terminals, whose mean voltage the
    plain integral of the model's own voltage gives."""
    state, made = some_cells(CELL, racks=2, series=12, seed=seed)
    made[cells.SHORT :] = 0.0
    stepper = Stepper(CELL, state, made)
    stepper.now[cells.ENTROPY] = 0.0
    for current, dt_s in story:
        current_a, before, held_j = np.full(2, current), state.copy(), stepper.held_j()
        joule_j, bled_j, _, grown_j = stepper.move(current_a, dt_s)
        now = stepper.now.copy()
        stored_j = stepper.look(current_a)
        chemistry = made[cells.CAPACITY] * (CELL.ocv.integral_v(state[0]) - CELL.ocv.integral_v(before[0]))
        assert stored_j == pytest.approx(chemistry.sum(), rel=1e-9, abs=1e-5)
        assert grown_j == pytest.approx(stepper.held_j() - held_j, rel=1e-9, abs=1e-6)
        assert bled_j == 0.0
        given_j = -(stored_j + grown_j + joule_j)
        assert given_j == pytest.approx(delivered_j(before, made, now, current, dt_s), rel=1e-6, abs=1e-3)


def delivered_j(before, made, now, current, dt_s, parts=400):
    """The terminals' energy by the midpoint rule, with the resistances of the step's beginning."""
    soc, _, _, _, fast, slow, turned, _ = before
    t = (np.arange(parts) + 0.5) * dt_s / parts
    total = 0.0
    ohm0 = now[cells.OHM_DISCHARGE] if current > 0.0 else now[cells.OHM_CHARGE]
    end = -1.0 if current > 0.0 else 1.0
    tau1, tau2 = CELL.impedance.tau1_s, CELL.impedance.tau2_s
    for at in t:
        one, two = current + (fast - current) * np.exp(-at / tau1), current + (slow - current) * np.exp(-at / tau2)
        way = np.exp(-abs(current) * at / made[cells.CAPACITY] / CELL.hysteresis.turn_soc)
        hysteresis = now[cells.HALF] * (end + (turned - end) * way)
        volt = hysteresis - ohm0 * current - now[cells.OHM_FAST] * one - now[cells.OHM_SLOW] * two
        total += float(volt.sum()) * current * dt_s / parts
    after = soc - current * dt_s / made[cells.CAPACITY]
    chemistry = made[cells.CAPACITY] * (CELL.ocv.integral_v(soc) - CELL.ocv.integral_v(after))
    return total + float(chemistry.sum())


def test_a_loop_of_hysteresis_is_heat_and_no_path_makes_cold():
    stepper = sound()
    stepper.now[:] = 0.0
    stepper.now[cells.HALF] = 0.01
    heat_j = []
    for current in [20.0] * 200 + [-20.0] * 400 + [20.0] * 400:
        joule_j, *_ = stepper.move(np.array([current]), 10.0)
        heat_j.append(joule_j / 2.0)
    assert min(heat_j) >= -1e-9
    moved_c = 20.0 * 10.0 * 400
    # All the way down and up between the two branches: half the gap, for every coulomb, but for where it turns.
    turning_c = 3600.0 * 280.0 * CELL.hysteresis.turn_soc
    assert sum(heat_j[600:]) == pytest.approx(0.01 * (moved_c - 2.0 * turning_c), rel=0.15)


def test_entropy_gives_back_what_it_took():
    stepper = sound(soc=0.8)
    there = sum(stepper_entropic(stepper, 50.0) for _ in range(100))
    back = sum(stepper_entropic(stepper, -50.0) for _ in range(100))
    assert abs(there) > 100.0
    assert there + back == pytest.approx(0.0, abs=0.01 * abs(there))


def stepper_entropic(stepper, current):
    _, _, entropic_j, _ = stepper.move(np.array([current]), 10.0)
    stepper.look(np.array([current]))
    return entropic_j


def test_a_trickle_is_counted_for_a_month():
    stepper = sound()
    before = stepper.state[cells.SOC].copy()
    current_a = np.array([280.0 / 2000])
    for _ in range(20_000):
        stepper.move(current_a, 1.0)
    taken = (before - stepper.state[cells.SOC]) * stepper.made[cells.CAPACITY]
    assert taken == pytest.approx(np.full((1, 2), 20_000 * current_a[0]), rel=1e-9)


@pytest.mark.parametrize(("dt_s", "off"), [(1.0, 2e-7), (60.0, 3e-4)])
def test_what_a_rack_is_to_the_bus_is_its_mean_over_the_step(dt_s, off):
    """Sharing a power between racks reaches the energy that the cells then really give."""
    state, made = some_cells(CELL, racks=3, series=40, seed=3)
    made[cells.SHORT :], state[cells.SOC] = 0.0, np.clip(state[cells.SOC], 0.3, 0.35)
    stepper, current_a, capacity_c = Stepper(CELL, state, made), np.zeros(3), 3600.0 * 280.0
    bound = np.full(3, np.inf)
    for power_w in [20e3] * 5 + [-20e3] * 5 + [0.0] * 5:
        emf_v, into, out = cells.rack_sources(
            stepper.sums, current_a, stepper.lags_s, stepper.turn_soc, capacity_c, dt_s
        )
        share_both_ways(emf_v, into, out, -bound, bound, power_w, current_a)
        joule_j, _, _, grown_j = stepper.move(current_a, dt_s)
        given_j = -(stepper.look(current_a) + joule_j + grown_j)
        assert given_j == pytest.approx(power_w * dt_s, abs=off * 20e3 * dt_s)
