"""What holds on every page: anybody can use it, nothing fails in the browser, nothing leaves this server.

Each is visited once, and what is found there is told apart afterwards.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from playwright.sync_api import Browser, Page, expect

from config.page_list import PAGES, Entry
from tests.browser.conftest import watched
from tests.browser.sites import Site
from tests.browser.watching import Watch, barriers, load_axe

MOST_SCRIPT = 350 * 1000  # gzipped, at first load
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
DESK, PHONE = (1280, 800), (390, 844)

_ICONS = """[...document.querySelectorAll("use")].map((one) => one.getAttribute("href").split("#")[1])"""


@dataclass(frozen=True)
class Visit:
    """What was found on a page: its status, bytes of script, icons, barriers by colour scheme, width on a phone."""

    status: int
    script: int
    icons: frozenset[str]
    barriers: dict[str, list[Any]]
    phone_width: int


@pytest.fixture(scope="module")
def visits(
    site: Site, browser: Browser, signed_in: str, every_page: list[tuple[Entry, str]]
) -> Iterator[dict[str, Visit]]:
    """By the name of the page; the console, the policy and the origin are watched on the way."""
    with watched(site, browser, storage_state=signed_in) as insider, watched(site, browser) as stranger:
        yield {entry.name: _visit(*(insider if entry.signed_in else stranger), url) for entry, url in every_page}


def _visit(page: Page, watch: Watch, url: str) -> Visit:
    _resize(page, DESK)
    watch.scripts.clear()
    answer = page.goto(url)
    assert answer is not None
    watch.settle(page)
    script = sum(_gzipped(address) for address in watch.scripts)
    icons = frozenset(page.evaluate(_ICONS))
    load_axe(page)
    found: dict[str, list[Any]] = {}
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found[scheme] = barriers(page)
    _resize(page, PHONE)
    return Visit(answer.status, script, icons, found, page.evaluate("document.documentElement.scrollWidth"))


def _gzipped(address: str) -> int:
    """The size of the copy that the build leaves beside a script and the server sends."""
    file = finders.find(f"{urlsplit(address).path.removeprefix(settings.STATIC_URL)}.gz")
    assert file, address
    return Path(file).stat().st_size


def _resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})


def test_the_demo_has_something_to_show_on_every_page(visits: dict[str, Visit]) -> None:
    assert {entry.name for entry in PAGES} - visits.keys() == set()
    assert {name: visit.status for name, visit in visits.items() if visit.status != 200} == {}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_page_has_a_serious_barrier(visits: dict[str, Visit], scheme: str) -> None:
    found = {name: visit.barriers[scheme] for name, visit in visits.items() if visit.barriers[scheme]}
    assert found == {}, json.dumps(found, indent=2)


def test_no_page_is_wider_than_a_phone(visits: dict[str, Visit]) -> None:
    assert {name: visit.phone_width for name, visit in visits.items() if visit.phone_width > PHONE[0]} == {}


def test_scripts_stay_small(visits: dict[str, Visit]) -> None:
    assert {name: visit.script for name, visit in visits.items() if not 10_000 < visit.script < MOST_SCRIPT} == {}


def test_every_icon_is_in_the_sprite(visits: dict[str, Visit]) -> None:
    sprite = finders.find("dist/icons.svg")
    assert sprite
    there = set(re.findall(r'<symbol id="([^"]+)"', Path(sprite).read_text()))
    assert {name: visit.icons - there for name, visit in visits.items() if visit.icons - there} == {}


def test_pages_are_whole_without_script(site: Site, browser: Browser, signed_in: str) -> None:
    context = browser.new_context(
        base_url=site.origin, java_script_enabled=False, storage_state=signed_in, viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_role("link", name="Settings")).not_to_be_visible()
    page.get_by_role("link", name="Menu").click()
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Brands")).to_be_visible()
    context.close()
