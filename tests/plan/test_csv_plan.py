"""Plans that people wrote: the format, and every slip told with its line, its column and its mend."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.model.plan import SlotMode
from leyden.model.problem import SiteFileError
from leyden.model.site import Grid, Site
from leyden.model.words import Words
from leyden.plan import plan_from_csv
from tests.plan.test_time_of_use import ONE

BERLIN = Site("s", Words("s", "s"), "Europe/Berlin", "EUR", Grid("gate", 1e6))


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_whole_format():
    made = plan_from_csv(
        "start,end,mode,power,soc_end,price_per_kwh,target,note\n"
        "2026-07-15 06:00,2026-07-15 07:00,battery,-500 kW,95 %,0.2556,b1,cheap\n"
        "2026-07-15T08:00+08:00,2026-07-15T09:00+08:00,grid,1.2 MW,,,,\n"
        "\n"
        "2026-07-15 09:00,2026-07-15 10:00,hold,,,,,\n",
        ONE,
    )
    first, second, third = made.slots
    assert (first.start, first.end) == (utc("2026-07-14 22:00"), utc("2026-07-14 23:00"))
    assert (first.mode, first.power_w, first.soc_end, first.price_per_kwh) == (SlotMode.BATTERY, -5e5, 0.95, 0.2556)
    assert (first.target, first.reason.words.en) == ("b1", "plan table: cheap")
    assert (second.mode, second.power_w, second.target) == (SlotMode.GRID, 1.2e6, "batteries")
    assert (third.mode, third.power_w) == (SlotMode.HOLD, None)
    assert (made.made, made.source) == (first.start, "csv")


def test_without_ends_slots_last_until_the_next_and_rows_may_come_in_any_order():
    made = plan_from_csv("time;power_kw\n2026-07-15 07:00;100\n2026-07-15 06:00;-50.5\n2026-07-15 07:30;\n", ONE)
    assert [(slot.start.hour, slot.start.minute, slot.power_w) for slot in made.slots] == [
        (22, 0, -50500.0),
        (23, 0, 1e5),
        (23, 30, None),
    ]
    assert made.slots[-1].end == utc("2026-07-15 00:00")


def test_an_hour_that_comes_twice_means_its_first_pass_unless_an_offset_says_otherwise():
    made = plan_from_csv("time,end,mode\n2026-10-25 02:30,2026-10-25T02:30+01:00,hold\n", BERLIN)
    assert (made.slots[0].start, made.slots[0].end) == (utc("2026-10-25 00:30"), utc("2026-10-25 01:30"))


SLIPS = tomllib.loads(Path(__file__).with_name("broken_plans.toml").read_text("utf-8"))["broken"]


@pytest.mark.parametrize(("text", "problems"), [(case["text"], case["says"].splitlines()) for case in SLIPS])
def test_slips_are_told_exactly(text, problems):
    with pytest.raises(SiteFileError) as caught:
        plan_from_csv(text, ONE)
    assert str(caught.value).splitlines() == problems


def test_an_hour_left_out_by_daylight_saving_is_told():
    with pytest.raises(SiteFileError, match="left out by daylight saving"):
        plan_from_csv("time,end,mode\n2026-03-29 02:30,2026-03-29 04:00,hold\n", BERLIN)


def test_the_file_is_named(tmp_path):
    path = tmp_path / "summer.csv"
    path.write_text("start,mode\n2026-07-15 06:00,charge\n", "utf-8-sig")
    with pytest.raises(SiteFileError, match=r"summer\.csv:2: mode"):
        plan_from_csv(path, ONE)
    with pytest.raises(SiteFileError, match=r"absent\.csv: found .*: expected a CSV file"):
        plan_from_csv(tmp_path / "absent.csv", ONE)


CELLS = st.sampled_from(
    ["2026-07-15 06:00", "2026-07-15 07:00", "grid", "self", "5 kW", "nan", "0.5", "b1", "", '"', "x"]
)


@given(
    st.lists(st.sampled_from(["start", "end", "mode", "power", "soc_end", "target", "note"]), max_size=5),
    st.lists(st.lists(CELLS, max_size=5), max_size=4),
)
def test_any_table_is_a_plan_or_a_site_file_error(header, rows):
    text = "\n".join(",".join(row) for row in [header, *rows])
    try:
        made = plan_from_csv(text, ONE)
    except SiteFileError as error:
        assert error.problems
    else:
        assert all(left.end <= right.start for left, right in zip(made.slots, made.slots[1:], strict=False))
