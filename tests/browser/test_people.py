"""People in the room: who they are, what they may, and what they are told where they may not."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_MS, Opened
from tests.whole.park import Park, running

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"
PEOPLE = {"guest": "viewer", "li.na": "operator", "wang": "administrator"}


@pytest.fixture(scope="module")
def park(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Park]:
    with running(tmp_path_factory.mktemp("people"), "park.toml", "--start", "2026-09-20T02:00") as park:
        for name, role in PEOPLE.items():
            park.post("/api/users", {"name": name, "role": role, "password": PASSWORD})
        yield park


def log_in(room: Page, name: str, password: str = PASSWORD) -> None:
    room.get_by_test_id("login-user").fill(name)
    room.get_by_test_id("login-password").fill(password)
    room.get_by_test_id("login-ok").click()


def entered(opened: Opened, park: Park, name: str) -> Page:
    room = opened(park)
    room.get_by_test_id("account").click()
    room.get_by_test_id("account-login").click()
    log_in(room, name)
    expect(room.get_by_test_id("account")).to_have_attribute("data-value", PEOPLE[name], timeout=PATIENCE_MS)
    expect(room.get_by_test_id("account")).to_contain_text(name)
    return room


def test_an_action_of_nobody_asks_for_a_login_and_goes_on_under_that_name(park: Park, opened: Opened) -> None:
    room = opened(park)
    expect(room.get_by_test_id("account")).to_have_attribute("data-value", "viewer")
    room.get_by_test_id("lock-open").click()
    room.get_by_test_id("lock-reason").fill("inspection")
    room.get_by_test_id("lock-confirm").click()
    log_in(room, "li.na", "not the password")
    expect(room.get_by_test_id("login-refused")).to_be_visible(timeout=PATIENCE_MS)
    assert park.live()["locks"] == []
    log_in(room, "li.na")
    expect(room.get_by_test_id("lock-row")).to_contain_text("li.na", timeout=PATIENCE_MS)

    room.get_by_test_id("unlock").click()
    room.get_by_test_id("lock-reason").fill("inspected")
    room.get_by_test_id("unlock-checked").check()
    room.get_by_test_id("lock-confirm").click()
    expect(room.get_by_test_id("lock-row")).to_have_count(0, timeout=PATIENCE_MS)

    room.get_by_test_id("account").click()
    room.get_by_test_id("logout").click()
    expect(room.get_by_test_id("account")).to_have_attribute("data-name", "", timeout=PATIENCE_MS)


def test_what_a_role_may_not_is_there_disabled_and_says_why(park: Park, opened: Opened) -> None:
    room = entered(opened, park, "guest")
    lock = room.get_by_test_id("lock-open")
    expect(lock).to_have_attribute("aria-disabled", "true")
    lock.click(force=True)
    expect(room.get_by_test_id("told")).to_contain_text("needs the role Operator")
    expect(room.get_by_test_id("lock-dialog")).to_have_count(0)
    room.get_by_test_id("nav-more").click()
    for panel, role in (("users", "administrator"), ("tokens", "administrator"), ("faults", "engineer")):
        note = room.get_by_test_id(panel).get_by_test_id("denied")
        expect(note).to_have_attribute("data-value", role)
    room.get_by_test_id("manual-preview").click()
    expect(room.get_by_test_id("manual-preview-text")).to_be_visible(timeout=PATIENCE_MS)
    expect(room.get_by_test_id("manual-confirm")).to_have_attribute("aria-disabled", "true")

    operator = entered(opened, park, "li.na")
    expect(operator.get_by_test_id("lock-open")).to_be_enabled()
    operator.get_by_test_id("nav-more").click()
    expect(operator.get_by_test_id("faults").get_by_test_id("denied")).to_be_visible()


def test_an_administrator_makes_people_and_tokens_and_a_removed_one_must_log_in_again(
    park: Park, opened: Opened
) -> None:
    room = entered(opened, park, "wang")
    room.get_by_test_id("nav-more").click()
    room.get_by_test_id("user-name").fill("chen")
    room.get_by_test_id("user-role").select_option("operator")
    room.get_by_test_id("user-password").fill("short")
    room.get_by_test_id("user-add").click()
    expect(room.get_by_test_id("users").get_by_role("alert")).to_be_visible(timeout=PATIENCE_MS)
    room.get_by_test_id("user-password").fill(PASSWORD)
    room.get_by_test_id("user-add").click()
    row = room.get_by_test_id("user-row").and_(room.locator("[data-name=chen]"))
    expect(row).to_have_attribute("data-role", "operator", timeout=PATIENCE_MS)

    room.get_by_test_id("token-label").fill("dispatcher")
    room.get_by_test_id("token-role").select_option("operator")
    room.get_by_test_id("token-add").click()
    secret = room.get_by_test_id("token-made").inner_text()
    machine = opened(park, f"token={secret}")
    expect(machine.get_by_test_id("account")).to_have_attribute("data-value", "operator", timeout=PATIENCE_MS)
    assert secret not in machine.url

    PEOPLE["chen"] = "operator"
    chen = entered(opened, park, "chen")
    row.get_by_test_id("user-remove").click()
    room.get_by_test_id("user-sure").click()
    expect(row).to_have_count(0, timeout=PATIENCE_MS)
    chen.get_by_test_id("lock-open").click()
    chen.get_by_test_id("lock-reason").fill("too late")
    chen.get_by_test_id("lock-confirm").click()
    expect(chen.get_by_test_id("login-dialog")).to_be_visible(timeout=PATIENCE_MS)
    assert park.live()["locks"] == []


def test_ones_own_password_is_changed_and_who_guesses_must_wait(park: Park, opened: Opened) -> None:
    room = entered(opened, park, "guest")
    room.get_by_test_id("account").click()
    room.get_by_test_id("password-old").fill(PASSWORD)
    room.get_by_test_id("password-new").fill("another long one")
    room.get_by_test_id("password-again").fill("another long on")
    expect(room.get_by_test_id("password-ok")).to_be_disabled()
    room.get_by_test_id("password-again").fill("another long one")
    room.get_by_test_id("password-ok").click()
    expect(room.get_by_test_id("password-done")).to_be_visible(timeout=PATIENCE_MS)

    other = opened(park)
    other.get_by_test_id("account").click()
    other.get_by_test_id("account-login").click()
    told = other.get_by_test_id("login-refused")
    for _ in range(30):
        log_in(other, "guest", "a guess")
        expect(told).to_be_visible(timeout=PATIENCE_MS)
        expect(other.get_by_test_id("login-password")).to_have_value("", timeout=PATIENCE_MS)
        if "wait" in told.inner_text():
            break
    expect(told).to_contain_text("wait")
    expect(other.get_by_test_id("login-ok")).to_be_disabled()
