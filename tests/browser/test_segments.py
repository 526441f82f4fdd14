"""Segments in a real browser: a rule built by keyboard alone, told where it is wrong, never lost."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from tests.browser.sites import Site
from tests.browser.watching import check_axe

NEW = "/audience/segments/new"
PRO = {"field": "attributes.plan", "operator": "equals", "value": "pro"}
GERMAN = {"field": "country", "operator": "equals", "value": "DE"}

_PASTE = """field => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", "x".repeat(10_000_000));
  field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


def _json_of(page: Page) -> Any:
    return json.loads(page.locator("[data-rule-json]").input_value())


def _tab_to(page: Page, part: str) -> None:
    for _step in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.part") == part:
            return
    raise AssertionError(f"no {part} by keyboard")


def _pick(page: Page, words: str) -> None:
    """Choose from what the field in use offers."""
    page.keyboard.type(words)
    expect(page.locator(".rules-options [role=option]").first).to_contain_text(re.compile(words, re.IGNORECASE))
    page.keyboard.press("Enter")


def _made(page: Page, name: str, rule: Any) -> str:
    """The address of a new segment, made by its JSON."""
    page.goto(NEW)
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="JSON", exact=True).click()
    page.get_by_label("Rule as JSON").fill(json.dumps(rule))
    page.get_by_role("button", name="Use this JSON").click()
    expect(page.get_by_label("Rule as JSON")).to_be_hidden()
    page.get_by_role("button", name="Make the segment").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    return page.url


def test_a_nested_rule_is_built_by_keyboard_alone(page: Page) -> None:
    page.goto(NEW)
    page.get_by_label("Name").focus()
    keys = page.keyboard
    keys.type("By keyboard")
    _tab_to(page, "field")
    _pick(page, "country")
    keys.press("Tab")
    keys.type("DE")
    _tab_to(page, "add-group")
    keys.press("Enter")
    _pick(page, "plan")
    keys.press("Tab")
    keys.type("pro")
    keys.press("Control+d")  # the condition once more
    _tab_to(page, "remove")
    keys.press("Shift+Tab")
    keys.press("Enter")  # its menu
    expect(page.get_by_role("menuitem", name="Take out of its group")).to_be_visible()
    keys.press("Escape")
    keys.press("Alt+ArrowLeft")
    keys.press("Alt+ArrowUp")
    assert _json_of(page) == {
        "logic": "AND", "conditions": [GERMAN, PRO, {"logic": "OR", "conditions": [PRO]}],
    }  # fmt: skip
    keys.press("Control+z")
    keys.press("Control+z")
    keys.press("Control+z")
    assert _json_of(page)["conditions"] == [GERMAN, {"logic": "OR", "conditions": [PRO]}]
    keys.press("Control+y")
    expect(page.locator("[data-look-sentence]")).to_have_text(
        "Contacts where country is “DE” and (plan is “pro” or plan is “pro”)."
    )
    expect(page.locator("[data-look-size]")).to_contain_text("people now")
    page.get_by_label("Name").focus()
    keys.press("Enter")
    expect(page.get_by_role("heading", name="By keyboard", level=1)).to_be_visible()
    expect(page.locator("#people")).to_contain_text("now")


