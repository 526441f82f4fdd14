"""What holds on every page: anybody can use it, nothing fails in the browser, nothing leaves this server."""

import pytest
from playwright.sync_api import Browser, Page

from config.page_list import Entry
from tests.browser.sites import Site
from tests.browser.watching import check_axe

MOST_SCRIPT = 350 * 1000  # gzipped, at first load
_SCRIPT_BYTES = """performance.getEntriesByType("resource").filter((one) => one.name.endsWith(".js"))
  .reduce((sum, one) => sum + one.encodedBodySize, 0)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_barrier(page: Page, every_page: list[tuple[Entry, str]], scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for _entry, url in every_page:
        answer = page.goto(url)
        assert answer is not None and answer.status == 200, url
        page.wait_for_load_state("networkidle")
        check_axe(page)


def test_no_page_is_wider_than_a_phone(page: Page, every_page: list[tuple[Entry, str]]) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for _entry, url in every_page:
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, url


def test_scripts_stay_small(page: Page, every_page: list[tuple[Entry, str]]) -> None:
    for _entry, url in every_page:
        page.goto(url)
        page.wait_for_load_state("networkidle")
        assert 10_000 < page.evaluate(_SCRIPT_BYTES) < MOST_SCRIPT, url


def test_pages_are_whole_without_script(site: Site, browser: Browser, signed_in: str) -> None:
    context = browser.new_context(
        base_url=site.origin, java_script_enabled=False, storage_state=signed_in, viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    page.goto("/")
    assert not page.get_by_role("link", name="Settings").is_visible()
    page.get_by_role("link", name="Menu").click()
    page.get_by_role("link", name="Settings").click()
    assert page.get_by_role("heading", level=1).is_visible()
    context.close()
