"""`make screenshots`: every page with demo data into screenshots/, light and dark, wide, laptop and narrow.

Not collected with the tests: it is run by its name. PAGES="home settings-keys" takes only these.
"""

import os
from pathlib import Path

from django.conf import settings
from playwright.sync_api import Page

from config.page_list import Entry

FOLDER = Path(settings.BASE_DIR) / "screenshots"
SIZES = ((1440, 900), (1280, 800), (390, 844))


def test_pictures_of_every_page(page: Page, stranger: Page, every_page: list[tuple[Entry, str]]) -> None:
    FOLDER.mkdir(exist_ok=True)
    wanted = os.environ.get("PAGES", "").split()
    for entry, url in every_page:
        if not wanted or entry.name in wanted:
            _take(page if entry.signed_in else stranger, entry.name, url)


def _take(page: Page, name: str, url: str) -> None:
    page.goto(url)
    page.wait_for_load_state("networkidle")
    for dark in (False, True):
        page.emulate_media(color_scheme="dark" if dark else "light")
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            _show_all(page, width)
            theme = "dark" if dark else "light"
            page.screenshot(path=FOLDER / f"{name}-{theme}-{width}.png", full_page=True)


def _show_all(page: Page, width: int) -> None:
    """A window as high as the page: frames that nobody could see would be neither loaded nor painted."""
    page.set_viewport_size({"width": width, "height": page.evaluate("document.documentElement.scrollHeight")})
    page.wait_for_load_state("networkidle")
    if page.locator("iframe").count():
        page.wait_for_timeout(300)