@pytest.fixture
def everything() -> Any:
    """A rule in normal form with each shape of value."""
    leaves = [
        GERMAN,
        {"field": "country", "operator": "in", "value": ["DE", "FR"]},
        {"field": "email", "operator": "exists"},
        {"field": "attributes.mrr", "operator": "between", "value": [1, 9.5]},
        {"field": "attributes.mrr", "operator": "not_in", "value": [1, 2]},
        {"field": "created_at", "operator": "within_last", "value": "36_hours"},
        {"field": "created_at", "operator": "greater_than", "value": "2026-05-01T10:00:00Z"},
        {"field": "created_at", "operator": "between", "value": ["1_year_ago", "tomorrow"]},
        {"field": "cohort_on", "operator": "less_than_or_equal", "value": "2026-05-01"},
        {"field": "cohort_on", "operator": "equals", "value": "in_2_weeks"},
        {"field": "cohort_on", "operator": "anniversary_within_next", "value": "7_days"},
        {"field": "country_group", "operator": "in", "value": ["european_union", "africa"]},
        {"field": "event.page_viewed", "operator": "did", "value": {}},
        {
            "field": "event.page_viewed",
            "operator": "did",
            "value": {
                "count": {"operator": "between", "value": [2, 5]},
                "within": "14_days",
                "where": [
                    {"property": "path", "operator": "in", "value": ["/pricing", "/"]},
                    {"property": "title", "operator": "not_exists"},
                ],
            },
        },
        {
            "field": "event.order_completed",
            "operator": "did_not",
            "value": {
                "sum": {"property": "discount", "operator": "greater_than", "value": 9.5},
                "between": ["30_days_ago", "2026-05-01T10:00:00Z"],
            },
        },
        {
            "field": "event.order_completed",
            "operator": "did",
            "value": {"last": {"operator": "less_than", "value": "6_hours_ago"}},
        },
        {"field": "message.opened", "operator": "did_not", "value": {"within": "1_month", "machines": True}},
    ]
    deep = {"logic": "OR", "conditions": [*leaves, {"logic": "AND", "conditions": leaves, "not": True}], "not": True}
    return {"logic": "AND", "conditions": [*leaves, deep]}


def test_what_is_drawn_goes_back_to_the_same_json(page: Page, everything: Any) -> None:
    url = _made(page, "Everything", everything)
    page.goto(f"{url}/edit")
    expect(page.locator("[data-rules-tree] [data-path]")).to_have_count(54)
    assert _json_of(page) == everything
    for field in page.locator("[data-rules-tree] [inputmode=numeric]").all()[:3]:
        field.press("End")
        field.press("x")
        field.press("Backspace")
    page.get_by_role("button", name="JSON", exact=True).click()
    assert _json_of(page) == everything
    check_axe(page)


def test_a_condition_on_an_event_is_built_by_keyboard_and_told_at_its_part(page: Page) -> None:
    page.goto(NEW)
    page.get_by_label("Name").fill("Looked at prices")
    keys = page.keyboard
    page.get_by_role("combobox", name="Field").focus()
    _pick(page, "page viewed")
    keys.press("Tab")
    keys.type("number")
    keys.press("Tab")
    keys.type("is more")
    page.get_by_label("In which time").focus()
    keys.type("in the")
    page.get_by_role("button", name="Only where a property").press("Enter")
    keys.type("path")
    path = page.locator('[data-at="/value/where/0/value"]')
    page.get_by_role("button", name="Make the segment").click()
    expect(path).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("Write a value.")).to_be_visible()
    path.fill("/pricing")
    expect(page.locator("[data-look-sentence]")).to_have_text(
        "Contacts where the contact has viewed a page where path is “/pricing” more than 2 times in the last 30 days."
    )
    count = page.locator('[data-at="/value/count/value"]')
    count.fill("1.5")
    mark = page.locator('[data-pointer="/conditions/0"] > [data-mark]')
    expect(mark).to_contain_text("whole number")
    expect(count).to_have_attribute("aria-invalid", "true")
    count.fill("2")
    expect(mark).to_be_hidden()
    check_axe(page)
    page.get_by_role("button", name="Make the segment").click()
    expect(page.get_by_role("heading", name="Looked at prices", level=1)).to_be_visible()


