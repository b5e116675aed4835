"""The plain rule: charge in the valley, give in the critical hours first, then in the peak, hold otherwise."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.model.plan import SlotMode
from leyden.model.site import Battery, CellRating, Converter, Grid, Layout, Site
from leyden.model.words import Words
from leyden.plan import load_tariff, time_of_use_plan

TARIFF = load_tariff("cn-guangdong-2021")
CHINA = ZoneInfo("Asia/Shanghai")
LFP = CellRating("lfp", 280.0, 3.2, 2.5, 3.65)


def battery(name, racks=10, power_w=1.5e6):
    return Battery(
        name, Words(name, name), LFP, Layout(racks, 8, 48), "bms", Converter("pcs", power_w, power_w, power_w)
    )


def site(*batteries, import_limit_w=4e6, export_limit_w=0.0):
    return Site(
        "s", Words("s", "s"), "Asia/Shanghai", "CNY", Grid("gate", import_limit_w, export_limit_w), batteries=batteries
    )


ONE = site(battery("b1"))


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def plan(where=ONE, soc=0.05, start="2026-07-15 00:00", hours=24.0, **options):
    known = {b.name: soc for b in where.batteries}
    return time_of_use_plan(where, TARIFF, known, local(start), local(start) + timedelta(hours=hours), **options)


def at(made, text):
    slot = made.at(local(text).astimezone(UTC))
    assert slot is not None
    return slot


def test_a_day_of_july():
    made = plan()
    table = [
        ("02:00", "charge to 95 %", "valley 0.2556"),
        ("09:00", "hold", "flat 0.6725"),
        ("10:30", "kept for the critical hours", "peak 1.1433"),
        ("11:30", "discharge to 5 %", "critical 1.4291"),
        ("13:00", "hold", "flat 0.6725"),
        ("15:30", "discharge to 5 %", "critical 1.4291"),
        ("18:00", "empty, or nobody takes more", "peak 1.1433"),
        ("22:00", "hold", "flat 0.6725"),
    ]
    for when, does, price in table:
        assert at(made, f"2026-07-15 {when}").reason.words.en == f"{price}: {does}"
    assert at(made, "2026-07-15 02:00").reason.words.zh == "谷段 0.2556:充电至 95 %"
    assert at(made, "2026-07-15 07:59").soc_end == pytest.approx(0.95)
    assert at(made, "2026-07-15 16:59").soc_end == pytest.approx(0.05)


def test_the_valley_is_charged_evenly_and_the_dear_hours_are_served_evenly():
    made = plan()
    charge = {round(slot.power_w) for slot in made.slots if slot.power_w and slot.power_w < 0}
    give = {round(slot.power_w) for slot in made.slots if slot.power_w and slot.power_w > 0}
    assert len(charge) == len(give) == 1


def test_what_the_critical_hours_cannot_take_is_spread_over_the_peak():
    slow = site(battery("b1", power_w=0.6e6))  # 3 critical hours take 1.8 MWh of about 2.9
    made = plan(slow)
    peak = {round(at(made, f"2026-07-15 {when}").power_w or 0.0) for when in ("10:30", "14:30", "17:30", "18:59")}
    assert at(made, "2026-07-15 11:30").power_w == 0.6e6
    assert len(peak) == 1
    assert peak.pop() > 1e5
    assert at(made, "2026-07-15 18:59").soc_end == pytest.approx(0.05)


def test_late_in_the_valley_it_charges_as_fast_as_it_may():
    made = plan(start="2026-07-15 07:07")
    assert at(made, "2026-07-15 07:10").power_w == -1.5e6
    assert at(made, "2026-07-15 07:10").start == local("2026-07-15 07:00")


def test_import_stays_under_the_limit_beside_what_the_site_draws():
    made = plan(site(battery("b1"), import_limit_w=1e6), demand_w=lambda time: 0.8e6)
    assert min(slot.power_w or 0.0 for slot in made.slots) == pytest.approx(-0.2e6)
    made = plan(site(battery("b1"), import_limit_w=1e6), demand_w=lambda time: 1.2e6)
    assert at(made, "2026-07-15 02:00").mode is SlotMode.HOLD


def test_nothing_is_given_that_nobody_takes():
    made = plan(soc=0.9, demand_w=lambda time: 0.3e6)
    assert at(made, "2026-07-15 11:30").power_w == pytest.approx(0.3e6)


def test_the_reserve_stays():
    made = plan(reserve=0.3)
    assert at(made, "2026-07-15 16:59").soc_end == pytest.approx(0.3)
    assert "30 %" in at(made, "2026-07-15 11:30").reason.words.en


def test_a_plan_that_ends_in_the_valley_still_spreads_over_all_of_it():
    short, long = plan(hours=1.0), plan(hours=24.0)
    assert short.slots == long.slots[:4]


def test_no_battery_no_plan():
    assert plan(site()).slots == ()


@given(
    st.floats(0.0, 1.0) | st.just(float("nan")),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.floats(0.1, 30.0),
    st.floats(1e5, 3e6),
    st.floats(0.0, 3e6),
)
def test_whatever_the_start_slots_tile_time_and_stay_in_every_limit(soc, now, hours, power_w, demand_w):
    where = site(battery("b1", power_w=power_w), battery("b2", racks=3, power_w=5e5), import_limit_w=2e6)
    made = time_of_use_plan(
        where, TARIFF, {"b1": soc, "b2": 0.5}, now, now + timedelta(hours=hours), demand_w=lambda time: demand_w
    )
    assert made.slots[0].start <= now < made.slots[0].end
    assert made.slots[-1].end >= now + timedelta(hours=hours)
    assert all(left.end == right.start for left, right in pairwise(made.slots))
    for slot in made.slots:
        power = slot.power_w or 0.0
        assert abs(power) <= power_w + 5e5 + 1e-6
        assert demand_w - power <= 2e6 + 1e-6 or power >= 0.0
        assert power <= demand_w + 1e-6
        assert slot.soc_end is not None
        assert 0.0 <= slot.soc_end <= 1.0 + 1e-9
        assert slot.reason.words.en
        assert slot.reason.words.zh
