"""The Battery page: every number on it is the API's, in both languages, and the keyboard leads there."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_MS, PHONE, Opened
from tests.whole.park import Park, wait_for

pytestmark = pytest.mark.browser

SHOWN = """() => {
  const page = document.querySelector('[data-testid=battery-page]')
  const all = (id) => [...page.querySelectorAll(`[data-testid=${id}]`)].map((one) => ({ ...one.dataset }))
  return { time: page.dataset.time, racks: all('rack-row'), worst: all('worst-row'), ours: all('our-soc'),
    charge: all('limit-charge')[0], discharge: all('limit-discharge')[0], state: all('battery-state')[0] }
}"""


def shown_and_told(page: Page) -> tuple[Any, Any]:
    """What stands on the page, and the answer that it was made from."""

    def look() -> Any:
        with page.expect_response("**/api/battery/b1", timeout=PATIENCE_MS) as answer:
            pass
        told = answer.value.json()
        shown = wait_for(lambda: page.evaluate(SHOWN), "nothing is shown")
        return (shown, told) if shown["time"] == told["time"] else None

    found: tuple[Any, Any] = wait_for(look, "page and API never told of the same moment", 60)
    return found


def number(text: str) -> float | None:
    return float(text) if text else None


def test_what_the_battery_page_shows_is_what_the_api_says(room: Page, park: Park) -> None:
    park.wait_live(lambda _: park.get("/api/battery/b1")["worst"], "no cells were compared")
    room.keyboard.press("g")
    room.keyboard.press("b")
    expect(room.get_by_test_id("worst-row")).to_have_count(20, timeout=PATIENCE_MS)
    shown, told = shown_and_told(room)
    assert [number(rack["spread"]) for rack in shown["racks"]] == [rack["spread_v"] for rack in told["racks"]]
    assert [number(rack["soc"]) for rack in shown["racks"]] == [rack["soc"] for rack in told["racks"]]
    assert [number(one["value"]) for one in shown["ours"]] == [rack["our_soc"] for rack in told["racks"]]
    assert all(0.0 <= rack["our_soc"] <= 1.0 and rack["our_soc_std"] > 0.0 for rack in told["racks"])
    warmest = [rack["hottest"]["temperature_degc"] for rack in told["racks"]]
    assert [number(rack["hottest"]) for rack in shown["racks"]] == warmest
    cells = [
        (f"{one['rack']}-{one['module']}-{one['cell']}", one["deviation_v"], one["lasting_s"]) for one in told["worst"]
    ]
    assert [(one["cell"], float(one["value"]), float(one["lasting"])) for one in shown["worst"]] == cells
    for way in ("charge", "discharge"):
        assert number(shown[way]["device"]) == told[way]["device_w"]
        assert number(shown[way]["value"]) == told[way]["power_w"]
        assert shown[way]["binds"] == (told[way]["binds"] or {"controller": ""})["controller"]
    assert shown["state"]["value"] == str(told["state"]["value"])


def test_it_speaks_both_languages_and_leads_to_the_faults_of_the_twin(park: Park, opened: Opened) -> None:
    page = opened(park, "/battery", language="zh")
    said = park.wait_live(lambda _: park.get("/api/battery/b1")["state"], "no state") and park.get("/api/battery/b1")
    state, limit = page.get_by_test_id("battery-state"), page.get_by_test_id("limit-charge")
    expect(state).to_have_text(said["state"]["label"]["zh"], timeout=PATIENCE_MS)
    expect(limit).to_contain_text(said["charge"]["binds"]["label"]["zh"])
    page.get_by_test_id("lang-en").click()
    expect(state).to_have_text(said["state"]["label"]["en"], ignore_case=True)
    expect(limit).to_contain_text(said["charge"]["binds"]["label"]["en"], ignore_case=True)
    expect(page.get_by_test_id("cellmap")).to_have_attribute("data-battery", "b1")
    page.get_by_test_id("battery-twin").click()
    expect(page.get_by_test_id("faults")).to_be_visible(timeout=PATIENCE_MS)


def test_on_a_phone_nothing_is_wider_than_the_screen(park: Park, opened: Opened) -> None:
    page = opened(park, "/battery", size=PHONE)
    expect(page.get_by_test_id("rack-row").first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_test_id("nav-more")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
