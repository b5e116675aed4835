"""The snapshot: one moment, honest about what is missing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isnan, nan

import pytest

from leyden.control.observe import Observed, observe
from leyden.control.quarter import Quarter, counted
from leyden.model import Quality
from leyden.model.quality import FRESH, Stamp
from leyden.model.readings import ConverterReading, GenerationReading, GridReading, LoadReading, Readings
from leyden.model.setpoint import Setpoint
from leyden.model.site import Load
from leyden.model.snapshot import Context, Price
from leyden.model.words import Words
from tests.scenarios.dsl import battery, site

TIME = datetime(2026, 7, 15, 4, 0, tzinfo=UTC)
GOOD = {"power_w": FRESH}
PARK = site(battery("b1"), battery("b2"), solar=2e6)


def context(elapsed_s: float = 0.0, **more) -> Context:
    return Context(time=TIME + timedelta(seconds=elapsed_s), elapsed_s=elapsed_s, **more)


def readings(grid_w=8e5, b1_w=2e5, b2_w=1e5, load_w=-2e6, pv1_w=9e5) -> Readings:
    def made(role, power_w):
        return role(power_w=power_w, stamps=GOOD if power_w == power_w else {"power_w": Stamp(9.0, Quality.STALE)})

    return Readings(
        grid=made(GridReading, grid_w),
        load={"load": made(LoadReading, load_w)},
        solar={"pv1": made(GenerationReading, pv1_w)},
        converter={"b1": made(ConverterReading, b1_w), "b2": made(ConverterReading, b2_w)},
    )


def test_net_demand_residual_and_prices():
    snapshot, _ = observe(PARK, readings(), context(price=Price(import_per_kwh=0.8)), Observed())
    derived = snapshot.derived
    assert derived.good("net_demand_w") == 1.1e6
    assert derived.good("residual_w") == 0.0
    assert derived.good("import_price_per_kwh") == 0.8
    assert derived.stamp("export_price_per_kwh").quality is Quality.BAD


@pytest.mark.parametrize(
    ("missing", "demand_known", "residual_known"),
    [("grid_w", False, False), ("b1_w", False, False), ("load_w", True, False), ("pv1_w", True, False)],
)
def test_a_part_that_is_missing_makes_what_follows_nan_and_bad(missing, demand_known, residual_known):
    derived = observe(PARK, readings(**{missing: nan}), context(), Observed())[0].derived
    assert isnan(derived.net_demand_w) is not demand_known
    assert isnan(derived.residual_w) is not residual_known
    for name in ("net_demand_w", "residual_w"):
        assert (derived.stamp(name).quality is Quality.BAD) is isnan(getattr(derived, name))


def test_a_load_that_never_answered_at_all_is_missing_too():
    derived = observe(PARK, replace(readings(), load={}), context(), Observed())[0].derived
    assert isnan(derived.residual_w)


def test_the_one_load_without_a_meter_is_what_is_left_over():
    where = replace(PARK, loads=(*PARK.loads, Load("rest", Words("其余", "rest"))))
    snapshot, _ = observe(where, readings(load_w=-1.5e6), context(), Observed())
    assert snapshot.readings.load["rest"].good("power_w") == -5e5
    assert isnan(snapshot.derived.residual_w)
    snapshot, _ = observe(where, readings(load_w=nan), context(), Observed())
    assert snapshot.readings.load["rest"].stamp("power_w").quality is Quality.BAD


def test_the_residual_is_of_one_moment():
    """The meter is 1 s late; load and battery have both moved since. Nothing is left over all the same."""
    where = replace(PARK, grid=replace(PARK.grid, meter_delay_s=1.0))
    observed = Observed()
    grid_late_w = 8e5
    for second in range(30):
        load_w, b1_w = -2e6 - 1e4 * second, 2e5 + 5e3 * second
        now = readings(grid_w=grid_late_w, load_w=load_w, b1_w=b1_w)
        snapshot, observed = observe(where, now, context(float(second)), observed)
        if second > 1:
            assert abs(snapshot.derived.residual_w) < 1.0
        grid_late_w = -(load_w + b1_w + 1e5 + 9e5)


def test_a_converter_that_stays_silent_is_taken_at_its_word():
    observed = Observed()
    told = {"b1": Setpoint(3e5), "b2": Setpoint(1e5)}
    for second in range(6):
        now = readings(b1_w=nan)
        snapshot, observed = observe(PARK, now, context(float(second), setpoints=told), observed)
        assert snapshot.derived.net_demand_w == (
            pytest.approx(1.2e6) if second >= 3 else pytest.approx(nan, nan_ok=True)
        )
        assert isnan(snapshot.derived.residual_w)


def test_infinite_is_not_measured():
    derived = observe(PARK, readings(grid_w=float("inf")), context(), Observed())[0].derived
    assert isnan(derived.net_demand_w)


def test_the_quarter_s_mean_is_weighted_by_time_counts_import_only_and_begins_anew():
    quarter = Quarter()
    for elapsed_s, grid_w in ((0.0, 1e6), (1.0, 1e6), (4.0, -5e5), (6.0, 3e6), (8.0, nan), (10.0, 1e6), (11.0, 0.0)):
        quarter = counted(quarter, TIME + timedelta(seconds=elapsed_s), elapsed_s, grid_w)
    # 4 s at 1 MW, 2 s of feed-in, 2 s at 3 MW, 2 s unknown, 1 s at 1 MW.
    assert quarter.mean_w == pytest.approx((4 * 1e6 + 2 * 3e6 + 1e6) / 9)
    quarter = counted(quarter, TIME + timedelta(seconds=901.0), 901.0, 2e6)
    assert quarter.mean_w == 2e6
    quarter = counted(quarter, TIME + timedelta(seconds=902.0), 902.0, 0.0)
    assert quarter.mean_w == 2e6


def test_only_what_falls_into_the_new_quarter_counts_for_it():
    quarter = counted(Quarter(), TIME + timedelta(seconds=898.0), 898.0, 1e6)
    quarter = counted(quarter, TIME + timedelta(seconds=901.0), 901.0, 5e6)
    assert quarter.counted_s == pytest.approx(1.0)
    assert quarter.mean_w == 1e6
    quarter = counted(quarter, TIME - timedelta(hours=5), 902.0, 5e6)
    assert quarter.counted_s <= 1.0


def test_no_batteries_is_a_site_too():
    bare = replace(PARK, batteries=())
    derived = observe(bare, readings(), context(), Observed())[0].derived
    assert derived.net_demand_w == 8e5
