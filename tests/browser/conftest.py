"""Browser tests: a real Chromium on the real site with demo data, one of each for all of them.

They last for this package and no longer: Playwright keeps an event loop running, under which asyncio's tests cannot.

- `page`: signed in; the test fails on any console error, policy violation or request that leaves the origin.
- `stranger`: the same, not signed in.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from playwright.sync_api import Browser, Page, expect
from pytest_django import DjangoDbBlocker

from config.page_list import Entry, addresses
from delivery.mailbox.store import Mailbox
from tests import databases
from tests.browser.chromium import chromium
from tests.browser.sites import Site, demo_site
from tests.browser.watching import Watch
from tests.conftest import pointed_at
from tests.support.waiting import until

_PATIENCE_MS = 90_000  # a busy machine
expect.set_options(timeout=_PATIENCE_MS)


@pytest.fixture(scope="package")
def demo_database(django_db_setup: None) -> Iterator[str]:
    name = f"{databases.session_database()}_browser"
    databases.clone(name)
    try:
        yield name
    finally:
        databases.drop(name)


@pytest.fixture(scope="package")
def site(demo_database: str) -> Iterator[Site]:
    with demo_site(databases.urls(demo_database)) as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="package")
def signed_in(site: Site, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cookies of somebody who has signed in."""
    kept = tmp_path_factory.mktemp("browser") / "cookies.json"
    context = browser.new_context(base_url=site.origin)
    sign_in(context.new_page(), site)
    context.storage_state(path=kept)
    context.close()
    return kept


@pytest.fixture
def page(site: Site, browser: Browser, signed_in: Path) -> Iterator[Page]:
    with watched(site, browser, storage_state=signed_in) as (page, _watch):
        yield page


@pytest.fixture
def stranger(site: Site, browser: Browser) -> Iterator[Page]:
    with watched(site, browser) as (page, _watch):
        yield page


@pytest.fixture(scope="package")
def every_page(site: Site, demo_database: str, django_db_blocker: DjangoDbBlocker) -> list[tuple[Entry, str]]:
    """Each page of the product that the demo has something to show on, once its first mail has come."""
    with django_db_blocker.unblock(), pointed_at(demo_database), override_settings(MAILBOX_DIR=site.mailbox):
        until(lambda: Mailbox(site.mailbox).page(size=1).mails, "a mail arrives")
        return list(addresses())


def sign_in(page: Page, site: Site) -> None:
    page.goto("/sign-in")
    page.get_by_label("Username").fill(site.name)
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")


@contextmanager
def watched(site: Site, browser: Browser, **options: Any) -> Iterator[tuple[Page, Watch]]:
    """A page of its own. Raises AssertionError at its end when something was found."""
    context = browser.new_context(base_url=site.origin, reduced_motion="reduce", **options)
    context.set_default_timeout(_PATIENCE_MS)
    watch = Watch(site.origin)
    watch.over(context)
    yield context.new_page(), watch
    context.close()
    assert watch.problems == []
