"""Limits, counting, joining and states of a battery management system."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.bms import FaultBits, Seen, advance, limits_for, new_bms, table_of
from leyden.bms.limits import Curve
from leyden.bms.management import Allowance
from leyden.model.states import BatteryState
from leyden.physics import load_cell

CELL = load_cell("lfp-280ah")
SERIES = 384
LIMITS = limits_for(CELL.rating, CELL.current_max_a, SERIES)
TABLE = table_of(LIMITS.protections)
RACKS = 3


def seen(low_v=3.3, high_v=3.31, cold=24.0, hot=26.0, current_a=0.0, voltage_v=None):
    def array(value):
        return np.broadcast_to(np.asarray(value, dtype=np.float64), (RACKS,)).copy()

    rack_v = SERIES * 3.3 if voltage_v is None else voltage_v
    return Seen(array(low_v), array(high_v), array(cold), array(hot), array(current_a), array(rack_v))


def fresh(closed=True, soc=0.5):
    return new_bms(LIMITS, np.full(RACKS, soc), closed)


def after(bms, what, seconds, dt_s=1.0):
    for _ in range(round(seconds / dt_s)):
        bms = advance(bms, LIMITS, TABLE, what, dt_s)
    return bms


def test_a_healthy_battery_allows_its_continuous_power():
    bms = after(fresh(), seen(), 1)
    full_w = RACKS * CELL.current_max_a * SERIES * 3.3
    assert bms.charge_limit_w == pytest.approx(full_w)
    assert bms.discharge_limit_w == pytest.approx(full_w)
    assert (bms.state, bms.fault_bits) == (BatteryState.CONNECTED, 0)


@pytest.mark.parametrize(
    ("what", "charge", "discharge"),
    [
        ({"high_v": 3.45}, 1.0, 1.0),
        ({"high_v": 3.525}, 0.5, 1.0),
        ({"high_v": 3.60}, 0.0, 1.0),
        ({"low_v": 2.90}, 1.0, 0.5),
        ({"low_v": 2.80}, 1.0, 0.0),
        ({"cold": 5.0}, 0.5, 1.0),
        ({"cold": -1.0}, 0.0, 0.5 * 14 / 15),
        ({"hot": 49.0}, 0.5, 1.0),
        ({"hot": 54.0}, 0.0, 0.5),
        ({"hot": 60.0}, 0.0, 0.0),
        ({"high_v": np.nan}, 0.0, 1.0),
        ({"low_v": [3.3, np.nan, 3.3]}, 1.0, 0.0),
        ({"cold": np.nan}, 0.0, 0.0),
    ],
)
def test_limits_follow_the_worst_cell(what, charge, discharge):
    bms = after(fresh(), seen(**what), 0.01, dt_s=0.01)
    assert bms.charge.share == pytest.approx(charge, abs=1e-12)
    assert bms.discharge.share == pytest.approx(discharge, abs=1e-12)


def test_a_limit_falls_at_once_and_rises_slowly_after_a_while():
    low = after(fresh(), seen(high_v=3.57), 1)
    assert low.charge.share == pytest.approx(0.2)
    assert after(low, seen(), 29).charge.share == pytest.approx(0.2)
    assert after(low, seen(), 40).charge.share == pytest.approx(0.2 + 10 * LIMITS.rise_per_s)
    assert after(low, seen(), 200).charge.share == 1.0
    assert after(after(low, seen(), 40), seen(high_v=3.60), 1).charge.share == 0.0


@given(st.lists(st.floats(0, 1) | st.just(float("nan")), max_size=40))
def test_a_limit_is_never_above_what_is_allowed_now(allowed):
    allowance = Allowance()
    for share in allowed:
        allowance = allowance.after(share, LIMITS, 5.0)
        assert 0.0 <= allowance.share <= (share if share == share else 0.0)


@given(st.floats(-100, 100))
def test_a_curve_is_straight_between_points_and_flat_beyond(x):
    curve = Curve((0.0, 0.0), (10.0, 1.0), (20.0, 0.4))
    assert curve.at(x) == pytest.approx(np.interp(x, [0, 10, 20], [0, 1, 0.4]))
    assert curve.at(float("nan")) == 0.0


def test_charge_is_counted_by_the_nominal_capacity():
    bms = after(fresh(), seen(current_a=[28.0, -28.0, 0.0]), 3600)
    assert bms.rack_soc == pytest.approx([0.4, 0.6, 0.5])
    assert bms.soc == pytest.approx(0.5)


def test_at_the_ends_the_cells_know_better():
    assert after(fresh(soc=0.9), seen(high_v=3.56), 60).rack_soc == pytest.approx(np.ones(RACKS))
    assert after(fresh(soc=0.2), seen(low_v=2.79), 60).rack_soc == pytest.approx(np.zeros(RACKS))


def test_racks_are_joined_one_by_one():
    bms = fresh(closed=False)
    assert bms.state is BatteryState.DISCONNECTED
    joined = []
    for _ in range(8):
        bms = after(bms, seen(), 1)
        joined.append((bms.state, int(bms.closed.sum())))
    assert joined[0] == (BatteryState.CONNECTING, 0)
    assert [count for _, count in joined] == [0, 1, 1, 2, 2, 3, 3, 3]
    assert joined[-1] == (BatteryState.CONNECTED, 3)


def test_a_rack_whose_voltage_disagrees_is_not_joined():
    apart = seen(voltage_v=[1267.0, 1267.0, 1280.0])
    assert after(fresh(closed=False), apart, 30).closed.tolist() == [True, True, False]


def test_no_rack_is_joined_while_much_flows():
    bms = after(fresh(closed=False), seen(), 2)
    busy = seen(current_a=[60.0, 0.0, 0.0])
    assert after(bms, busy, 30).closed.sum() == 1
    assert after(bms, seen(), 30).closed.sum() == 3


def test_fault_bits_tell_what_happened_and_the_rest_goes_on():
    bms = after(fresh(), seen(low_v=[2.5, 3.3, 3.3], current_a=100.0), 10)
    assert bms.fault_bits == FaultBits.CELL_UNDERVOLTAGE
    assert bms.closed.tolist() == [False, True, True]
    assert bms.state is BatteryState.CONNECTED
    assert bms.discharge_limit_w == 0.0
    rested = after(bms, seen(low_v=[2.6, 3.3, 3.3]), 200)
    assert rested.discharge_limit_w == pytest.approx(2 * CELL.current_max_a * SERIES * 3.3)


def test_with_every_rack_latched_it_is_in_fault():
    bms = after(fresh(), seen(low_v=1.9), 10)
    assert bms.state is BatteryState.FAULT
    assert bms.charge_limit_w == bms.discharge_limit_w == 0.0
