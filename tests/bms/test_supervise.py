"""Over real equipment: limits only narrow, nothing nan passes, and there is no word for anything else."""

import math
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.bms import Level
from leyden.bms.supervise import Ours, Supervision, Told, new_supervision, supervise
from tests.bms.packs import LIMITS

HEALTHY = {
    "charge_limit_w": 5e5, "discharge_limit_w": 6e5, "soc": 0.5, "cell_voltage_min_v": 3.3, "cell_voltage_max_v": 3.31,
    "cell_temperature_min_degc": 24.0, "cell_temperature_max_degc": 26.0, "current_a": 0.0, "racks": 3,
    "voltage_v": 1270.0,
}  # fmt: skip


def after(seconds, ours=None, before=None, **changes):
    found = before or new_supervision(LIMITS)
    for _ in range(seconds):
        found = supervise(found, LIMITS, Told(**{**HEALTHY, **changes}), ours or Ours(), 1.0)
    return found


def test_a_healthy_device_keeps_its_limits():
    found = after(60)
    assert (found.charge_limit_w, found.discharge_limit_w) == (5e5, 6e5)
    assert found.level is Level.HEALTHY
    assert not found.stop_wanted


def test_a_cell_that_the_device_lets_run_narrows_raises_and_asks_for_a_stop():
    found = after(3, cell_voltage_max_v=3.7)
    assert found.charge_limit_w == 0.0
    assert found.discharge_limit_w > 0.0
    assert found.level is Level.TRIP
    assert found.stop_wanted


def test_what_the_device_has_derated_is_not_derated_twice():
    full_w = 3 * LIMITS.current_max_a * 1270.0
    half = after(1, cell_voltage_max_v=3.495, charge_limit_w=0.5 * full_w)
    assert half.charge.share == pytest.approx(0.5)
    assert half.charge_limit_w == pytest.approx(0.5 * full_w)
    assert after(1, cell_voltage_max_v=3.495, charge_limit_w=full_w).charge_limit_w == pytest.approx(0.5 * full_w)
    assert after(1, cell_voltage_max_v=3.495, charge_limit_w=full_w, voltage_v=math.nan).charge_limit_w == 0.0


def test_reserve_takes_the_lower_charge_and_headroom_the_higher():
    found = after(1, Ours(soc=0.35, soc_std=0.02))
    assert (found.reserve_soc, found.headroom_soc) == (0.35, 0.5)
    unknown = after(1, Ours(), soc=math.nan)
    assert (unknown.reserve_soc, unknown.headroom_soc) == (0.0, 1.0)


def test_it_has_no_word_for_what_only_the_device_may_do():
    words = ("clos", "contact", "clear", "latch", "heat", "film", "cool", "bleed", "balanc", "reset")
    for item in fields(Supervision):
        assert not any(word in item.name for word in words), item.name


NUMBER = st.floats(-1e7, 1e7) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0])
SAID = st.fixed_dictionaries(
    {
        "charge_limit_w": NUMBER, "discharge_limit_w": NUMBER, "soc": NUMBER | st.floats(0, 1),
        "cell_voltage_min_v": NUMBER | st.floats(2, 4), "cell_voltage_max_v": NUMBER | st.floats(2, 4),
        "cell_temperature_min_degc": NUMBER | st.floats(-40, 90),
        "cell_temperature_max_degc": NUMBER | st.floats(-40, 90),
        "current_a": NUMBER | st.floats(-900, 900), "racks": st.integers(0, 20), "voltage_v": NUMBER,
    }
)  # fmt: skip


@given(st.lists(SAID, min_size=1, max_size=6), st.sampled_from([0.5, 1.0, 60.0]))
def test_whatever_is_said_no_limit_is_ever_wider_than_the_devices(said, dt_s):
    found = new_supervision(LIMITS)
    for one in said:
        found = supervise(found, LIMITS, Told(**one), Ours(), dt_s)
        for ours_w, theirs_w in (
            (found.charge_limit_w, one["charge_limit_w"]),
            (found.discharge_limit_w, one["discharge_limit_w"]),
        ):
            assert 0.0 <= ours_w <= max(theirs_w if math.isfinite(theirs_w) else 0.0, 0.0)


@given(st.sampled_from([name for name in HEALTHY if "cell" in name or name == "current_a"]))
def test_what_the_device_does_not_say_stops_it(name):
    found = after(20, **{name: math.nan})
    assert found.stop_wanted or (found.charge_limit_w == found.discharge_limit_w == 0.0)
    assert found.charge_limit_w == 0.0 or found.discharge_limit_w == 0.0
