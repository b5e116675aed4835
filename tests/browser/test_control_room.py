"""The control room in a real browser, against a running demo: what an operator sees and does."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MS
from tests.whole.park import Park, running, wait_for

pytestmark = pytest.mark.browser


def watts(page: Page, kind: str) -> float:
    return float(page.get_by_test_id(f"flow-{kind}").get_attribute("data-value") or "nan")


def test_numbers_agree_with_the_api(room: Page, park: Park) -> None:
    def agree() -> bool:
        points = park.live()["points"]
        shown = {kind: watts(room, kind) for kind in ("grid", "load", "solar", "wind", "battery")}
        names = {"grid": "grid", "load": "line1", "solar": "pv1", "wind": "w1", "battery": "b1"}
        scale = max(abs(points[f"{name}.power_w"]) for name in names.values())
        return all(abs(abs(shown[k]) - abs(points[f"{n}.power_w"])) < 0.02 * scale for k, n in names.items())

    assert wait_for(agree, "the flow never agreed with the API", 20)
    soc = park.live()["points"]["b1.soc"]
    text = room.get_by_test_id("kpi-soc").inner_text()
    numbers = re.findall(r"\d+\.?\d*", text.split("\n", 1)[1])
    assert float(numbers[0]) == pytest.approx(100 * soc, abs=0.3)


def test_the_first_line_says_who_commands(room: Page, park: Park) -> None:
    expect(room.get_by_test_id("mark")).to_contain_text("SIMULATED")

    def agree() -> bool:
        shown = room.get_by_test_id("commander").get_attribute("data-value")
        return bool(shown == park.live()["decision"]["commander"]["controller"])

    assert wait_for(agree, "the room names somebody else than the API", 20)
    expect(room.get_by_test_id("sentence")).not_to_be_empty()


def test_language_and_theme_switch_and_are_kept(room: Page) -> None:
    room.get_by_test_id("lang-zh").click()
    expect(room.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(room.get_by_test_id("nav-overview")).to_contain_text("总览")
    dark = room.locator("html").get_attribute("data-theme")
    room.get_by_test_id("theme").click()
    expect(room.locator("html")).not_to_have_attribute("data-theme", dark or "")
    room.goto(room.url.split("?")[0])
    expect(room.locator("html")).to_have_attribute("lang", "zh-CN")
    room.get_by_test_id("lang-en").click()


def test_nothing_overflows(browser: Browser, park: Park) -> None:
    for width, height in ((1440, 900), (390, 844)):
        for language in ("zh", "en"):
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(f"{park.url}/?lang={language}")
            expect(page.get_by_test_id("kpi-power")).to_contain_text("W", timeout=PATIENCE_MS)
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (width, language)
            if width == 1440:
                assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
            page.close()


def test_a_dead_device_turns_stale_and_raises_its_alarm(room: Page, park: Park) -> None:
    fault = park.post("/api/twin/faults", {"kind": "silent", "target": "line", "params": {}})
    row = room.get_by_test_id("alarm-row").filter(has_text="line")
    expect(row.first).to_be_visible(timeout=PATIENCE_MS)
    park.delete(f"/api/twin/faults/{fault['id']}")
    park.wait_live(lambda live: not live["bad"].get("line1.power_w"), "the meter did not come back")
    row.first.get_by_test_id("ack").click()
    expect(row).to_have_count(0, timeout=PATIENCE_MS)


def test_a_manual_set_point_is_previewed_confirmed_followed_and_expires(room: Page, park: Park) -> None:
    room.get_by_test_id("manual-open").click()
    room.get_by_test_id("manual-target").select_option("b1")
    room.get_by_test_id("manual-direction").select_option("charge")
    room.get_by_test_id("manual-power").fill("250")
    room.get_by_test_id("manual-duration").fill("1")
    room.get_by_test_id("manual-preview").click()
    expect(room.get_by_test_id("manual-preview-text")).to_contain_text("250", timeout=PATIENCE_MS)
    assert park.live()["commands"] == []
    room.get_by_test_id("manual-confirm").click()
    expect(room.get_by_test_id("manual-active").first).to_be_visible(timeout=PATIENCE_MS)
    park.wait_live(lambda live: abs(live["points"]["b1.power_w"] + 250e3) < 10e3, "the command was not followed")
    park.wait_live(lambda live: not live["commands"], "the lease did not end", 90)
    expect(room.get_by_test_id("manual-active")).to_have_count(0, timeout=PATIENCE_MS)


def test_hovering_the_chart_replays_that_instant(room: Page) -> None:
    box = room.get_by_test_id("day-chart").bounding_box()
    assert box is not None
    room.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"])
    expect(room.get_by_test_id("replay")).not_to_have_attribute("data-value", "", timeout=PATIENCE_MS)
    room.mouse.move(5, 5)
    expect(room.get_by_test_id("replay")).to_have_attribute("data-value", "", timeout=PATIENCE_MS)


def test_history_shows_any_point_and_exports_it(room: Page) -> None:
    room.get_by_test_id("nav-history").click()
    room.get_by_test_id("point-b1.soc").click()
    expect(room.get_by_test_id("history-panel").first).to_be_visible(timeout=PATIENCE_MS)
    with room.expect_download() as download:
        room.get_by_test_id("export-csv").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert "b1.soc" in text
    assert len(text.splitlines()) > 3


def test_a_dead_server_is_never_shown_as_live(browser: Browser, tmp_path: Path) -> None:
    with running(tmp_path, "park.toml", "--start", "2026-09-20T00:10") as park:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{park.url}/?lang=en")
        expect(page.get_by_test_id("kpi-power")).to_contain_text("W", timeout=PATIENCE_MS)
        expect(page.get_by_test_id("banner")).to_have_count(0)
        park.process.terminate()
        park.process.wait(20)
        gone = time.monotonic()
        expect(page.get_by_test_id("banner").first).to_be_visible(timeout=PATIENCE_MS)
        # Stale within 3 s of the last event, with a second for the browser.
        assert time.monotonic() - gone < 4.0
        page.close()


def test_every_fault_of_the_twin_is_offered_and_its_latches_can_be_reset(room: Page, park: Park) -> None:
    room.get_by_test_id("nav-more").click()
    kinds = [kind["kind"] for kind in park.get("/api/twin/faults")["kinds"]]
    offered = room.get_by_test_id("fault-kind").locator("option")
    expect(offered).to_have_count(len(kinds), timeout=PATIENCE_MS)
    assert [offered.nth(i).get_attribute("value") for i in range(len(kinds))] == kinds
    assert "reversed-ct" in kinds
    room.get_by_test_id("reset-latch").click()
    expect(room.get_by_test_id("told")).to_contain_text("reset", timeout=PATIENCE_MS)
    told = room.get_by_test_id("device-writes").all()
    assert any(int(one.get_attribute("data-value") or 0) > 0 for one in told)
