"""The day's sums: energies, money saved, a new day at local midnight, gaps that do not count."""

from datetime import UTC, datetime, timedelta
from math import nan

import pytest

from leyden.model.quality import FRESH, MISSING
from leyden.model.readings import BatteryReading, ConverterReading, GridReading, LoadReading, Readings
from leyden.model.snapshot import Context, Price, SiteReading, Snapshot
from leyden.runtime.today import Today
from tests.control.test_arbitrate import ONE

START = datetime(2026, 7, 15, 4, tzinfo=UTC)


def good(kind, **values):
    return kind(stamps={name: MISSING if value != value else FRESH for name, value in values.items()}, **values)


def snapshot(second, grid_w=0.0, battery_w=0.0, load_w=0.0, soc=0.5, price=1.0):
    readings = Readings(
        grid=good(GridReading, power_w=grid_w),
        load={"line1": good(LoadReading, power_w=load_w)},
        battery={"b1": good(BatteryReading, soc=soc)},
        converter={"b1": good(ConverterReading, power_w=battery_w)},
    )
    context = Context(
        time=START + timedelta(seconds=second),
        elapsed_s=float(second),
        price=Price(import_per_kwh=price, export_per_kwh=0.4),
    )
    derived = good(SiteReading, net_demand_w=grid_w + battery_w)
    return Snapshot(site=ONE, readings=readings, context=context, derived=derived)


def summed(**values):
    today = Today()
    for second in range(3601):
        today = today.add(snapshot(second, **values))
    return today


def test_an_hour_of_discharge():
    today = summed(grid_w=1e6, battery_w=5e5, load_w=-1.5e6)
    assert today.import_wh == pytest.approx(1e6)
    assert today.discharged_wh == pytest.approx(5e5)
    assert today.load_wh == pytest.approx(1.5e6)
    assert today.money == pytest.approx(500.0)
    assert today.covered_s == pytest.approx(3600.0)


def test_charging_costs_and_export_earns():
    today = summed(grid_w=5e5, battery_w=-5e5)
    assert (today.charged_wh, today.money) == (pytest.approx(5e5), pytest.approx(-500.0))
    assert summed(grid_w=-2e5, battery_w=2e5).money == pytest.approx(80.0)


def test_missing_values_count_as_nothing_and_are_told():
    today = summed(grid_w=nan, battery_w=5e5)
    assert today.import_wh == 0.0
    assert today.covered_s == 0.0
    assert today.money is None


def test_a_gap_is_no_interval_of_constant_power():
    today = Today().add(snapshot(0, grid_w=1e6)).add(snapshot(600, grid_w=1e6))
    assert today.import_wh == 0.0


def test_a_new_day_begins_at_local_midnight():
    today = summed(grid_w=1e6)
    assert today.add(snapshot(20 * 3600, grid_w=1e6)).import_wh == 0.0


def test_efficiency_counts_what_is_still_stored():
    today = Today()
    for second in range(3601):
        today = today.add(
            snapshot(second, battery_w=-1e6, soc=0.5 + 0.9e6 / ONE.batteries[0].energy_wh * second / 3600)
        )
    assert today.efficiency() == pytest.approx(0.9, rel=1e-3)
    assert Today().efficiency() is None
