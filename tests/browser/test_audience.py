"""Audience in a real browser: a file becomes people by keyboard, somebody is found and changed, ticked ones a file."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.watching import check_axe

CSV = "E-Mail;Vorname;Punkte\nida.import@example.test;Ida;3\nbroken;Al;\nida.import@example.test;Ida;\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "guests.csv"
    path.write_text(CSV)
    return path


def test_a_file_becomes_people_by_keyboard_alone(page: Page, file: Path) -> None:
    page.goto("/audience/imports/new")
    check_axe(page)
    page.locator("input[type=file]").set_input_files(file)
    page.wait_for_url("**/columns")
    expect(page.get_by_label("E-Mail")).to_have_value("email")
    expect(page.get_by_label("Vorname")).to_have_value("first_name")
    check_axe(page)
    page.get_by_label("Punkte").focus()
    page.keyboard.press("l")  # leave out
    expect(page.get_by_label("Punkte")).to_have_value("")
    page.get_by_label("Or on a new list named").focus()
    page.keyboard.type("Guests")
    page.get_by_role("button", name="Check the file").focus()
    page.keyboard.press("Enter")
    begin = page.get_by_role("button", name="Import 1 person")
    expect(begin.first).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Conflict"))).to_contain_text("0")
    check_axe(page)
    begin.first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Import 1 person")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="See these people")).to_be_visible()
    with page.expect_download() as fetched:
        page.get_by_role("link", name="2 lines not imported, to mend").click()
    errors = Path(fetched.value.path()).read_text(encoding="utf-8-sig")
    assert "broken" in errors
    page.get_by_role("link", name="See these people").click()
    expect(page.get_by_role("link", name="Ida")).to_be_visible()


def test_a_dropped_file_that_is_none_says_so_and_can_be_changed(page: Page, tmp_path: Path) -> None:
    page.goto("/audience/imports/new")
    wrong = tmp_path / "people.xlsx"
    wrong.write_bytes(b"PK\x03\x04" + b"x" * 100)
    page.locator("input[type=file]").set_input_files(wrong)
    expect(page.get_by_role("alert")).to_contain_text("Excel workbook")
    check_axe(page)
    page.locator("input[type=file]").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": CSV.encode()})
    page.wait_for_url("**/columns")


def test_somebody_is_found_letter_by_letter_and_never_by_the_address_bar(page: Page) -> None:
    page.goto("/audience/contacts")
    field = page.get_by_role("searchbox")
    field.press_sequentially("p17@people.example", delay=20)
    expect(page.get_by_text(re.compile("^1 contact$"))).to_be_visible()
    assert "people.example" not in page.url
    expect(field).to_be_focused()
    found = page.url
    page.locator("a[data-open]").click()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(found)
    expect(page.get_by_text(re.compile("^1 contact$"))).to_be_visible()
    page.get_by_role("link", name=re.compile("^Without")).click()
    expect(page).to_have_url(re.compile("/audience/contacts$"))


def test_a_contact_is_changed_and_two_tabs_overwrite_nothing(page: Page) -> None:
    page.goto("/audience/contacts")
    page.locator("a[data-open]").first.click()
    page.get_by_role("link", name="Edit").click()
    other = page.context.new_page()
    other.goto(page.url)
    page.get_by_label("Country").fill("Atlantis")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("no country")
    expect(page.get_by_label("Country")).to_have_value("Atlantis")
    check_axe(page)
    page.get_by_label("Country").fill("Spain")
    page.get_by_label("First name").fill("Zora")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_text("Profile changed")).to_be_visible()
    other.get_by_label("Last name").fill("Late")
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_role("alert")).to_contain_text("Somebody else changed this contact")
    expect(other.get_by_label("Last name")).to_have_value("Late")


def test_those_that_are_ticked_become_a_file(page: Page) -> None:
    page.goto("/audience/contacts")
    page.get_by_role("checkbox", name="Tick", exact=False).nth(1).check()
    page.get_by_role("button", name="Export").click()
    page.get_by_role("dialog").get_by_role("button", name="Export").click()
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Download").click()
    assert len(Path(fetched.value.path()).read_text(encoding="utf-8-sig").splitlines()) == 2


def test_those_that_are_ticked_are_changed_and_put_back(page: Page) -> None:
    page.goto("/audience/contacts?country=DE")
    page.get_by_role("checkbox", name="Tick", exact=False).nth(1).check()
    page.get_by_role("checkbox", name="also on other pages", exact=False).check()
    page.get_by_role("button", name="Change attribute").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Which attribute").select_option("plan")
    dialog.get_by_label("Value").fill("browser")
    check_axe(page)
    dialog.get_by_role("button", name="Change attribute").click()
    page.wait_for_url("**/audience/jobs/*")
    expect(page.get_by_text(re.compile("plan is changed for"))).to_be_visible()
    page.get_by_role("button", name="Undo it for").click()
    page.get_by_role("dialog").get_by_role("button", name="Undo it").click()
    expect(page.get_by_text(re.compile("undone.$"))).to_be_visible()
    check_axe(page)
