"""Balancing, heating and cooling, thermal runaway, and a healthy pack that says nothing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.bms import FaultBits, Level, Seen, advance, new_bms
from leyden.bms.balancing import bleed_by_charge, bleeding_by_voltage
from leyden.bms.interlocks import Inputs
from leyden.bms.thermal import OFF, Thermal, ThermalLimits, Warmth, tempered
from tests.bms.packs import CELL, LAYOUT, LIMITS, RACKS, SENSORS, SERIES, TABLE, after, fresh, seen

ALL = np.ones((1, 4), dtype=bool)
STILL = np.zeros(1)


def bleeds(voltage_v, before=None, share=0.0, valid=ALL):
    none = np.zeros((1, 4), dtype=bool)
    return bleeding_by_voltage(
        none if before is None else before, np.array([voltage_v]), valid, np.array([share]), 3.4
    )[0].tolist()


def test_only_high_cells_near_the_top_bleed():
    assert bleeds([3.41, 3.414, 3.416, 3.45]) == [False, False, True, True]
    assert bleeds([3.30, 3.30, 3.31, 3.39]) == [False] * 4, "never at low voltage"
    assert bleeds([3.41, 3.414, 3.416, 3.45], share=0.5) == [False] * 4, "under load a voltage says resistance"
    assert bleeds([3.41, 3.414, 3.416, 3.45], share=np.nan) == [False] * 4
    on = np.array([[False, False, True, True]])
    assert bleeds([3.41, 3.41, 3.414, 3.412], before=on) == [False, False, True, False], "it ends nearer than it begins"
    assert bleeds([np.nan, 3.41, 3.45, 3.45], valid=np.array([[False, True, True, False]])) == [
        False,
        False,
        True,
        False,
    ]


def test_in_the_management_a_full_pack_bleeds_its_highest_cell():
    bms = after(fresh(), seen(high_v=3.5, low_v=3.42), 2)
    assert bms.bleeding[0, 97]
    assert not bms.bleeding[0, 0]
    assert after(bms, seen(), 1).bleeding.size == 0


def test_by_charge_what_is_surely_ahead_is_taken_and_no_more():
    soc, std = np.array([[0.50, 0.53, 0.505, 0.60]]), np.array([[0.002, 0.002, 0.002, 0.08]])
    bleed = bleed_by_charge(soc, std, np.full((1, 4), 280.0), np.full((1, 4), 3.3), 3.2)
    assert bleed.charge_ah[0] == pytest.approx([0.0, 0.03 * 280, 0.0, 0.0])
    assert bleed.duration_s(0.1)[0, 1] == pytest.approx(0.03 * 280 * 36000)
    assert not bleed_by_charge(soc, std, np.full((1, 4), 280.0), np.full((1, 4), 3.1), 3.2).charge_ah.any()


@given(st.lists(st.floats(0, 1) | st.just(float("nan")), min_size=4, max_size=4))
def test_bleeding_by_charge_never_passes_the_emptiest(soc):
    one = np.array([soc])
    left = (1 - one) * 280.0 + bleed_by_charge(
        one, np.full((1, 4), 0.001), np.full((1, 4), 280.0), np.full((1, 4), 3.3), 3.2
    ).charge_ah
    known = np.isfinite(one[0])
    if known.any():
        assert left[0][known].max() <= ((1 - one) * 280.0)[0][known].max() + 1e-9


def warm(cold=20.0, hot=22.0, spread=2.0, rise=0.0, missing=False):
    return Warmth(cold, hot, spread, rise, missing)


LIM = ThermalLimits()


def test_the_film_heats_below_five_degrees_for_who_wants_to_charge_up_to_ten():
    assert not tempered(OFF, LIM, warm(4.0, 6.0), 0.5, False, False).film
    on = tempered(OFF, LIM, warm(4.0, 6.0), 0.5, True, False)
    assert on.film
    assert tempered(on, LIM, warm(9.0, 11.0), 0.5, True, False).film
    assert not tempered(on, LIM, warm(10.5, 12.0), 0.5, True, False).film
    assert not tempered(OFF, LIM, warm(6.0, 8.0), 0.5, True, False).film


@pytest.mark.parametrize(
    "what", [{"spread": 9.0}, {"rise": 1.5}, {"missing": True}, {"cold": np.nan}, {"hot": np.nan}, {"spread": np.nan}]
)
def test_whatever_is_not_right_the_film_stays_off(what):
    state = tempered(Thermal(film=True, warming=True), LIM, warm(**{"cold": 3.0, "hot": 4.0, **what}), 0.5, True, False)
    assert not state.film
    assert not state.warming


def test_off_grid_an_empty_battery_does_not_heat_itself_empty():
    assert not tempered(OFF, LIM, warm(3.0, 4.0), 0.05, True, True).film
    assert tempered(OFF, LIM, warm(3.0, 4.0), 0.05, True, False).film


def test_cooling_has_hysteresis_and_unknown_cools():
    on = tempered(OFF, LIM, warm(28.0, 30.5), 0.5, False, False)
    assert on.cooling
    assert on.pump
    assert tempered(on, LIM, warm(24.0, 26.0), 0.5, False, False).cooling
    assert not tempered(on, LIM, warm(23.0, 24.5), 0.5, False, False).cooling
    assert tempered(OFF, LIM, warm(hot=np.nan), 0.5, False, False).cooling
    stir = tempered(OFF, LIM, warm(spread=4.5), 0.5, False, False)
    assert (stir.pump, stir.cooling) == (True, False)
    assert not tempered(on, LIM, warm(28.0, 40.0), 0.5, False, False, hvac_off=True).cooling


def drill(rise_k_per_s, gas, dt_s=1.0, start_degc=30.0):
    """One cell runs away; how hot it is when its rack is open."""
    bms, degc = fresh(), start_degc
    for _ in range(round(7200 / dt_s)):
        degc += rise_k_per_s * dt_s
        what = seen(hot=[degc, 26, 26], current_a=100.0, inputs=Inputs.GAS_1 if gas else Inputs.NONE)
        bms = advance(bms, LIMITS, what, dt_s)
        if not bms.closed[0]:
            return degc, bms
    raise AssertionError("it never opened")


@pytest.mark.parametrize("gas", [False, True])
@pytest.mark.parametrize("rise_k_per_s", [0.02, 0.2, 1.0, 3.0])
def test_a_thermal_runaway_opens_before_80_degrees(rise_k_per_s, gas):
    degc, bms = drill(rise_k_per_s, gas)
    assert degc < 80.0
    assert bms.fault_bits


def test_two_signs_open_at_once_and_one_does_not():
    rising = seen(hot=[26, 26, 26])
    bms = after(fresh(), rising, 3)
    warmer = after(bms, seen(hot=[28.5, 26, 26]), 1)
    assert warmer.closed.all(), "one sign"
    both = after(bms, seen(hot=[28.5, 26, 26], inputs=Inputs.GAS_1, current_a=100.0), 1)
    assert not both.closed[0]
    assert both.fault_bits & FaultBits.RUNAWAY
    assert not after(both, seen(), 300).closed[0], "a person must come"


def a_pack(soc, current_a, rng, degc=25.0):
    """A healthy pack: charge 2 % and resistance 5 % apart (one standard deviation each of a third of that)."""
    charge = np.clip(soc + 0.02 / 3 * np.clip(rng.standard_normal((RACKS, SERIES)), -3, 3), -0.02, 1.02)
    ohm = CELL.resistance_ohm * (1 + 0.05 * rng.standard_normal((RACKS, SERIES)))
    volts = CELL.ocv.voltage_v(charge) - current_a * ohm
    return Seen(
        cell_voltage_v=volts,
        cell_temperature_degc=np.full((RACKS, SENSORS), degc) + rng.uniform(-1, 1, (RACKS, SENSORS)),
        current_a=np.full(RACKS, current_a), voltage_v=volts.sum(axis=1),
    )  # fmt: skip


def test_a_healthy_spread_raises_nothing_from_empty_to_full():
    """Down and up the whole curve between what the limits let a battery be, at currents that they allow."""
    judged = 0
    for way in (1.0, -1.0, 0.0):
        for soc in np.concatenate([np.linspace(0.05, 0.2, 31), np.linspace(0.2, 0.97, 40)]):
            bms, rng = new_bms(LIMITS, np.full(RACKS, soc), True), np.random.default_rng(5)
            what = a_pack(soc, way * 0.5 * CELL.current_max_a, rng)
            if what.cell_voltage_v.max() > 3.54 or what.cell_voltage_v.min() < 2.92:
                continue  # the limits do not let it get there
            bms = advance(bms, LIMITS, what, 1.0)
            if min(bms.charge.share, bms.discharge.share) < 0.5 and way != 0.0:
                continue  # nor with so much current
            judged += 1
            for _ in range(5):
                bms = advance(bms, LIMITS, what, 60.0)
            rows = bms.guard.standing.any(axis=1)
            standing = {TABLE.rows[k][0].name for k in np.flatnonzero(rows)}
            assert standing <= {"soc-low"}, (way, soc, standing)
    assert judged > 150


def test_one_bad_cell_is_told_on_the_plateau():
    what = a_pack(0.5, 0.0, np.random.default_rng(5))
    volts = what.cell_voltage_v.copy()
    volts[1, 40] -= 0.12
    bms = fresh()
    for _ in range(3):
        bms = advance(bms, LIMITS, replace(what, cell_voltage_v=volts), 60.0)
    assert bms.level is Level.WARN
    assert bms.closed.all()
    assert LAYOUT.rack == RACKS
