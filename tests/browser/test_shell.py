"""The shell in a real browser: signing in, the search, lists, what survives a session that has ended."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from tests.browser.sites import Site


def _make_key(page: Page, name: str) -> None:
    page.goto("/settings/keys/new")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Me", exact=True).check()
    page.get_by_label("contacts:read").check()
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("heading", name="Copy the key now")).to_be_visible()


def test_signing_in_leads_to_the_page_asked_for_and_out_again(stranger: Page, site: Site) -> None:
    stranger.goto("/settings/keys?q=shop")
    expect(stranger).to_have_url(re.compile("/sign-in"))
    stranger.get_by_label("Username").fill(site.name)
    stranger.get_by_label("Password").fill("wrong")
    stranger.get_by_role("button", name="Sign in").click()
    expect(stranger.get_by_role("alert")).to_contain_text("do not go together")
    expect(stranger.get_by_label("Username")).to_have_value(site.name)
    stranger.get_by_label("Password").fill(site.password)
    stranger.get_by_role("button", name="Sign in").click()
    expect(stranger).to_have_url(f"{site.origin}/settings/keys?q=shop")
    stranger.get_by_role("button", name=site.name).click()
    stranger.get_by_role("button", name="Sign out").click()
    expect(stranger.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_search_is_worked_by_keyboard_alone(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("/")
    field = page.get_by_role("combobox")
    expect(field).to_be_focused()
    page.keyboard.type("api keys")
    expect(page.get_by_role("option", selected=True)).to_contain_text("API keys")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/settings/keys$"))
    page.keyboard.press("Control+k")
    expect(field).to_be_visible()
    page.keyboard.press("Escape")
    expect(field).not_to_be_visible()


@pytest.mark.parametrize("gone", ["sessionid", "csrftoken"])
def test_a_form_of_an_ended_session_keeps_what_was_typed(stranger: Page, site: Site, gone: str) -> None:
    """Without its token, too, as after a sign-in in another tab."""
    sign_in(stranger, site)
    stranger.goto("/settings/keys/new")
    stranger.get_by_label("Name").fill("Shop backend")
    stranger.get_by_label("Me", exact=True).check()
    stranger.get_by_label("contacts:read").check()
    stranger.context.clear_cookies(name=gone)
    stranger.get_by_role("button", name="Make the key").click()
    if gone == "sessionid":
        stranger.get_by_label("Username").fill(site.name)
        stranger.get_by_label("Password").fill(site.password)
        stranger.get_by_role("button", name="Sign in").click()
    else:
        stranger.get_by_role("link", name="Go back").click()
    expect(stranger.get_by_label("Name")).to_have_value("Shop backend")
    expect(stranger.get_by_label("contacts:read")).to_be_checked()
    expect(stranger.get_by_label("Me", exact=True)).to_be_checked()


def test_nonsense_is_told_beside_its_field_and_kept(page: Page) -> None:
    page.goto("/settings/keys/new")
    page.get_by_label("Name").fill("Shop")
    page.get_by_label("Ends at").fill("2001-01-01T00:00")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("alert")).to_contain_text("3 things need your attention")
    expect(page.get_by_label("Name")).to_have_value("Shop")
    expect(page.locator("#id_expires_at_error")).to_contain_text("choose a later time")
    page.get_by_role("alert").get_by_role("link", name="Ends at").click()
    expect(page).to_have_url(re.compile("#id_expires_at"))


def test_a_list_narrows_while_one_types_and_asks_before_it_does_something_to_many(page: Page) -> None:
    for name in ("Till one", "Till two", "Warehouse"):
        _make_key(page, name)
    page.goto("/settings/keys")
    page.get_by_label("Name or first letters").press_sequentially("till")
    expect(page.get_by_role("row")).to_have_count(3)  # with its head
    expect(page).to_have_url(re.compile(r"\?.*q=till"))
    page.get_by_label("Tick all on this page").check()
    page.get_by_role("button", name="Revoke").click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("Revoke 2 keys?")
    asked.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("table").get_by_text("Revoked")).to_have_count(0)
    page.get_by_role("button", name="Revoke").click()
    asked.get_by_role("button", name="Revoke 2").click()
    expect(page.get_by_text("2 keys are revoked.")).to_be_visible()
    expect(page.get_by_role("table").get_by_text("Revoked")).to_have_count(2)


def test_ten_megabytes_in_a_form_are_told_and_nothing_is_sent(page: Page) -> None:
    page.goto("/audience/lists/new")
    page.get_by_label("Name", exact=True).fill("Long")
    page.get_by_label("What it is for").evaluate("(field) => (field.value = 'x'.repeat(10_000_000))")
    page.get_by_role("button", name="Make the list").click()
    expect(page.locator("#toasts")).to_contain_text("Nothing was sent or lost")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Long")
    page.get_by_label("What it is for").fill("Short")
    page.get_by_role("button", name="Make the list").click()
    expect(page.get_by_role("heading", name="Long", level=1)).to_be_visible()


def test_light_and_dark_are_chosen_and_remembered(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/")
    page.get_by_role("button", name="Light or dark").click()
    page.goto("/settings/keys")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_the_columns_chosen_stay(page: Page) -> None:
    _make_key(page, "For columns")
    page.goto("/settings/keys")
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Owner").uncheck()
    page.get_by_role("button", name="Show these").click()
    expect(page.get_by_role("columnheader", name="Owner")).to_have_count(0)
    page.goto("/settings/keys")
    expect(page.get_by_role("columnheader", name="State")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Owner")).to_have_count(0)
