"""Campaigns in a real browser: from a name to figures, taken back in time, by keyboard alone, in two tabs."""

import re

from playwright.sync_api import Page, expect

from tests.browser.sites import Site
from tests.browser.watching import check_axe


def begun(page: Page, name: str) -> None:
    """A draft of this name, at its audience."""
    page.goto("/campaigns/new")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Choose its audience").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def step_done(page: Page, label: str) -> None:
    expect(page.locator("#steps").get_by_role("button", name=f"Complete {label}")).to_be_visible()


def chosen_audience(page: Page) -> None:
    page.get_by_role("group", name="Lists", exact=True).get_by_label("Newsletter").check()
    expect(page.locator("#save-state")).to_contain_text("Saved at")
    expect(page.locator("#count")).to_contain_text("Audience")


def chosen_content(page: Page) -> None:
    page.get_by_label("From").select_option(index=1)
    page.get_by_label("Message template").select_option(label="Newsletter")
    step_done(page, "Content")
    expect(page.frame_locator("#message-look iframe").locator("body")).to_be_visible()


def sent_to(page: Page) -> int:
    """How many people the button of the review says."""
    button = page.get_by_role("button", name=re.compile(r"^Send to [\d,]+ pe"))
    expect(button).to_be_visible()
    return int(re.sub(r"\D", "", button.inner_text()))


def launch(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Send to")).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Send to")).click()
    expect(page.locator("#toasts")).to_contain_text("It goes out in ten seconds.")


def test_a_campaign_is_made_taken_back_launched_and_told_in_figures(page: Page) -> None:
    begun(page, "Browser: whole path")
    chosen_audience(page)
    page.get_by_role("button", name="Next: Content").click()
    chosen_content(page)
    page.get_by_role("button", name="Next: Schedule").click()
    page.get_by_role("button", name="Next: Review").click()
    people = sent_to(page)
    assert people > 0
    check_axe(page)
    launch(page)
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("nothing goes out")
    assert sent_to(page) == people

    launch(page)
    done = page.get_by_text(re.compile("It is done"))
    expect(done).to_be_visible()
    sent = page.locator("#figures .figure", has_text="Sent").locator(".figure-value").first
    expect(sent).to_have_text(f"{people:,}")
    expect(page.locator("#account")).to_contain_text("Everybody is accounted for.")
    check_axe(page)
    page.get_by_role("link", name="What happened").click()
    expect(page.get_by_text("froze its audience")).to_be_visible()


def test_the_builder_is_worked_by_keyboard_alone(page: Page) -> None:
    page.goto("/campaigns")
    page.get_by_role("link", name="New campaign").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/campaigns/new")
    page.get_by_label("Name").focus()
    page.keyboard.type("Browser: keys")
    page.keyboard.press("Enter")
    page.wait_for_url("**/audience")
    page.get_by_role("group", name="Lists", exact=True).get_by_label("Newsletter").focus()
    page.keyboard.press("Space")
    expect(page.locator("#save-state")).to_contain_text("Saved at")
    step_done(page, "Audience")
    page.locator("#steps").get_by_role("button", name="Content").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/content")
    page.get_by_label("From").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("News")
    step_done(page, "Content")
    page.get_by_role("button", name="Next: Schedule").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/schedule")
    page.get_by_label("As soon as I launch it").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Time zone")).not_to_have_value("")
    page.get_by_label("Messages a minute").focus()
    page.keyboard.type("60")
    expect(page.locator("#id_scheduled_local_wrong")).to_contain_text("Say when")
    page.get_by_label("At a time").focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#save-state")).to_contain_text("Saved at")
    expect(page.locator("#id_scheduled_local_wrong")).to_be_empty()
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Messages a minute")).to_have_value("")
    page.get_by_role("button", name="Redo").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Messages a minute")).to_have_value("60")
    page.get_by_role("button", name="Next: Review").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/review")
    page.get_by_role("button", name=re.compile("^Send to")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Within these you can take it back")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).not_to_be_visible()


def test_of_two_tabs_the_older_is_told_and_overwrites_nothing(page: Page) -> None:
    begun(page, "Browser: two tabs")
    other = page.context.new_page()
    other.goto(page.url)
    chosen_audience(page)
    other.get_by_role("group", name="Lists left out").get_by_label("Newsletter").check()
    expect(other.get_by_role("alert")).to_contain_text("changed in another tab")
    expect(other.locator("#save-state")).to_contain_text("Not saved")
    other.once("dialog", lambda dialog: dialog.accept())
    other.get_by_role("link", name="Load it anew").click()
    expect(other.get_by_role("group", name="Lists", exact=True).get_by_label("Newsletter")).to_be_checked()
    expect(other.get_by_role("group", name="Lists left out").get_by_label("Newsletter")).not_to_be_checked()
    other.close()


def test_the_back_button_leads_to_what_is_saved_and_saves_on(page: Page) -> None:
    begun(page, "Browser: back")
    chosen_audience(page)
    page.get_by_role("button", name="Next: Content").click()
    page.wait_for_url("**/content")
    page.get_by_label("Message template").select_option(label="Newsletter")
    expect(page.locator("#save-state")).to_contain_text("Saved at")
    page.go_back()
    newsletter = page.get_by_role("group", name="Lists", exact=True).get_by_label("Newsletter")
    expect(newsletter).to_be_checked()
    newsletter.uncheck()
    expect(page.locator("#save-state")).to_contain_text("Saved at")
    page.go_forward()
    expect(page.get_by_label("Message template")).to_have_value(re.compile("."))
    expect(page.locator("#steps").get_by_role("button", name="Complete Audience")).to_have_count(0)


def test_a_step_survives_an_ended_session(page: Page, site: Site) -> None:
    begun(page, "Browser: signed out")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("group", name="Lists", exact=True).get_by_label("Newsletter").check()
    page.get_by_label("Username").fill(site.name)
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("group", name="Lists", exact=True).get_by_label("Newsletter")).to_be_checked()
    expect(page.locator("#save-state")).to_contain_text("Saved at")
    expect(page.locator("#count")).to_contain_text("Audience")
