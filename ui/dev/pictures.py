"""Takes the pictures of docs/img: .venv/bin/python ui/dev/pictures.py [DEMO [SHADOW]].

DEMO is the address of a running demo (http://127.0.0.1:8420 unless given), SHADOW that of a site on real addresses.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

OUT = Path(__file__).resolve().parents[2] / "docs" / "img"
DESKTOP, PHONE = (1440, 900), (390, 844)
HISTORY = "#/history?points=b1.power_w,grid.power_w,b1.soc,b1.cell_voltage_min_v,b1.cell_voltage_max_v&span=day"
PICTURES = {
    "overview-zh-light": ("lang=zh&theme=light", DESKTOP),
    "overview-zh-dark": ("lang=zh&theme=dark", DESKTOP),
    "overview-en-light": ("lang=en&theme=light", DESKTOP),
    "overview-en-dark": ("lang=en&theme=dark", DESKTOP),
    "overview-phone": ("lang=zh&theme=light", PHONE),
    "history-en-light": ("lang=en&theme=light" + HISTORY, DESKTOP),
    "why-en-light": ("lang=en&theme=light#/log?view=why", DESKTOP),
}
IN_SHADOW = {
    "shadow-en-light": ("lang=en&theme=light", DESKTOP),
    "shadow-phone": ("lang=zh&theme=dark", PHONE),
}
SHOWN = ("history-panel", "cellmap][data-frame", "why")
SETTLE_MS = 3500  # the day, the tariff and a frame of cells have arrived by then


def take(browser: Browser, base: str, name: str, query: str, size: tuple[int, int]) -> None:
    width, height = size
    phone = width < 600
    context = browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=2 if phone else 1, is_mobile=phone
    )
    page = context.new_page()
    page.goto(f"{base}/?{query}")
    page.wait_for_selector(", ".join(f"[data-testid={hook}]" for hook in SHOWN))
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=OUT / f"{name}.png")
    context.close()


def main() -> None:
    base = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8420"
    wanted = [(base, PICTURES), *((shadow, IN_SHADOW) for shadow in sys.argv[2:3])]
    OUT.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        for address, pictures in wanted:
            for name, (query, size) in pictures.items():
                take(browser, address, name, query, size)
        browser.close()


if __name__ == "__main__":
    main()