def test_nonsense_is_marked_at_its_condition_and_kept(page: Page) -> None:
    page.goto(NEW)
    page.get_by_label("Name").fill("Wrong")
    page.get_by_role("button", name="Make the segment").click()
    expect(page.get_by_text("Choose what it is about.")).to_be_visible()
    page.get_by_role("combobox", name="Field").click()
    page.get_by_role("option", name="Country", exact=True).click()
    page.get_by_role("combobox", name="Value: country").fill("Nowhere at all")
    mark = page.locator('[data-pointer="/conditions/0"] > [data-mark]')
    expect(mark).to_contain_text("Nowhere at all")  # by the server, while one writes
    expect(page.get_by_role("combobox", name="Value: country")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Make the segment").click()
    expect(page.get_by_role("alert").first).to_contain_text("see the marks")
    expect(mark).to_contain_text("Nowhere at all")
    expect(page.get_by_role("combobox", name="Value: country")).to_have_value("Nowhere at all")
    check_axe(page)


def test_forty_levels_and_ten_megabytes_are_told_in_words(page: Page) -> None:
    rule: Any = GERMAN
    for _level in range(40):
        rule = {"logic": "OR", "conditions": [GERMAN, rule]}
    page.goto(NEW)
    page.get_by_label("Name").fill("Deep")
    page.get_by_role("button", name="JSON", exact=True).click()
    field = page.get_by_label("Rule as JSON")
    field.evaluate(_PASTE)
    expect(page.get_by_text("too long for a rule")).to_be_visible()
    field.fill(json.dumps(rule))
    page.get_by_role("button", name="Use this JSON").click()
    expect(page.get_by_text("groups may be nested 20 deep")).to_be_visible()
    page.get_by_role("button", name="Make the segment").click()
    deepest = page.locator(f'[data-pointer="{"/conditions/1" * 20}"] > [data-mark]')
    expect(deepest).to_contain_text("nested 20 deep")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_two_windows_on_one_segment_overwrite_nothing(page: Page) -> None:
    url = _made(page, "Two windows", {"logic": "AND", "conditions": [GERMAN]})
    other = page.context.new_page()
    for one in (page, other):
        one.goto(f"{url}/edit")
    other.get_by_label("What has changed").fill("From the other window")
    other.get_by_role("combobox", name="Value: country").fill("FR")
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_text("Version 2 is saved.")).to_be_visible()
    page.get_by_role("combobox", name="Value: country").fill("ES")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Nothing was overwritten")).to_be_visible()
    expect(page.get_by_role("combobox", name="Value: country")).to_have_value("ES")
    page.get_by_role("button", name="Save").click()  # knowingly
    expect(page.get_by_text("Version 3 is saved.")).to_be_visible()
    page.goto(f"{url}/history?old=2")
    expect(page.get_by_text("From the other window")).to_be_visible()
    expect(page.locator("ins")).to_contain_text("country is “ES”")
    check_axe(page)
    page.get_by_role("link", name="Version 1").click()
    page.get_by_role("button", name="Restore version 1").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(page.get_by_text("Version 4 has the rule of version 1.")).to_be_visible()


def test_a_rule_survives_an_ended_session_and_a_closed_window(stranger: Page, site: Site) -> None:
    sign_in(stranger, site)
    stranger.goto(NEW)
    stranger.get_by_label("Name").fill("Kept")
    stranger.get_by_role("combobox", name="Field").click()
    stranger.get_by_role("option", name="Country", exact=True).click()
    stranger.get_by_role("combobox", name="Value: country").fill("DE")
    expect(stranger.get_by_text("Kept in this browser until you save.")).to_be_visible()
    expect(stranger.locator("[data-look-size]")).to_contain_text("now")
    stranger.goto(NEW)  # as by mistake
    stranger.get_by_role("button", name="Put it back").click()
    expect(stranger.get_by_role("combobox", name="Value: country")).to_have_value("DE")
    expect(stranger.get_by_label("Name")).to_have_value("Kept")
    stranger.context.clear_cookies(name="sessionid")
    stranger.get_by_role("button", name="Make the segment").click()
    stranger.get_by_label("Username").fill(site.name)
    stranger.get_by_label("Password").fill(site.password)
    stranger.get_by_role("button", name="Sign in").click()
    expect(stranger.get_by_label("Name")).to_have_value("Kept")
    assert _json_of(stranger)["conditions"] == [GERMAN]
    stranger.get_by_role("button", name="Make the segment").click()
    expect(stranger.get_by_role("heading", name="Kept", level=1)).to_be_visible()


def test_a_segment_that_is_used_says_where_and_one_that_is_not_is_archived(page: Page) -> None:
    page.goto("/audience/segments")
    check_axe(page)
    page.get_by_role("link", name="Pro customers in Europe").click()
    expect(page.locator("#people")).to_contain_text("people now")
    check_axe(page)
    page.get_by_role("button", name="More to do").click()
    page.get_by_role("button", name="Archive").click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("Offers for pro customers")
    expect(asked.get_by_role("button", name="Archive")).to_have_count(0)
    _made(page, "Put away", {"logic": "AND", "conditions": [GERMAN]})
    page.get_by_role("button", name="More to do").click()
    page.get_by_role("button", name="Archive").click()
    asked.get_by_role("button", name="Archive").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Put away is offered again.")).to_be_visible()
