"""What a machine mends is mended: the finding is gone, and nothing else is touched."""

import pytest

from templates import mending
from templates.compiling import compile_content
from templates.drafts import ContentDraft
from templates.findings import Finding
from templates.linting import lint
from tests.support.messages import content
from tests.templates.test_linting import FOOTER, TERMS, TEXT

BLOCKS = {"footer": FOOTER}


def findings(draft: ContentDraft) -> list[Finding]:
    return lint(compile_content(draft, BLOCKS, "/contents/0"), TERMS)


def first(draft: ContentDraft, number: str) -> Finding:
    return next(item for item in findings(draft) if item.number == number)


def mjml(inside: str) -> str:
    return f"<mjml>\n<mj-body><mj-section><mj-column>{inside}</mj-column></mj-section></mj-body>\n</mjml>"


@pytest.mark.parametrize(
    ("number", "body", "mended"),
    [
        ("E002", "{% iff vip %}x{% endif %}", "{% if vip %}x{% endif %}"),
        ("E003", "{{ first_name | upcas }}", "{{ first_name | upcase }}"),
        ("E004", "a {% render 'foter' %}", "a {% render 'footer' %}"),
        ("E008", "a\U000f0001b", "ab"),
        ("E020", "<p title={{ vip }}>x</p>", '<p title="{{ vip }}">x</p>'),
        ("E105", "<a href='www.a.test/x'>x</a>", "<a href='https://www.a.test/x'>x</a>"),
        ("E105", "<a href='//a.test'>x</a>", "<a href='https://a.test'>x</a>"),
        ("E107", "<p>{{ contact.firstname | default: 'x' }}</p>", "<p>{{ contact.first_name | default: 'x' }}</p>"),
        ("W005", "\n  <img src='https://a.test/i.png'>", "\n  <img alt=\"\" src='https://a.test/i.png'>"),
        ("W007", "Hi {{ first_name | upcase }}", 'Hi {{ first_name | default: "there" | upcase }}'),
        ("W007", "{{ contact.website }}", "{% if contact.website %}{{ contact.website }}{% endif %}"),
        ("W008", "a<script>x</script>b", "ab"),
        ("W011", "<a href='http://a.test'>x</a>", "<a href='https://a.test'>x</a>"),
        ("W011", "<img alt='' src='http://a.test/x.png'>", "<img alt='' src='https://a.test/x.png'>"),
    ],
)
def test_what_stands_at_its_place_is_mended_there(number: str, body: str, mended: str) -> None:
    draft = content(body + FOOTER, text=TEXT)
    made = mending.mend(draft, first(draft, number))
    assert made
    assert made.body == mended + FOOTER
    assert number not in [item.number for item in findings(made)]
    assert mending.remedy_for(draft, first(draft, number))


@pytest.mark.parametrize(
    ("number", "inside", "mended"),
    [
        ("E010", "<mj-text color=red>x</mj-text>", '<mj-text color="red">x</mj-text>'),
        ("E011", "<mj-txt>x</mj-txt>", "<mj-text>x</mj-text>"),
        ("W001", '<mj-text colr="red">x</mj-text>', '<mj-text color="red">x</mj-text>'),
        ("W001", '<mj-text zzz="red">x</mj-text>', "<mj-text>x</mj-text>"),
        ("W005", '<mj-image src="https://a.test/i.png" />', '<mj-image alt="" src="https://a.test/i.png" />'),
    ],
)
def test_components_are_mended_too(number: str, inside: str, mended: str) -> None:
    draft = content(mjml(inside), format="mjml", text=TEXT)
    made = mending.mend(draft, first(draft, number))
    assert made
    assert made.body == mjml(mended)


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ("<p>Hi</p>", "html", TEXT),
        ("<html><body><p>Hi</p></body></html>", "html", "Hi"),
        (mjml("<mj-text>Hi</mj-text>"), "mjml", "Hi"),
        (mjml("<mj-text>Hi</mj-text>"), "mjml", ""),
        ("Hi", "text", ""),
        ("{% if vip %}" + FOOTER + "{% endif %}", "html", TEXT),
    ],
)
def test_what_the_law_asks_for_is_added(body: str, kind: str, text: str) -> None:
    draft = content(body, format=kind, text=text)
    for number in ("E102", "E103", "E104"):
        found = [item for item in findings(draft) if item.number == number]
        draft = (mending.mend(draft, found[0]) if found else draft) or draft
    assert [item for item in findings(draft) if item.level == "error"] == []


def test_a_subject_that_pretends_to_be_an_answer_loses_the_pretence() -> None:
    draft = content(FOOTER, subject="RE: Fwd: your order", text=TEXT)
    made = mending.mend(draft, first(draft, "W004"))
    assert made
    assert made.subject == "your order"


def test_only_an_author_mends_the_rest_and_what_has_changed_since() -> None:
    draft = content(
        "<a href='javascript:x'>x</a><a href='/x'>x</a><img src='https://a.test/i.png'>" + FOOTER, text=TEXT
    )
    for number in ("E106", "E105"):
        assert mending.mend(draft, first(draft, number)) is None
        assert mending.remedy_for(draft, first(draft, number)) == ""
    assert mending.mend(content("short", text=TEXT), first(draft, "W005")) is None
    inside = content("{% render 'footer' %}", text=TEXT)
    block = Finding("warning", "message_templates.W005", "no alt", "x", "/contents/0/body", 1, 1, block="footer")
    assert mending.mend(inside, block) is None


def test_the_text_part_can_be_written_out() -> None:
    body = (
        "<h1>Hello {{ first_name | default: 'you' }}</h1><a href='https://a.test/?a=1&amp;b={{ points }}'>Points</a> "
        "<a href='https://a.test/'>Shop</a>" + FOOTER
    )
    draft = content(body)
    made = mending.write_text_part(draft, {})
    assert made
    assert made.text == (
        "Hello {{ first_name | default: 'you' }}\n\nPoints <https://a.test/?a=1&b={{ points }}> Shop <https://a.test/>\n\n"
        "{{ brand.postal_address }} Unsubscribe <{{ links.unsubscribe }}>\n"
    )
    assert mending.remedy_for(draft, first(draft, "W003")) == "Write it out, to be edited"
    assert mending.write_text_part(content("{% if %}"), {}) is None
