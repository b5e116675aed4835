"""A park, a browser, and the control room open in it; the room fails its test if its page logs an error."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.whole.park import Park, running

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PATIENCE_MS = 30_000
DESKTOP, PHONE = (1440, 900), (390, 844)

Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def park(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Park]:
    """The demo park on a September morning, at the speed of the clock."""
    with running(tmp_path_factory.mktemp("room"), "park.toml", "--start", "2026-09-20T02:00") as park:
        yield park


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    if not CHROMIUM.exists():
        pytest.skip("no Chromium at /usr/bin/chromium; .ci/run installs Debian's")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    """Opens the room of a park as somebody new: nothing is kept of other tests. `at` is what follows the `#`."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_room(park: Park, at: str = "", size: tuple[int, int] = DESKTOP, language: str = "en") -> Page:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="en-US")
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{park.url}/?lang={language}&theme=light#{at}")
        expect(page.get_by_test_id("mark")).to_be_visible(timeout=PATIENCE_MS)
        return page

    yield open_room
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def room(opened: Opened, park: Park) -> Page:
    """The overview in English, with the token of the first start, on a desktop."""
    page = opened(park, f"token={park.token}")
    expect(page.get_by_test_id("kpi-power")).to_contain_text("W", timeout=PATIENCE_MS)
    return page
