"""Trust in a real browser: a file of addresses is checked, asked about, and applied."""

from playwright.sync_api import FilePayload, Page, expect

from tests.browser.watching import check_axe

FILE: FilePayload = {
    "name": "them.csv", "mimeType": "text/csv",
    "buffer": b"email,reason\nfile-a@example.com,spam\nfile-b@example.com,\nnobody,\nFILE-A@example.com,spam\n",
}  # fmt: skip


def test_a_file_is_checked_first_then_applied(page: Page) -> None:
    page.goto("/trust/suppressions/import")
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("Choose a file first.").first).to_be_visible()
    page.get_by_label("CSV file").set_input_files(FILE)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What the file would do")
    expect(page.get_by_text("The same stands in line 2.")).to_be_visible()
    check_axe(page)
    page.get_by_role("button", name="Suppress 2 addresses").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Suppress 2 addresses").click()
    expect(page.get_by_text("Suppressed: 2. So already: 0.")).to_be_visible()
