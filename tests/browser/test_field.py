"""A site on real addresses: in shadow it says so everywhere and writes nothing, and only a typed name arms it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Opened
from tests.browser.field import in_the_field
from tests.whole.park import Park

pytestmark = pytest.mark.browser

PAGES = ("overview", "history", "alarms", "log", "more")


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Park]:
    with in_the_field(tmp_path_factory.mktemp("field")) as park:
        yield park


def writes(park: Park) -> int:
    return sum(device["writes"]["total"] for device in park.live()["devices"].values() if device["writes"])


def test_shadow_stands_on_every_page_and_nothing_is_written(field: Park, opened: Opened) -> None:
    for size in ((1440, 900), PHONE):
        room = opened(field, size=size)
        for page in PAGES:
            room.get_by_test_id(f"nav-{page}").click()
            expect(room.get_by_test_id("mark")).to_have_attribute("data-value", "SHADOW")
            expect(room.get_by_test_id("mode-strip")).to_contain_text("nothing is written")
            expect(room.get_by_test_id("mode-since")).to_contain_text("since")
        room.get_by_test_id("nav-overview").click()
        expect(room.get_by_test_id("kpi-power")).to_contain_text("Would")
    assert writes(field) == 0


def test_a_typed_name_a_reason_and_a_confirmation_arm_it_and_disarming_asks_again(field: Park, opened: Opened) -> None:
    room = opened(field, f"token={field.token}")
    room.get_by_test_id("mark").click()
    room.get_by_test_id("mode-reason").fill("commissioned")
    expect(room.get_by_test_id("mode-next")).to_be_disabled()
    room.get_by_test_id("mode-site").fill("another park")
    expect(room.get_by_test_id("mode-next")).to_be_disabled()
    room.get_by_test_id("mode-site").fill("park")
    room.get_by_test_id("mode-next").click()
    assert field.live()["mode"]["mark"] == "SHADOW"
    room.get_by_test_id("mode-confirm").click()
    expect(room.get_by_test_id("mark")).to_have_attribute("data-value", "LIVE")
    assert field.live()["mode"]["mark"] == "LIVE"
    room.keyboard.press("Escape")
    field.wait_live(lambda live: writes(field) > 0, "the plant was not commanded")

    room.reload()
    room.get_by_test_id("mode-strip").click()
    room.get_by_test_id("mode-reason").fill("change of shift")
    room.get_by_test_id("mode-next").click()
    room.get_by_test_id("mode-confirm").click()
    expect(room.get_by_test_id("mark")).to_have_attribute("data-value", "SHADOW")
    assert field.live()["mode"]["mark"] == "SHADOW"
    room.keyboard.press("Escape")

    room.get_by_test_id("nav-log").click()
    rows = room.get_by_test_id("action-row")
    for what, why in (("armed", "commissioned"), ("disarmed", "change of shift")):
        expect(rows.and_(room.locator(f"[data-what={what}]")).first).to_contain_text(why)
