"""State of power and energy against the cell's own circuit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.bms.power import HORIZONS_S, CellsNow, PowerBy, state_of_energy, state_of_power
from tests.bms.packs import CELL

FULL_A = np.array([CELL.current_max_a])


def now(soc=0.5, degc=25.0, factor=1.0):
    one = np.ones(1)
    return CellsNow(soc * one, degc * one, CELL.capacity_ah * one, factor * one, 0.0 * one, 0.0 * one)


def test_in_the_middle_the_rating_counts():
    for discharge, edge in ((True, 0.0), (False, 1.0)):
        power = state_of_power(CELL, now(), FULL_A, discharge, edge)
        assert power.current_a == pytest.approx(CELL.current_max_a)
        assert (power.by == PowerBy.RATING).all()


def test_near_empty_the_long_horizon_is_set_by_the_charge_or_by_the_voltage():
    power = state_of_power(CELL, now(0.06), 4 * FULL_A, True, 0.05)
    assert power.by[3, 0] == PowerBy.CHARGE
    assert power.current_a[3, 0] == pytest.approx(0.01 * CELL.capacity_ah * 3600 / 900)
    assert state_of_power(CELL, now(0.03), 10 * FULL_A, True, 0.0).by[0, 0] == PowerBy.VOLTAGE


@given(st.floats(0.0, 1.0), st.floats(-20.0, 45.0), st.floats(0.5, 3.0), st.booleans())
def test_longer_is_never_more_and_the_voltage_holds(soc, degc, factor, discharge):
    power = state_of_power(CELL, now(soc, degc, factor), 6 * FULL_A, discharge, 0.0 if discharge else 1.0)
    assert (np.diff(power.current_a[:, 0]) <= 1e-6 * CELL.capacity_ah).all()
    assert (power.current_a >= 0.0).all()
    assert (power.power_w >= 0.0).all()
    worse = state_of_power(CELL, now(soc, degc, 2 * factor), 6 * FULL_A, discharge, 0.0 if discharge else 1.0)
    assert (worse.current_a <= power.current_a + 1e-6 * CELL.capacity_ah).all()
    volts = power.power_w / np.maximum(power.current_a, 1e-9)
    some = power.current_a > 1e-3
    if discharge:
        assert (volts[some] >= CELL.rating.voltage_min_v - 1e-6).all()
    else:
        assert (volts[some] <= CELL.rating.voltage_max_v + 1e-6).all()


def test_what_is_not_known_can_do_nothing():
    for broken in (now(np.nan), now(0.5, np.nan), now(0.5, 25.0, np.nan)):
        power = state_of_power(CELL, broken, FULL_A, True, 0.0)
        assert not power.current_a.any()
        assert not power.power_w.any()
        assert power.current_a.shape == (len(HORIZONS_S), 1)


def test_energy_is_the_curves_less_the_loss():
    soc = np.array([1.0, 0.5, np.nan])
    gently, hard = (state_of_energy(CELL, soc, np.full(3, 280.0), 0.05, a) for a in (0.0, 140.0))
    assert gently[0] == pytest.approx(280.0 * 0.95 * 3.28, rel=0.02)
    assert gently[0] - hard[0] == pytest.approx(280.0 * 0.95 * 140.0 * CELL.resistance_ohm)
    assert np.isnan(gently[2])
