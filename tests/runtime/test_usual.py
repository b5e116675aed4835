"""What a plan is expected to save: beside the usual demand, by the day's own method, with the energy there is."""

from datetime import UTC, datetime, timedelta
from math import nan

import pytest

from leyden.model.plan import Plan, Slot, SlotMode
from leyden.model.reason import NobodyAsks
from leyden.model.snapshot import Price
from leyden.runtime.today import planned_w
from leyden.runtime.usual import QUARTERS, Quartered, Usual, still_to_save, stretches
from tests.control.test_arbitrate import ONE, TWO
from tests.runtime.test_today import snapshot
from tests.whole.inside import configured, inside

NOON = datetime(2026, 7, 15, 12, tzinfo=UTC)
USUAL = Usual((1e6,) * QUARTERS)


def price(time: datetime) -> Price:
    return Price(import_per_kwh=0.5 if time < NOON + timedelta(hours=1) else 1.5, export_per_kwh=0.2)


def plan(*slots: tuple[SlotMode, float | None]) -> Plan:
    hour = timedelta(hours=1)
    made = [Slot(NOON + i * hour, NOON + (i + 1) * hour, m, NobodyAsks(), w) for i, (m, w) in enumerate(slots)]
    return Plan(tuple(made), NOON, "test")


def money(made: Plan, usual: Usual = USUAL, soc: float = 0.5, hours: int = 2) -> float:
    parts = stretches(ONE, made, price, usual, soc, NOON, NOON + timedelta(hours=hours))
    return still_to_save(parts, NOON)


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        ([(SlotMode.BATTERY, -4e5), (SlotMode.BATTERY, 4e5)], -200.0 + 600.0),
        ([(SlotMode.HOLD, None), (SlotMode.HOLD, None)], 0.0),
        ([(SlotMode.HOLD, None), (SlotMode.GRID, 7e5)], 450.0),
        ([(SlotMode.HOLD, None), (SlotMode.SELF, None)], 1500.0),
        ([(SlotMode.HOLD, None), (SlotMode.BATTERY, 1.2e6)], 1500.0 + 40.0),
    ],
)
def test_by_the_days_own_method(slots, expected):
    assert money(plan(*slots), soc=0.7) == pytest.approx(expected)


def test_energy_that_is_not_there_is_not_sold():
    everything = plan((SlotMode.HOLD, None), (SlotMode.BATTERY, 1e6))
    assert money(everything, soc=ONE.batteries[0].soc_min) == pytest.approx(0.0, abs=1e-6)
    assert 0.0 < money(everything, soc=0.15) < 500.0


def test_what_is_past_is_not_counted_again():
    parts = stretches(ONE, plan((SlotMode.BATTERY, 4e5)), price, USUAL, 0.9, NOON, NOON + timedelta(hours=1))
    whole = still_to_save(parts, NOON)
    assert still_to_save(parts, NOON + timedelta(minutes=21)) == pytest.approx(whole * 39 / 60)
    assert still_to_save(parts, NOON + timedelta(hours=1)) == 0.0


def test_without_demand_or_price_there_is_no_estimate():
    made, end = plan((SlotMode.BATTERY, 4e5)), NOON + timedelta(hours=1)
    assert stretches(ONE, made, price, Usual(), 0.5, NOON, end) == ()
    assert stretches(ONE, made, lambda time: Price(), USUAL, 0.5, NOON, end) == ()
    assert stretches(ONE, made, price, USUAL, nan, NOON, end) == ()


def test_an_unseen_quarter_is_expected_to_be_as_all_others():
    usual = Usual().seen(0, 2e5).seen(1, 4e5)
    midnight = datetime(2026, 7, 15, tzinfo=UTC)
    assert usual.at(midnight) == 2e5
    assert usual.at(midnight + timedelta(hours=9)) == pytest.approx(3e5)


def test_a_slot_for_one_battery_moves_that_one_alone():
    slot = Slot(NOON, NOON + timedelta(hours=1), SlotMode.BATTERY, NobodyAsks(), 9e9, target="b2")
    assert planned_w(slot, 0.0, TWO) == 5e5
    assert planned_w(None, 1e6, TWO) == 0.0


def test_a_quarter_is_the_mean_over_what_was_seen_of_it():
    seen = Quartered()
    for second in range(0, 880, 5):
        seen = seen.add(snapshot(second, grid_w=1e6 if second <= 440 else 2e6, battery_w=1e5))
    assert seen.demand_ws / seen.counted_s == pytest.approx(1.6e6, rel=1e-2)


def test_the_day_of_a_site_has_what_its_plan_is_expected_to_save(tmp_path):
    with inside(configured(tmp_path), "2026-09-20T07:00", period_s=5.0) as site:
        site.run(60.0)
        before = site.station.plan_money()
        assert before is not None
        assert before > 100.0
        site.run(60.0)
        # Nothing has happened that nobody expected.
        assert site.station.plan_money() == pytest.approx(before, rel=0.05)
    text = configured(tmp_path, text=lambda text: text.replace('source = "time-of-use"', 'source = "none"'))
    with inside(text, "2026-09-20T08:30") as site:
        site.run(3.0)
        assert site.station.plan_money() is None
