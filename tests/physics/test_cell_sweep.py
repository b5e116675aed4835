"""Many cells at once: against the plain form, and against what must hold whatever happens."""

from dataclasses import replace

import numpy as np
import pytest

from leyden.physics import load_cell
from leyden.physics import sweep_kernel as kernel
from leyden.physics.cell_sweep import Bounds, Make, new_cells, rated_bounds, sweep, take_charge
from tests.physics.plain_sweep import PlainCells

CELL = load_cell("lfp-280ah")
RACKS, SERIES = 4, 50


def some(seed=1, soc=0.6, racks=RACKS, series=SERIES, temperature_degc=25.0):
    """Cells of all sorts; one stands far from the others."""
    rng = np.random.default_rng(seed)
    shape = (racks, series)
    start = np.clip(soc + 0.02 * rng.standard_normal(shape), 0.02, 0.98)
    start[0, 7] = 0.3
    capacity_ah = CELL.capacity_ah * rng.uniform(0.85, 1.02, shape)
    return Make(start, capacity_ah, rng.uniform(0.9, 1.8, shape), temperature_degc)


def open_bounds(racks=RACKS, most_a=280.0):
    return replace(rated_bounds(CELL, racks), low_a=np.full(racks, -most_a), high_a=np.full(racks, most_a),
                   v_min_v=0.0, v_max_v=9.0, t_max_degc=500.0)  # fmt: skip


def alone(make, current_a, steps, dt_s, surroundings_degc):
    """Racks each on a bus of their own, held to their currents: the circuit without the sharing."""
    racks = len(current_a)
    cells = new_cells(CELL, make, containers=racks)
    held = replace(open_bounds(racks), low_a=np.minimum(current_a, 0.0), high_a=np.maximum(current_a, 0.0))
    power_w = np.tile(np.sign(current_a) * 1e6, (steps, 1))
    return cells, sweep(cells, power_w, dt_s, surroundings_degc, held)


@pytest.mark.parametrize("dt_s", [0.1, 1.0, 60.0])
@pytest.mark.parametrize("temperature_degc", [-15.0, 24.0])
def test_every_cell_goes_as_the_plain_form_goes(dt_s, temperature_degc):
    make = some(temperature_degc=temperature_degc)
    current_a, around = np.array([140.0, -140.0, 20.0, 0.0]), np.array([20.0, 30.0, 25.0, 25.0])
    plain = PlainCells(CELL, make)
    cells, told = alone(make, current_a, 40, dt_s, around)
    for _ in range(40):
        plain.step(current_a, dt_s, around)
    assert cells.racks[kernel.CURRENT] == pytest.approx(current_a)
    assert cells.soc == pytest.approx(plain.soc, abs=2e-7)
    assert cells.voltage_v == pytest.approx(plain.voltage_v, abs=1.2e-4)
    assert cells.temperature_degc == pytest.approx(plain.temperature_degc, abs=4e-3)
    assert told.v_low_v[-1] == pytest.approx(cells.voltage_v.min(axis=1), rel=1e-7)
    assert told.v_high_v[-1] == pytest.approx(cells.voltage_v.max(axis=1), rel=1e-7)
    assert told.t_high_degc[-1] == pytest.approx(cells.temperature_degc.max(axis=1), abs=1e-4)
    assert told.heat_w[-1] == pytest.approx(plain.heat_w.sum(axis=1), rel=2e-3, abs=0.05)


def test_racks_share_a_bus_as_a_search_would_have_it():
    make = some(seed=3)
    bounds = replace(open_bounds(), low_a=np.array([-280.0, -280.0, -30.0, 0.0]),
                     high_a=np.array([280.0, 280.0, 60.0, 0.0]))  # fmt: skip
    cells, plain = new_cells(CELL, make, containers=1), PlainCells(CELL, make)
    for power_w in (6e4, 6e4, 0.0, -5e4, -5e4, 2e4):
        told = sweep(cells, np.array([[power_w]]), 1.0, 25.0, bounds)
        plain.step(plain.shared(power_w, bounds), 1.0, np.full(RACKS, 25.0))
        # R0 is taken at a rack's mean charge here, of which its odd cell knows nothing.
        assert cells.racks[kernel.CURRENT] == pytest.approx(plain.last_a, abs=0.6)
        assert told.power_w[0, 0] == pytest.approx(power_w, rel=2e-3, abs=30.0)
        assert cells.racks[kernel.CURRENT, 3] == 0.0
        assert -30.0 <= cells.racks[kernel.CURRENT, 2] <= 60.0


def test_many_steps_in_one_call_are_the_same_as_one_by_one():
    power_w = np.random.default_rng(5).uniform(-6e4, 6e4, (30, 2))
    at_once, singly = (new_cells(CELL, some(), containers=2) for _ in range(2))
    told = sweep(at_once, power_w, 1.0)
    each = [sweep(singly, row[None], 1.0) for row in power_w]
    assert np.array_equal(at_once.rows, singly.rows)
    assert np.array_equal(told.power_w, np.concatenate([one.power_w for one in each]))


