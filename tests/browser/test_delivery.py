"""Delivery and Trust in a real browser: a mail read and clicked, preferences without script, suppressed and lifted."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.sites import Site
from tests.browser.watching import check_axe


def _open_newest(page: Page) -> None:
    page.goto("/mailbox/")
    page.keyboard.press("j")
    expect(page.locator("[data-mail-title]")).to_be_focused()


def _unsubscribe_address(page: Page) -> str:
    _open_newest(page)
    page.locator(".mail-links summary").click()
    href = page.locator(".mail-links a[href*='/u/']").first.get_attribute("href")
    assert href
    return href


def test_mails_are_gone_through_by_keyboard_and_clicked(page: Page) -> None:
    _open_newest(page)
    first = page.url
    page.keyboard.press("j")
    expect(page).not_to_have_url(first)
    page.keyboard.press("k")
    expect(page).to_have_url(first)
    page.get_by_role("button", name="Click every link", exact=True).click()
    expect(page.get_by_text(re.compile("Opened, and all .* links clicked"))).to_be_visible()
    page.get_by_role("link", name="Source").click()
    expect(page.locator("pre.mail-text")).to_contain_text("Message-ID")


def test_preferences_are_changed_without_script(page: Page, site: Site, browser: Browser) -> None:
    link = _unsubscribe_address(page)
    context = browser.new_context(
        base_url=site.origin, java_script_enabled=False, viewport={"width": 390, "height": 844}
    )
    reader = context.new_page()
    reader.goto(link)
    reader.get_by_role("link", name="Choose what you get instead").click()
    reader.get_by_role("checkbox").first.uncheck()
    reader.get_by_role("button", name="Save").click()
    assert reader.get_by_role("status").is_visible()
    assert not reader.get_by_role("checkbox").first.is_checked()
    reader.get_by_role("button", name="Stop all mail").click()
    assert reader.get_by_text("You get no marketing mail").is_visible()
    reader.get_by_role("button", name="again").click()
    assert reader.get_by_role("checkbox").first.is_visible()
    assert reader.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_the_preferences_page_has_no_serious_barrier(page: Page) -> None:
    link = _unsubscribe_address(page)
    page.goto(f"{link}/preferences")
    check_axe(page)


def test_an_address_is_suppressed_found_and_lifted(page: Page) -> None:
    page.goto("/trust/suppressions/new")
    page.get_by_label("Address").fill("nobody")
    page.get_by_role("button", name="Suppress it").click()
    expect(page.get_by_label("Address")).to_have_value("nobody")
    page.get_by_label("Address").fill("ida@people.example")
    page.get_by_label("Why").fill("Asked by phone")
    page.get_by_role("button", name="Suppress it").click()
    page.wait_for_url("**/trust/suppressions")
    page.get_by_label("Exact address").fill("Ida@people.example")
    page.get_by_role("button", name="Look it up").click()
    expect(page.get_by_text("Suppressed by hand").first).to_be_visible()
    assert "people.example" not in page.url
    page.get_by_role("button", name="Lift …").click()
    page.get_by_label("Why, and how they asked").fill("A mistake")
    page.get_by_role("button", name="Lift it").click()
    page.wait_for_url("**/trust/suppressions")
    page.goto("/trust/audit")
    expect(page.get_by_text("Suppression lifted").first).to_be_visible()


def test_an_account_is_put_out_of_use_asked_first_and_back(page: Page) -> None:
    page.goto("/delivery/sending")
    page.get_by_role("button", name="Take out of use").first.click()
    dialog = page.get_by_role("dialog", name=re.compile("out of use"))
    dialog.get_by_role("button", name="Take out of use").click()
    expect(page.get_by_text("Out of use").first).to_be_visible()
    page.get_by_role("button", name="Use it").first.click()
    expect(page.get_by_text("Works").first).to_be_visible()
