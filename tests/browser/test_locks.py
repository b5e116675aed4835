"""A lock hung in the room: on every page, over a reload, above every command, until a person takes it off."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_MS, PHONE, Opened
from tests.whole.park import Park

pytestmark = pytest.mark.browser

REASON = "fan of the converter"


def hang(room: Page) -> None:
    room.get_by_test_id("flow-battery").click()
    expect(room.get_by_test_id("lock-target")).to_have_value("b1")
    expect(room.get_by_test_id("lock-confirm")).to_be_disabled()
    room.get_by_test_id("lock-reason").fill(REASON)
    room.get_by_test_id("lock-confirm").click()
    expect(room.get_by_test_id("lock-row")).to_be_visible(timeout=PATIENCE_MS)


def test_a_lock_stands_on_every_page_holds_at_zero_and_is_taken_off_by_a_person(
    room: Page, park: Park, opened: Opened
) -> None:
    hang(room)
    room.reload()
    for page in ("history", "alarms", "log", "more", "overview"):
        room.get_by_test_id(f"nav-{page}").click()
        row = room.get_by_test_id("lock-row")
        expect(row).to_have_count(1)
        for word in (REASON, "operator", "since"):
            expect(row).to_contain_text(word)
    expect(room.get_by_test_id("flow-battery")).to_have_attribute("data-locked", "1")
    phone = opened(park, size=PHONE)
    expect(phone.get_by_test_id("lock-row")).to_contain_text(REASON)
    assert phone.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

    room.get_by_test_id("manual-open").click()
    expect(room.get_by_test_id("manual-locked")).to_contain_text(REASON)
    room.get_by_test_id("manual-power").fill("250")
    room.get_by_test_id("manual-preview").click()
    expect(room.get_by_test_id("manual-preview-text")).to_have_attribute("data-value", "0", timeout=PATIENCE_MS)
    expect(room.get_by_test_id("manual-preview-text")).to_contain_text(REASON)
    room.keyboard.press("Escape")

    room.get_by_test_id("unlock").click()
    room.get_by_test_id("lock-reason").fill("work is done")
    expect(room.get_by_test_id("lock-confirm")).to_be_disabled()
    assert len(park.live()["locks"]) == 1
    room.get_by_test_id("unlock-checked").check()
    room.get_by_test_id("lock-confirm").click()
    expect(room.get_by_test_id("lock-row")).to_have_count(0, timeout=PATIENCE_MS)
    assert park.live()["locks"] == []

    room.get_by_test_id("nav-log").click()
    room.get_by_test_id("actions-what").select_option("unlocked")
    row = room.get_by_test_id("action-row")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("work is done")
    with room.expect_download() as download:
        room.get_by_test_id("actions-export").click()
    kept = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(kept) == 2
    assert "work is done" in kept[1]
