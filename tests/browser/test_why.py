"""A set-point from choice to read-back, and why: now, at a past time on the chart, and at any time by its address."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_MS, Opened
from tests.whole.park import Park, wait_for

pytestmark = pytest.mark.browser


def command(room: Page, kw: str, minutes: str) -> None:
    room.get_by_test_id("manual-direction").select_option("charge")
    room.get_by_test_id("manual-power").fill(kw)
    room.get_by_test_id("manual-duration").fill(minutes)
    room.get_by_test_id("manual-preview").click()
    expect(room.get_by_test_id("manual-preview-text")).to_be_visible(timeout=PATIENCE_MS)
    room.get_by_test_id("manual-confirm").click()


def test_a_set_point_is_read_back_and_one_that_is_not_followed_says_so_with_its_alarm(room: Page, park: Park) -> None:
    room.get_by_test_id("manual-open").click()
    command(room, "200", "10")
    back = room.get_by_test_id("readback")
    expect(back).to_have_attribute("data-state", "followed", timeout=PATIENCE_MS)

    def near(name: str, slack_w: float) -> bool:
        return abs(float(back.get_attribute(name) or "nan") + 200e3) < slack_w

    wait_for(lambda: near("data-setpoint", 2e3) and near("data-power", 10e3), "it never showed what was commanded", 30)

    fault = park.post("/api/twin/faults", {"kind": "setpoint-ignored", "target": "b1", "params": {}})
    room.get_by_test_id("manual-again").click()
    command(room, "600", "5")
    expect(back).to_have_attribute("data-state", "missed", timeout=2 * PATIENCE_MS)
    expect(back.get_by_test_id("alarm-row").first).to_be_visible(timeout=PATIENCE_MS)
    park.delete(f"/api/twin/faults/{fault['id']}")
    for lease in park.live()["commands"]:
        park.delete(f"/api/manual/{lease['id']}")
    expect(back).to_have_attribute("data-state", "over", timeout=PATIENCE_MS)


def test_the_trail_is_told_in_the_words_of_the_api(room: Page, park: Park) -> None:
    room.get_by_test_id("commander").click()
    why = room.get_by_test_id("why")
    expect(why).to_be_visible(timeout=PATIENCE_MS)
    time = why.get_attribute("data-time")
    told = park.get(f"/api/why?time={time}")
    if told["number"] == int(why.get_attribute("data-value") or "0"):
        expect(room.get_by_test_id("why-step")).to_have_count(len(told["steps"]))


def test_why_at_a_past_time_is_the_decision_of_then(room: Page, park: Park, opened: Opened) -> None:
    then = park.wait_live(lambda live: live["decision"]["number"] > 5, "no decisions")["time"]
    park.wait_live(lambda live: live["time"] > then, "time stands still")
    told = park.get(f"/api/why?time={then}")
    page = opened(park, f"/log?view=why&time={then}")
    why = page.get_by_test_id("why")
    expect(why).to_have_attribute("data-value", str(told["number"]), timeout=PATIENCE_MS)
    expect(page.get_by_test_id("why-headline")).to_have_text(told["headline"]["en"], ignore_case=True)
    steps = page.get_by_test_id("why-step")
    expect(steps).to_have_count(len(told["steps"]))
    for i, line in enumerate(told["lines"][1:]):
        expect(steps.nth(i)).to_contain_text(line["en"], ignore_case=True)
    page.get_by_test_id("lang-zh").click()
    expect(steps.first).to_contain_text(told["lines"][1]["zh"])
    page.get_by_test_id("lang-en").click()

    # The time machine: a click holds an instant, and the first line tells of that one until it is let go.
    box = room.get_by_test_id("day-chart").bounding_box()
    assert box is not None
    room.mouse.click(box["x"] + 0.1 * box["width"], box["y"] + 0.4 * box["height"])
    room.mouse.move(5, 5)
    commander = room.get_by_test_id("commander")
    expect(commander).not_to_have_attribute("data-at", "", timeout=PATIENCE_MS)
    held = room.get_by_test_id("replay").first.get_attribute("data-value")
    then = datetime.fromtimestamp(float(held or "nan"), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = park.get(f"/api/why?time={then}")
    expect(commander).to_have_attribute("data-value", (told["commander"] or {"controller": ""})["controller"])
    commander.click()
    expect(room.get_by_test_id("why")).to_have_attribute("data-value", str(told["number"]), timeout=PATIENCE_MS)
    expect(room.get_by_test_id("why")).to_have_attribute("data-time", told["time"])
    room.get_by_test_id("commander").click()
    room.get_by_test_id("replay").first.click()
    expect(commander).to_have_attribute("data-at", "", timeout=PATIENCE_MS)
