"""Content in a real browser: a template from the gallery to a saved version, by mouse and by keyboard alone."""

import io
import re

from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.sites import Site
from tests.browser.watching import check_axe


def begun(page: Page, starter: str, name: str) -> None:
    """A template of this name from a starter, open in the editor."""
    page.goto("/content/gallery")
    page.get_by_role("link", name=starter).click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Make the template").click()
    page.wait_for_url("**/content/templates/*")
    expect(findings(page)).to_contain_text("Nothing to mend")


def findings(page: Page) -> Locator:
    return page.locator("[data-findings]")


def source(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Source of the message")


def kept(page: Page) -> Locator:
    return page.locator("[data-kept]")


def test_a_template_is_written_mended_saved_and_rolled_back(page: Page) -> None:
    begun(page, "Welcome", "Browser: written")
    mail = page.frame_locator("[data-frame]")
    expect(mail.get_by_text("Welcome, Ana")).to_be_visible()
    page.get_by_label("Subject").fill("Hello {{ first_nam | default: 'you' }}")
    expect(findings(page)).to_contain_text("there is no merge tag 'first_nam'")
    page.get_by_role("button", name="Use first_name").click()
    expect(findings(page)).to_contain_text("Nothing to mend")
    expect(page.locator("[data-shown=subject]")).to_have_text("Hello Ana")
    expect(kept(page)).to_contain_text("Draft saved")

    page.reload()  # nothing of it is lost
    expect(page.get_by_label("Subject")).to_have_value("Hello {{ first_name | default: 'you' }}")
    page.get_by_role("button", name="Save a version").click()
    page.get_by_label("What has changed").fill("A shorter subject")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Version 2 is saved.")

    page.get_by_role("link", name="History").click()
    expect(page.get_by_text("A shorter subject")).to_be_visible()
    expect(page.locator(".diff ins")).to_contain_text("Hello {{ first_name")
    page.get_by_role("link", name="Message").click()
    expect(page.frame_locator("iframe[title='Version 1']").get_by_text("Welcome, Ana")).to_be_visible()
    page.get_by_role("link", name="Version 1").click()
    page.get_by_role("button", name="Roll back to version 1").click()
    page.get_by_role("button", name="Roll back", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Version 3 has the contents of version 1.")


def test_the_editor_works_by_keyboard_alone(page: Page) -> None:
    begun(page, "Survey", "Browser: by keys")
    source(page).focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")
    page.keyboard.type("{{ first_n")
    expect(page.locator(".cm-tooltip-autocomplete")).to_contain_text("first_name")
    page.wait_for_timeout(200)  # the editor takes no key for an answer to what has only just come up
    page.keyboard.press("Enter")
    expect(source(page)).to_contain_text("{{ first_name")
    expect(findings(page)).to_contain_text("cannot stand outside")
    page.keyboard.press("Control+z")
    for _ in range(12):
        page.keyboard.press("Control+z")
    expect(findings(page)).to_contain_text("Nothing to mend")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")  # leaves the editor instead of indenting
    assert page.evaluate("document.activeElement.closest('[data-code]')") is None
    page.get_by_role("tab", name="MJML").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("textbox", name="Plain text part")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Default language")).to_be_visible()
    page.keyboard.press("ArrowRight")
    source(page).focus()
    page.keyboard.press("Control+s")
    page.keyboard.type("nothing new")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("is saved")


def test_two_windows_tell_and_overwrite_nothing(page: Page) -> None:
    begun(page, "Promotion", "Browser: two windows")
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_label("Preheader").fill("from the other window")
    expect(kept(other)).to_contain_text("Draft saved")
    page.get_by_label("Preheader").fill("from this window")
    expect(page.locator("[data-told]")).to_contain_text("changed in another window")
    page.get_by_role("button", name="Take the other one").click()
    expect(page.get_by_label("Preheader")).to_have_value("from the other window")
    other.close()


def test_what_is_typed_outlives_an_ended_session(page: Page, site: Site) -> None:
    begun(page, "Event", "Browser: signed out")
    page.context.clear_cookies(name=re.compile("session"))
    page.get_by_label("Preheader").fill("typed while signed out")
    expect(page.locator("[data-told]")).to_contain_text("You have been signed out")
    page.on("dialog", lambda dialog: dialog.accept())  # "leave the page?"
    page.reload()
    _sign_in_here(page, site)
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_label("Preheader")).to_have_value("typed while signed out")
    expect(kept(page)).to_contain_text("Draft saved")


def test_who_signs_in_again_in_another_window_goes_on_as_if_nothing_had_been(page: Page, site: Site) -> None:
    begun(page, "Event", "Browser: signed out elsewhere")
    page.context.clear_cookies(name=re.compile("session"))
    page.get_by_label("Preheader").fill("typed meanwhile")
    expect(page.locator("[data-told]")).to_contain_text("You have been signed out")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Sign in again").click()
    _sign_in_here(opened.value, site)
    expect(kept(page)).to_contain_text("Draft saved")
    expect(page.locator("[data-told]")).to_be_hidden()


def _sign_in_here(page: Page, site: Site) -> None:
    page.get_by_label("Username").fill(site.name)
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Sign in").click()


def test_too_much_is_told_and_three_thousand_lines_are_not_too_much(page: Page) -> None:
    begun(page, "Receipt", "Browser: long")
    lines = "Line<br />\n" * 57
    section = f"<mj-section><mj-column><mj-text>\n{lines}</mj-text>\n</mj-column></mj-section>\n"
    _replace(page, f"<mjml><mj-body>\n{section * 50}</mj-body></mjml>")
    expect(kept(page)).to_contain_text("Draft saved")
    expect(page.frame_locator("[data-frame]").get_by_text("Line").first).to_be_visible()
    _replace(page, "x" * 10_000_000)
    expect(findings(page)).to_contain_text("too long")
    expect(kept(page)).to_contain_text("Not saved: too long")
    page.on("dialog", lambda dialog: dialog.accept())  # "leave the page?"


def _replace(page: Page, text: str) -> None:
    """Paste over everything."""
    source(page).focus()
    page.keyboard.press("Control+a")
    page.evaluate(
        """(text) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", text);
          const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
          document.querySelector("[data-code=body]").shadowRoot.querySelector(".cm-content").dispatchEvent(paste);
        }""",
        text,
    )


def test_images_are_dropped_and_put_into_a_message(page: Page) -> None:
    page.goto("/content/assets")
    out = io.BytesIO()
    Image.new("RGB", (900, 300), "teal").save(out, "PNG")
    page.set_input_files("#files", {"name": "sea.png", "mimeType": "image/png", "buffer": out.getvalue()})
    expect(page.locator(".asset-card").first).to_contain_text("sea.png")
    check_axe(page)
    page.set_input_files("#files", {"name": "x.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"})
    expect(page.locator("[data-uploads]")).to_contain_text("Use PNG, JPEG, GIF or WebP")
    begun(page, "Win-back", "Browser: image")
    source(page).focus()
    page.keyboard.press("Control+f")
    page.keyboard.type("<mj-text>Dear")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Image", exact=True).click()
    page.get_by_role("button", name="sea.png").click()
    expect(source(page)).to_contain_text("-900.png")
    expect(page.frame_locator("[data-frame]").locator("img[src*='-900.png']")).to_be_visible()


def test_the_preview_shows_widths_darkness_and_text(page: Page) -> None:
    begun(page, "Newsletter", "Browser: looks")
    frame = page.locator("[data-frame]")
    page.get_by_role("button", name="Phone width").click()
    assert page.frames[-1].evaluate("innerWidth") == 375
    page.get_by_role("button", name="Desktop width").click()
    expect(frame).to_be_visible()
    body = page.frame_locator("[data-frame]").locator("body")
    expect(body).to_have_css("background-color", "rgb(239, 235, 226)")
    page.get_by_role("button", name="Dark mode").click()
    expect(body).to_have_css("background-color", "rgb(22, 20, 15)")
    page.get_by_role("button", name="Text", exact=True).click()
    expect(page.locator("pre[data-shown=text]")).to_contain_text("Unsubscribe: ")
    check_axe(page)


def test_languages_stand_side_by_side(page: Page) -> None:
    begun(page, "Welcome", "Browser: languages")
    page.get_by_role("button", name="Language").click()
    page.get_by_label("Language", exact=True).fill("de")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_label("Subject").fill("Willkommen")
    page.get_by_label("Side by side").check()
    expect(page.get_by_role("textbox", name="The other language")).to_be_visible()
    page.get_by_role("tab", name="en").click()
    expect(page.get_by_label("Subject")).not_to_have_value("Willkommen")
    page.get_by_role("tab", name="de").click()
    expect(page.get_by_label("Subject")).to_have_value("Willkommen")
