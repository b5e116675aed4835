"""Plain data for the record and the API."""

from datetime import UTC, datetime, timedelta

import orjson

from leyden.model.bounds import at_least
from leyden.model.plan import Plan, Slot, SlotMode
from leyden.model.reason import Reason
from leyden.model.site import BATTERIES
from leyden.model.words import Words
from leyden.runtime.describe import decision_json, next_json, slot_title
from tests.control.test_arbitrate import ONE, bound, decide, request

NOON = datetime(2026, 7, 15, 12, tzinfo=UTC)


class Valley(Reason, frozen=True):
    sentence = Words("谷价", "valley")


def slot(quarter, mode, power_w=None, soc_end=None):
    start = NOON + timedelta(minutes=15 * quarter)
    return Slot(start, start + timedelta(minutes=15), mode, Valley(), power_w, soc_end)


def test_a_decision_is_plain_json_with_its_trail():
    decision = decide(ONE, ("peak", bound(BATTERIES, at_least(8e5))), ("plan", request(BATTERIES, 0.0)))
    document = orjson.loads(orjson.dumps(decision_json(decision)))
    assert document["commander"]["controller"] == "peak"
    assert document["sentence"]["en"] == "discharging 800 kW: because (peak)"
    assert [step["taken_w"] for step in document["steps"]] == [None, 8e5]
    assert document["steps"][0]["max_w"] == 1.5e6


def test_slot_titles():
    titles = [
        slot_title(SlotMode.BATTERY, 5e5).en,
        slot_title(SlotMode.BATTERY, -5e5).en,
        slot_title(SlotMode.BATTERY, 0.0).en,
        slot_title(SlotMode.GRID, 1e6).en,
        slot_title(SlotMode.SELF, None).en,
        slot_title(SlotMode.HOLD, None).en,
    ]
    assert titles == ["discharge 500 kW", "charge 500 kW", "rest", "hold the meter at 1 MW", "follow the load", "rest"]


def test_neighbours_that_do_the_same_are_one_entry():
    quarters = [
        slot(0, SlotMode.BATTERY, -5e5, 0.2),
        slot(1, SlotMode.BATTERY, -5.05e5, 0.3),
        slot(2, SlotMode.HOLD),
        slot(3, SlotMode.HOLD),
        slot(5, SlotMode.HOLD),
    ]
    entries = next_json(Plan(tuple(quarters), NOON, "test"), NOON)
    assert [(entry["start"][11:16], entry["end"][11:16]) for entry in entries] == [
        ("12:00", "12:30"),
        ("12:30", "13:00"),
        ("13:15", "13:30"),
    ]
    assert entries[0]["soc_end"] == 0.3


def test_no_plan_is_an_empty_list():
    assert next_json(None, NOON) == []
