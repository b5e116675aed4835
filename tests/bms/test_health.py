"""Capacity and resistance from use, with how sure they are."""

import numpy as np
import pytest

from leyden.bms.full_charge import full_charge_wish
from leyden.bms.health import Anchor, new_health, step_ohm, window, with_steps, with_window

FULL = Anchor(1.0, 0.01, 0.0, 0.0)


def test_a_window_gives_its_capacity_and_how_sure_it_is():
    found = window(FULL, Anchor(0.1, 0.02, 225.0, 36000.0))
    assert found is not None
    capacity_ah, std_ah = found
    assert capacity_ah == pytest.approx(250.0)
    assert std_ah == pytest.approx(250.0 * np.hypot(0.01, 0.02) / 0.9, rel=0.05)
    assert window(FULL, Anchor(0.8, 0.01, 56.0, 9000.0)) is None, "too short to say anything"
    assert window(FULL, Anchor(0.1, 0.02, -5.0, 36000.0)) is None, "a counter that was reset"


def test_many_windows_find_the_capacity_within_three_percent():
    rng = np.random.default_rng(1)
    health, true_ah, time_s = new_health(280.0), 241.0, 0.0
    for _ in range(12):
        first = Anchor(1.0, 0.01, 0.0, time_s)
        said = 0.3 + 0.02 * rng.standard_normal()
        last = Anchor(said, 0.02, 0.7 * true_ah * (1 + 0.002 * rng.standard_normal()), time_s + 20000.0)
        health = with_window(health, 280.0, first, last)
        time_s += 30 * 86400.0
    assert health.soh(280.0) == pytest.approx(true_ah / 280.0, abs=0.03)
    assert abs(health.capacity_ah - true_ah) < 3 * health.capacity_std_ah
    assert health.soh_std(280.0) < 0.02


def test_an_anchor_that_was_none_is_left_out():
    health = with_window(new_health(280.0), 280.0, FULL, Anchor(0.1, 0.01, 252.0, 30000.0))
    assert with_window(health, 280.0, FULL, Anchor(0.1, 0.01, 90.0, 60000.0)) == health


def test_resistance_from_steps():
    rng = np.random.default_rng(2)
    current = np.repeat([0.0, 140.0, 20.0, -100.0, 0.0], 20)
    voltage = 3.3 - 9e-4 * current + 1e-3 * rng.standard_normal(100)
    ohm, std = step_ohm(current, voltage, np.ones(100), least_a=50.0)
    assert len(ohm) == 4
    assert ohm == pytest.approx(9e-4, rel=0.1)
    health = with_steps(new_health(280.0), 6e-4, ohm, std)
    assert health.ohm_factor == pytest.approx(1.5, abs=0.1)
    assert health.ohm_factor_std < 0.1
    assert with_steps(health, 6e-4, np.empty(0), np.empty(0)) == health


def test_a_full_charge_is_wished_for_when_nobody_knows_any_more():
    day = 86400.0
    assert full_charge_wish(5 * day, 0.02) is None
    assert full_charge_wish(31 * day, 0.02) is not None
    unsure = full_charge_wish(5 * day, float("nan"))
    assert unsure is not None
    assert unsure.within_s == day
    late = full_charge_wish(5 * day, 0.08)
    assert late is not None
    assert late.within_s > day
    assert "8 %" in late.words.en
