"""The whole path in a real browser: from the sign-in to the figures of a campaign that was read and left."""

import re

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.sites import Site
from tests.browser.test_campaigns import begun, launch, sent_to, step_done
from tests.browser.test_content import begun as template_begun

# a browser without a window says so, and what it opens counts as a machine's
READER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
NAME = "From start to end"
PEOPLE = ("ida@path.test", "jon@path.test", "kim@path.test")
CSV = "email,first_name,club\n" + "".join(
    f"{email},{email[:3].title()},{club}\n" for email, club in zip(PEOPLE, ("summit", "summit", "valley"), strict=True)
)


@pytest.mark.timeout(300)  # it waits for ten seconds, and for the workers
def test_from_the_sign_in_to_the_figures(stranger: Page, site: Site) -> None:
    page = stranger
    page.context.set_extra_http_headers({"User-Agent": READER})
    sign_in(page, site)
    _import(page)
    _segment(page)
    template_begun(page, "Promotion", NAME)
    assert _campaign(page) == 2
    page.goto("/campaigns")
    page.get_by_role("link", name=NAME).click()
    expect(page.get_by_text("It is done: all 2 people")).to_be_visible()
    campaign = page.url

    unsubscribe = _read_a_mail(page)
    page.goto(unsubscribe)
    page.get_by_role("button", name=re.compile("^Leave|^Unsubscribe")).click()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()

    page.goto(campaign)
    for label, number in (("Sent", "2"), ("Opened by people", "1"), ("Clicked by people", "1"), ("Unsubscribed", "1")):
        expect(_figure(page, label)).to_have_text(number)
    expect(page.get_by_role("table").get_by_text("https://").first).to_be_visible()  # clicks by link
    page.get_by_label("Address", exact=True).fill(PEOPLE[2])
    page.get_by_role("button", name="Find out").click()
    expect(page.locator("#why")).to_contain_text("not")


def _import(page: Page) -> None:
    page.get_by_role("link", name="Audience").click()
    page.get_by_role("link", name="Imports").click()
    page.get_by_role("link", name="Import people").first.click()
    page.locator("input[type=file]").set_input_files(
        FilePayload(name="path.csv", mimeType="text/csv", buffer=CSV.encode())
    )
    page.wait_for_url("**/columns")
    page.get_by_label("Or on a new list named").fill(NAME)
    page.get_by_role("button", name="Check the file").click()
    begin = page.get_by_role("button", name="Import 3 people").first
    expect(begin).to_be_visible()
    begin.click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Import")).click()
    expect(page.get_by_role("link", name="See these people")).to_be_visible()


def _segment(page: Page) -> None:
    """Those of the file who are in one club."""
    page.goto("/audience/segments/new")
    page.get_by_label("Name").fill(NAME)
    page.locator("[data-part=field]").first.focus()
    page.keyboard.type("club")
    expect(page.locator(".rules-options [role=option]").first).to_contain_text(re.compile("club", re.IGNORECASE))
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("summit")
    expect(page.locator("[data-look-size]")).to_contain_text("2 people now")
    page.get_by_role("button", name="Make the segment").click()
    expect(page.get_by_role("heading", name=NAME, level=1)).to_be_visible()


def _campaign(page: Page) -> int:
    """From its audience to the launch; how many people the button named."""
    begun(page, NAME)
    page.get_by_role("group", name="Segments", exact=True).get_by_label(NAME).check()
    expect(page.locator("#count")).to_contain_text("2")
    page.get_by_role("button", name="Next: Content").click()
    page.get_by_label("From").select_option(index=1)
    page.get_by_label("Message template").select_option(label=NAME)
    step_done(page, "Content")
    expect(page.locator("#message-look")).to_contain_text("As Ida gets it")
    page.get_by_role("button", name="Next: Schedule").click()
    page.get_by_role("button", name="Next: Review").click()
    people = sent_to(page)
    launch(page)
    return people


def _read_a_mail(page: Page) -> str:
    """Somebody opens it and follows its links; the address of its unsubscribe link."""
    page.goto("/mailbox/")
    page.get_by_role("searchbox").fill("ida@path.test")
    page.get_by_role("link", name=re.compile(re.escape("ida@path.test"))).click()
    page.get_by_role("button", name="Click every link", exact=True).click()
    expect(page.get_by_text(re.compile("Opened, and all .* links clicked"))).to_be_visible()
    page.locator(".mail-links summary").click()
    address = page.locator(".mail-links a[href*='/u/']").first.get_attribute("href")
    assert address
    return address


def _figure(page: Page, label: str) -> Locator:
    words = page.locator(".figure-label", has_text=re.compile(rf"^\s*{label}"))
    return page.locator("#figures .figure", has=words).locator(".figure-value").first
