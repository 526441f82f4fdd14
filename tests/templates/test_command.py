"""`manage.py template` for those who keep their templates in files."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from segments.models import Contact
from templates import selectors
from templates.models import SharedBlock
from tests.factories.templates import MJML, make_template

pytestmark = pytest.mark.django_db


def run(*arguments: object) -> str:
    out = StringIO()
    call_command("template", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def mjml(tmp_path: Path) -> Path:
    path = tmp_path / "news.mjml"
    path.write_text(MJML)
    return path


def test_save_makes_the_template_then_its_next_versions(mjml: Path, tmp_path: Path) -> None:
    out = run(
        "save",
        "News",
        "--mjml",
        mjml,
        "--subject",
        "Hi {{ country }}",
        "--fallback",
        "country=there",
        "--note",
        "first",
    )
    assert "News: version 1, merge tags: brand.postal_address, country, first_name, links.unsubscribe" in out
    text = tmp_path / "news.txt"
    text.write_text("Olá")
    run("save", "News", "--text", text, "--subject", "Oi", "--language", "pt", "--missing", "skip", "--text-part", text)
    version = selectors.current_version(selectors.template("News"))
    assert (version.number, version.default_language, version.missing_policy) == (2, "en", "skip")
    assert version.fallbacks == {"country": "there"}
    assert [(item.language, item.format) for item in selectors.drafts(version)] == [("en", "mjml"), ("pt", "text")]
    assert "version 2" in run(
        "save", "News", "--text", text, "--subject", "Oi", "--language", "pt", "--text-part", text
    )
    lines = run("history", "News").splitlines()
    assert lines[0].startswith("*   2")
    assert lines[1].endswith("first")
    assert "version 3, with the contents of version 1" in run("rollback", "News", 1)


def test_lint_lists_findings_and_fails_on_errors(mjml: Path, tmp_path: Path) -> None:
    run("save", "News", "--mjml", mjml, "--subject", "Hi")
    assert "no errors, 1 warnings" in run("lint", "News", "--postal-address", "1 Road")
    page = tmp_path / "page.html"
    page.write_text("<p>{{ firstname }}</p>")
    run("save", "News", "--html", page, "--subject", "Hi")
    with pytest.raises(CommandError, match="1 errors"):
        run("lint", "News", "--purpose", "transactional")
    assert "no errors" in run("lint", "News", "--number", 1)


def test_preview_shows_what_a_contact_gets(mjml: Path) -> None:
    Contact.objects.create(email="ana@a.test", email_key=1, first_name="Ana")
    run("save", "News", "--mjml", mjml, "--subject", "Hi {{ first_name }}", "--preheader", "Pre")
    assert run("preview", "News", "--contact", "ana@a.test").startswith("Subject: Hi Ana\nPreheader: Pre\n\nHello Ana,")
    assert "<!doctype html>" in run("preview", "News", "--part", "html")
    assert "Hello there" in run("preview", "News", "--part", "text")
    with pytest.raises(CommandError, match="no contact"):
        run("preview", "News", "--contact", "ben@a.test")


def test_blocks_are_saved_from_files(tmp_path: Path) -> None:
    path = tmp_path / "footer.html"
    path.write_text("one")
    assert "version 1" in run("block", "footer", path)
    path.write_text("two")
    assert "version 2" in run("block", "footer", path)
    block = SharedBlock.objects.get()
    assert block.current
    assert block.current.source == "two"


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(CommandError, match="UTF-8"):
        run("save", "News", "--html", path, "--subject", "x")
    with pytest.raises(CommandError, match="cannot be read"):
        run("block", "x", tmp_path / "missing")
    make_template(name="Other")
