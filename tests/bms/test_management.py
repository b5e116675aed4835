"""Limits, counting, joining and states of a battery management system."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.bms import FaultBits, Level
from leyden.bms.curve import Curve
from leyden.bms.derate import Allowance, Source
from leyden.bms.interlocks import Inputs, Wants
from leyden.model.states import BatteryState
from tests.bms.packs import CELL, LIMITS, RACKS, SERIES, after, fresh, seen


def full_w(racks=RACKS):
    return racks * CELL.current_max_a * SERIES * 3.305


def test_a_healthy_battery_allows_its_continuous_power():
    bms = after(fresh(), seen(), 1)
    assert bms.charge_limit_w == pytest.approx(full_w(), rel=1e-4)
    assert bms.discharge_limit_w == pytest.approx(full_w(), rel=1e-4)
    assert (bms.state, bms.fault_bits, bms.level) == (BatteryState.CONNECTED, 0, Level.HEALTHY)
    assert bms.charge_by.source is Source.RATING


@pytest.mark.parametrize(
    ("what", "charge", "discharge"),
    [
        ({"high_v": 3.45}, 1.0, 1.0),
        ({"high_v": 3.495}, 0.5, 1.0),
        ({"high_v": 3.54}, 0.0, 1.0),
        ({"low_v": 2.97}, 1.0, 0.5),
        ({"low_v": 2.92}, 1.0, 0.0),
        ({"cold": 5.0, "hot": 6.0}, 0.5, 1.0),
        ({"cold": -1.0, "hot": 1.0}, 0.0, 0.5 * 14 / 15),
        ({"hot": 50.0, "cold": 47.0}, 0.25, 1.0),
        ({"hot": 53.0, "cold": 50.0}, 0.0, 0.55),
        ({"hot": 60.0, "cold": 58.0}, 0.0, 0.0),
        ({"cold": np.full(RACKS, np.nan), "hot": 26.0}, 1.0, 1.0),
        ({"pump_flow": 0.25}, 0.6, 0.6),
        ({"pump_flow": np.nan}, 0.0, 0.0),
    ],
)
def test_limits_follow_the_worst_cell(what, charge, discharge):
    bms = after(fresh(), seen(**what), 0.01, dt_s=0.01)
    assert bms.charge.share == pytest.approx(charge, abs=1e-9)
    assert bms.discharge.share == pytest.approx(discharge, abs=1e-9)


def test_a_limit_says_what_binds_it():
    bms = after(fresh(), seen(high_v=[3.31, 3.48, 3.31]), 1)
    assert (bms.charge_by.source, bms.charge_by.rack, bms.charge_by.place) == (Source.CELL_VOLTAGE, 1, 97)
    assert bms.charge_by.value == 3.48
    cold = after(fresh(), seen(cold=[24.0, 24.0, 4.0], hot=[26, 26, 6]), 1)
    assert (cold.charge_by.source, cold.charge_by.rack, cold.charge_by.place) == (Source.COLD, 2, 16)
    assert after(bms, seen(), 40).charge_by == bms.charge_by, "while it rises, what it rises from"
    assert after(bms, seen(), 200).charge_by.source is Source.RATING


def test_a_standing_rule_says_itself():
    bms = after(fresh(), seen(hot=[26, 52, 26], cold=[24, 48, 24], current_a=-20.0), 12)
    assert bms.level is Level.ALARM
    assert bms.charge.share == 0.0
    assert (bms.charge_by.source, bms.charge_by.rack) == (Source.PROTECTION, 1)
    assert LIMITS.protection.rows[bms.charge_by.rule][0].name == "charge-overtemperature"
    assert bms.discharge.share > 0.0


def test_a_rack_that_has_opened_stops_nobody_else():
    low = seen(low_v=[1.9, 3.3, 3.3])
    bms = after(fresh(), low, 10)
    assert list(bms.closed) == [False, True, True]
    assert bms.level is Level.TRIP
    others = after(bms, low, 200)
    assert (others.charge.share, others.discharge.share) == (1.0, 1.0)
    assert others.discharge_by.source is Source.RATING
    assert others.discharge_limit_w == pytest.approx(full_w(2), rel=1e-3)


def test_a_limit_falls_at_once_and_rises_slowly_after_a_while():
    low = after(fresh(), seen(high_v=3.522), 1)
    assert low.charge.share == pytest.approx(0.2)
    assert after(low, seen(), 29).charge.share == pytest.approx(0.2)
    assert after(low, seen(), 40).charge.share == pytest.approx(0.2 + 10 * LIMITS.rise_per_s)
    assert after(low, seen(), 200).charge.share == 1.0
    assert after(after(low, seen(), 40), seen(high_v=3.545), 1).charge.share == 0.0


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


def test_charge_derates_by_soc_where_it_is_told_to():
    limits = replace(
        LIMITS, charge_by_soc=Curve((0.9, 1.0), (1.0, 0.0)), discharge_by_soc=Curve((0.1, 0.0), (0.3, 1.0))
    )
    bms = after(fresh(soc=0.95, limits=limits), seen(), 1, limits=limits)
    assert bms.charge.share == pytest.approx(0.5)
    assert bms.charge_by.source is Source.SOC
    assert after(fresh(soc=0.2), seen(), 1, limits=limits).discharge.share == pytest.approx(0.5)


def test_charge_is_counted_by_the_nominal_capacity():
    bms = after(fresh(), seen(current_a=[28.0, -28.0, 0.0]), 3600, dt_s=10.0)
    assert bms.rack_soc == pytest.approx([0.4, 0.6, 0.5])
    assert bms.soc == pytest.approx(0.5)


def test_at_the_ends_the_cells_know_better():
    full = after(fresh(soc=0.9), seen(high_v=3.51), 60)
    assert full.rack_soc == pytest.approx(np.ones(RACKS))
    assert full.since_full_s == 0.0
    assert after(fresh(soc=0.2), seen(low_v=2.94), 60).rack_soc == pytest.approx(np.zeros(RACKS))
    assert after(fresh(soc=0.2), seen(), 60).since_full_s == 60.0


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
    assert after(bms, seen(current_a=[60.0, 0.0, 0.0]), 30).closed.sum() == 1
    assert after(bms, seen(), 30).closed.sum() == 3


@pytest.mark.parametrize(
    "what", [{"low_v": [np.nan, 3.3, 3.3]}, {"cold": [np.nan, 24, 24]}, {"voltage_v": [np.nan, 1267.2, 1267.2]}]
)
def test_a_rack_of_which_anything_is_missing_is_never_closed(what):
    assert after(fresh(closed=False), seen(**what), 60).closed.tolist() == [False, True, True]


def test_where_too_few_cells_answer_nothing_is_closed():
    few = seen()
    few = replace(few, cell_voltage_v=few.cell_voltage_v[:, :-15])
    assert not after(fresh(closed=False), few, 60).closed.any()


def test_low_insulation_keeps_racks_from_closing_but_does_not_open_them():
    low = seen(insulation_ohm=np.full(RACKS, 400.0 * 3.3 * SERIES))
    assert after(fresh(), low, 60).closed.all()
    assert not after(after(fresh(closed=False), low, 1), low, 60).closed.any() or LIMITS.close_s < 5.0


def test_a_pre_charge_that_fails_is_tried_again_and_then_left_to_a_person():
    flat = seen(link_voltage_v=100.0)
    bms = after(fresh(closed=False), flat, 60)
    assert not bms.closed.any()
    assert bms.fault_bits == FaultBits.PRECHARGE
    assert after(fresh(closed=False), seen(link_voltage_v=1260.0), 10).closed.all()


def test_a_welded_contactor_is_seen_by_its_feedback_and_by_its_current():
    open_rack = after(fresh(), seen(low_v=[2.6, 3.3, 3.3]), 10)
    by_feedback = after(open_rack, seen(contactor_closed=np.array([1.0, 1.0, 1.0])), 2)
    assert by_feedback.fault_bits & FaultBits.CONTACTOR
    by_current = after(open_rack, seen(current_a=[5.0, 0.0, 0.0]), 2)
    assert by_current.fault_bits & FaultBits.CONTACTOR
    assert not after(by_current, seen(), 300).closed[0]


def test_fault_bits_tell_what_happened_and_the_rest_goes_on():
    bms = after(fresh(), seen(low_v=[2.5, 3.3, 3.3], current_a=100.0), 10)
    assert bms.fault_bits & FaultBits.CELL_UNDERVOLTAGE
    assert bms.closed.tolist() == [False, True, True]
    assert bms.state is BatteryState.CONNECTED


def test_with_every_rack_latched_it_is_in_fault():
    bms = after(fresh(), seen(low_v=1.9), 10)
    assert bms.state is BatteryState.FAULT
    assert bms.charge_limit_w == bms.discharge_limit_w == 0.0


def test_gas_stops_and_much_gas_opens_and_a_person_must_come():
    first = after(fresh(), seen(inputs=Inputs.GAS_1), 1)
    assert first.charge_limit_w == first.discharge_limit_w == 0.0
    assert first.closed.all()
    assert first.wants & Wants.VENTILATE
    assert first.charge_by.source is Source.INTERLOCK
    gone = after(first, seen(), 300)
    assert gone.discharge_limit_w == 0.0, "a person ends it"
    much = after(first, seen(inputs=Inputs.GAS_1 | Inputs.GAS_2, current_a=100.0), 1)
    assert not much.closed.any()
    assert much.wants & Wants.HVAC_OFF
    assert much.fault_bits & FaultBits.INTERLOCK


def test_an_open_door_ends_by_itself():
    assert after(after(fresh(), seen(inputs=Inputs.DOOR), 5), seen(), 200).discharge_limit_w == pytest.approx(
        full_w(), rel=1e-3
    )