def test_a_trickle_is_counted_for_a_month():
    """C/2000 from a high charge, in minutes: float32 alone would lose a seventh of it."""
    make = Make(np.full((1, 3), 0.9), np.array([[280.0, 250.0, 300.0]]), np.ones((1, 3)))
    trickle_a = np.array([CELL.capacity_ah / 2000.0])
    minutes = 30 * 24 * 60
    cells, _ = alone(make, trickle_a, minutes, 60.0, 25.0)
    taken = (make.soc - cells.soc) * make.capacity_ah
    assert taken == pytest.approx(np.full((1, 3), trickle_a[0] * minutes / 60.0), rel=1e-6)


def test_a_trickle_by_the_second_shows_in_the_voltage_itself():
    """What the kernel looks up is the charge it counts: after 20 000 s the voltage is that of it."""
    make = Make(np.full((1, 3), 0.05), np.full((1, 3), 280.0), np.ones((1, 3)))
    cells, _ = alone(make, np.array([280.0 / 200]), 20_000, 1.0, 25.0)
    soc = 0.05 - 280.0 / 200 * 20_000 / 3600.0 / 280.0
    lifted = cells.voltage_v[0, 0] - CELL.ocv.voltage_v(np.array([soc]))[0]
    ohm = CELL.impedance.sustained_ohm(soc) + 0.5 * (
        CELL.impedance.r0_discharge_ohm[0] - CELL.impedance.r0_charge_ohm[0]
    )
    expected = cells.racks[kernel.TURN, 0] * CELL.hysteresis.half_at(soc) - 1.4 * ohm
    assert lifted == pytest.approx(expected, abs=1e-4)


def test_energy_is_neither_made_nor_lost():
    """What leaves the terminals and what becomes heat is what the chemistry gave up, hysteresis and entropy besides."""
    plain_cell = replace(CELL, hysteresis=replace(CELL.hysteresis, half_v=np.zeros_like(CELL.hysteresis.half_v)),
                         entropy=replace(CELL.entropy, v_per_k=np.zeros_like(CELL.entropy.v_per_k)))  # fmt: skip
    make = some(seed=9)
    cells = new_cells(plain_cell, make, containers=1)
    before = CELL.ocv.integral_v(cells.soc)
    told = sweep(cells, np.full((600, 1), 7e4), 1.0, 25.0, open_bounds())
    given_j = (3600.0 * make.capacity_ah * (before - CELL.ocv.integral_v(cells.soc))).sum()
    assert told.power_w.sum() + told.heat_w.sum() == pytest.approx(given_j, rel=2e-5)


@pytest.mark.parametrize(("soc", "power_w"), [(0.12, 1e5), (0.93, -1e5)])
def test_cells_come_to_their_limits_of_voltage_and_stay_within(soc, power_w):
    make = replace(some(), soc=np.full((RACKS, SERIES), soc))
    cells, bounds = new_cells(CELL, make, containers=1), rated_bounds(CELL, RACKS)
    told = sweep(cells, np.full((6000, 1), power_w), 1.0)
    assert told.v_low_v.min() > bounds.v_min_v - 0.02
    assert told.v_high_v.max() < bounds.v_max_v + 0.02
    assert abs(told.power_w[-1, 0]) < 0.2 * abs(power_w)
    late_a = told.current_a[-500:, 0]
    assert np.abs(np.diff(late_a)).max() < 2.0  # comes near without swinging


def test_what_is_no_number_trips_and_carries_no_current():
    cells = new_cells(CELL, some(), containers=2)
    cells.rows[1, kernel.TEMPERATURE, 5] = np.nan
    cells.rows[0, kernel.RESISTANCE, 5] = np.nan
    told = sweep(cells, np.full((3, 2), 3e4), 1.0)
    assert np.isnan(told.v_low_v[-1, 0])
    assert np.isnan(told.t_high_degc[-1, 0])
    assert told.current_a[-1, 0] == 0.0
    assert np.isfinite(told.v_low_v[:, 1]).all()
    assert told.power_w[-1, 1] == pytest.approx(3e4, rel=1e-3)


def test_heat_from_outside_warms_and_a_cell_at_rest_takes_what_is_around_it():
    cells = new_cells(CELL, some(), containers=1)
    sweep(cells, np.zeros((1, 1)), 1e6, 10.0, Bounds(np.zeros(4), np.zeros(4), 2.5, 3.65))
    assert cells.temperature_degc == pytest.approx(np.full((RACKS, SERIES), 10.0), abs=1e-3)
    sweep(cells, np.zeros((1, 1)), 1e6, 10.0, Bounds(np.zeros(4), np.zeros(4), 2.5, 3.65), warming_w=3.0)
    assert cells.temperature_degc == pytest.approx(10.0 + 3.0 / CELL.cooling_w_per_k, abs=1e-3)


def test_balancing_takes_charge_from_a_cell_alone():
    cells = new_cells(CELL, some(), containers=1)
    before = cells.soc
    taken_ah = np.zeros((RACKS, SERIES))
    taken_ah[2, 3] = 1.0
    for _ in range(100):
        take_charge(cells, taken_ah / 100.0)
    moved = (before - cells.soc) * some().capacity_ah
    assert moved == pytest.approx(taken_ah, abs=1e-5)


def test_racks_that_do_not_deal_out_evenly_are_refused():
    with pytest.raises(ValueError, match="4 racks cannot be shared out evenly among 3 containers"):
        new_cells(CELL, some(), containers=3)
