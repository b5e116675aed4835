"""Racks in parallel against a brute-force search, with limits and open contactors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.physics.parallel import share_power


def brute_force(emf_v, resistance_ohm, low_a, high_a, power_w):
    """Bisect the bus voltage on the branch of small currents; currents (rack,)."""

    def currents(voltage_v):
        return np.clip((emf_v - voltage_v) / resistance_ohm, low_a, high_a)

    # Power falls with voltage from half of the lowest open voltage up: bisect there.
    low_v, high_v = 0.5 * emf_v.max(), 3.0 * emf_v.max()
    for _ in range(200):
        middle_v = 0.5 * (low_v + high_v)
        low_v, high_v = (middle_v, high_v) if middle_v * currents(middle_v).sum() > power_w else (low_v, middle_v)
    return currents(low_v)


def shared(emf_v, resistance_ohm, low_a, high_a, power_w):
    current_a = np.zeros(len(emf_v))
    voltage_v, total_a, squares = share_power(emf_v, resistance_ohm, low_a, high_a, power_w, current_a)
    assert total_a == pytest.approx(current_a.sum(), abs=1e-9)
    assert squares == pytest.approx((current_a**2).sum(), abs=1e-9)
    return voltage_v, current_a


racks = st.lists(
    st.tuples(st.floats(1200, 1300), st.floats(0.05, 0.5), st.floats(5, 400), st.booleans()), min_size=1, max_size=12
)


@given(racks, st.floats(-1.0, 1.0))
def test_sharing_without_limits_is_what_a_search_finds(racks, share):
    emf_v, resistance_ohm = np.array([r[0] for r in racks]), np.array([r[1] for r in racks])
    unlimited = np.full(len(racks), np.inf)
    power_w = share * 100.0 * emf_v.sum()
    voltage_v, current_a = shared(emf_v, resistance_ohm, -unlimited, unlimited, power_w)
    assert voltage_v * current_a.sum() == pytest.approx(power_w, rel=1e-9, abs=1e-3)
    assert current_a == pytest.approx(brute_force(emf_v, resistance_ohm, -unlimited, unlimited, power_w), abs=1e-6)


@given(racks, st.floats(-0.9, 0.9))
def test_limits_and_open_contactors_are_met_exactly(racks, share):
    emf_v, resistance_ohm = np.array([r[0] for r in racks]), np.array([r[1] for r in racks])
    high_a = np.array([r[2] if r[3] else 0.0 for r in racks])
    power_w = share * 1000.0 * high_a.sum()
    _, current_a = shared(emf_v, resistance_ohm, -high_a, high_a, power_w)
    assert (np.abs(current_a) <= high_a + 1e-9).all()
    assert current_a == pytest.approx(brute_force(emf_v, resistance_ohm, -high_a, high_a, power_w), abs=1e-4)


def test_more_than_there_is_gives_the_most_there_is():
    emf_v, resistance_ohm, unlimited = np.array([1200.0, 1210.0]), np.array([0.1, 0.1]), np.full(2, np.inf)
    voltage_v, current_a = shared(emf_v, resistance_ohm, -unlimited, unlimited, 1e9)
    a, g = (emf_v / resistance_ohm).sum(), (1 / resistance_ohm).sum()
    assert voltage_v * current_a.sum() == pytest.approx(a * a / (4 * g))


def test_more_than_the_limits_allow_stands_at_the_limits():
    emf_v, resistance_ohm, limit_a = np.array([1200.0, 1210.0]), np.array([0.1, 0.1]), np.array([50.0, 60.0])
    voltage_v, current_a = shared(emf_v, resistance_ohm, -limit_a, limit_a, 1e6)
    assert current_a == pytest.approx(limit_a)
    assert voltage_v == pytest.approx(min(1200.0 - 5.0, 1210.0 - 6.0))
    voltage_v, current_a = shared(emf_v, resistance_ohm, -limit_a, limit_a, -1e6)
    assert current_a == pytest.approx(-limit_a)
    assert voltage_v == pytest.approx(max(1200.0 + 5.0, 1210.0 + 6.0))


def test_unequal_racks_exchange_current_at_zero_power():
    unlimited = np.full(2, np.inf)
    _, current_a = shared(np.array([1230.0, 1231.0]), np.array([0.077, 0.077]), -unlimited, unlimited, 0.0)
    assert current_a[1] == pytest.approx(1.0 / (2 * 0.077), rel=1e-3)
    assert current_a[0] == pytest.approx(-current_a[1])


def test_nothing_connected_is_no_voltage_and_no_current():
    none = np.zeros(3)
    voltage_v, current_a = shared(np.full(3, 1200.0), np.full(3, 0.1), none, none, 5e5)
    assert voltage_v == 0.0
    assert not current_a.any()
