"""What shadow would have earned: by the day's own method, and never with energy that is not there."""

from dataclasses import replace
from datetime import timedelta
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.model.snapshot import Snapshot
from leyden.plan.time_of_use import ROUND_TRIP
from leyden.runtime.would_be import ShadowDays, WouldBe
from tests.control.test_arbitrate import ONE
from tests.runtime.test_today import snapshot

BATTERY = ONE.batteries[0]
LOW_WH, HIGH_WH = BATTERY.soc_min * BATTERY.energy_wh, BATTERY.soc_max * BATTERY.energy_wh


def day(*totals_w: float, step_s: int = 10, **values: float) -> WouldBe:
    """A stretch in which these powers were decided one after the other."""
    found = WouldBe()
    for index, total_w in enumerate(totals_w):
        found = found.add(snapshot(index * step_s, **values), total_w)
    return found


def test_an_hour_of_discharge_saves_what_it_would_not_have_drawn():
    found = day(*[5e5] * 361, grid_w=1e6, price=1.2)
    assert found.discharged_wh == pytest.approx(5e5)
    assert found.money == pytest.approx(600.0)
    assert found.stored_wh == pytest.approx(0.5 * BATTERY.energy_wh - 5e5 / ROUND_TRIP**0.5)
    assert found.soc(ONE) == pytest.approx(found.stored_wh / BATTERY.energy_wh)


def test_what_goes_beyond_the_demand_is_fed_in():
    assert day(*[5e5] * 361, grid_w=2e5, price=1.2).money == pytest.approx(0.2 * 1200.0 + 0.3 * 400.0)


def test_the_real_battery_does_not_count_twice():
    """Somebody else discharges 300 kW: the demand is what grid and battery serve together."""
    assert day(*[5e5] * 361, grid_w=1e6, battery_w=3e5).money == pytest.approx(500.0)


@given(st.lists(st.floats(-1.5e6, 1.5e6), min_size=2, max_size=400), st.floats(0.0, 1.0))
def test_it_never_sells_what_it_does_not_hold(totals_w, soc):
    found = day(*totals_w, soc=soc, grid_w=1e6)
    start_wh = soc * BATTERY.energy_wh
    assert found.discharged_wh >= 0.0
    assert min(start_wh, LOW_WH) - 1.0 <= found.stored_wh <= max(start_wh, HIGH_WH) + 1.0
    one_way = ROUND_TRIP**0.5
    balance = start_wh + found.charged_wh * one_way - found.discharged_wh / one_way
    assert found.stored_wh == pytest.approx(balance, rel=1e-9, abs=1e-3)


def test_what_is_not_known_is_not_summed():
    for unknown in ({"grid_w": nan}, {"soc": nan}, {"price": nan}):
        assert day(*[5e5] * 361, step_s=10, **{"grid_w": 1e6, **unknown}).money is None
    assert day(5e5, 5e5, step_s=600, grid_w=1e6).money is None


def test_a_day_that_is_over_is_kept_and_two_halves_of_one_are_one():
    found = day(*[5e5] * 361, grid_w=1e6)
    later = replace(found, elapsed_s=None)
    tomorrow: Snapshot = snapshot(0, grid_w=1e6)
    tomorrow = replace(tomorrow, context=replace(tomorrow.context, time=tomorrow.time + timedelta(days=1)))
    new = later.add(tomorrow, 5e5)
    assert (new.money, new.discharged_wh, new.stored_wh) == (None, 0.0, found.stored_wh)
    days = ShadowDays().over(WouldBe()).over(found).over(found)
    (kept,) = days.days
    assert kept.money == pytest.approx(2 * 500.0)
    assert kept.discharged_wh == pytest.approx(1e6)
    assert len(ShadowDays(days.days * 500).over(replace(found, day="2026-08-01")).days) == 400
