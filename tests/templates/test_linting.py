"""What proofing finds, each with its code, its place and what to do about it."""

import pytest

from templates.compiling import compile_content
from templates.findings import FIXES, Finding
from templates.linting import Terms, lint
from tests.support.messages import codes, content

FIELDS = {"first_name": "string", "website": "string", "points": "number", "tags": "list", "vip": "boolean"}
TERMS = Terms(known_fields=FIELDS)
FOOTER = '<p>{{ brand.postal_address }} <a href="{{ links.unsubscribe }}">Unsubscribe</a></p>'
TEXT = "Hi\n{{ brand.postal_address }}\nUnsubscribe: {{ links.unsubscribe }}"


def linted(body: str, terms: Terms = TERMS, **given: str) -> list[Finding]:
    draft = content(body, **{"text": TEXT, **given})
    return lint(compile_content(draft, {}, "/contents/0"), terms)


def test_a_good_message_has_nothing_to_mend() -> None:
    assert linted(f"<p>Hi {{{{ first_name | default: 'there' }}}}</p>{FOOTER}") == []


@pytest.mark.parametrize(
    ("body", "given", "found"),
    [
        ("<p>{{ first_nam }}</p>" + FOOTER, {}, [("E107", "body", 1, 7)]),
        ("<p>{{ contact.last }}</p>" + FOOTER, {}, [("E107", "body", 1, 7)]),
        ("{% if plan %}x{% endif %}" + FOOTER, {}, [("E107", "body", 1, 7)]),
        ("{{ brand.secret }}" + FOOTER, {}, [("E107", "body", 1, 4)]),
        ("{{ contact }}{{ now }}" + FOOTER, {}, [("E107", "body", 1, 4), ("E107", "body", 1, 17)]),
        (FOOTER, {"subject": "Hi {{ nobody | default: 'x' }}"}, [("E107", "subject", 1, 7)]),
        (FOOTER, {"subject": " "}, [("E101", "subject", None, None)]),
        (FOOTER, {"subject": "RE: your order"}, [("W004", "subject", None, None)]),
        (FOOTER, {"subject": "Fwd: x"}, [("W004", "subject", None, None)]),
        (FOOTER, {"subject": "Regarding: x"}, []),
        ("<p>{{ brand.postal_address }}</p>", {}, [("E102", "body", None, None)]),
        ("<!-- {{ links.unsubscribe }} -->{{ brand.postal_address }}", {}, [("E102", "body", None, None)]),
        (f"<p style='display:none'>{FOOTER}</p>{{{{ brand.postal_address }}}}", {}, [("E102", "body", None, None)]),
        ("{% if vip %}" + FOOTER + "{% endif %}", {}, [("E102", "body", None, None), ("E104", "body", None, None)]),
        (FOOTER, {"text": "{{ brand.postal_address }}"}, [("E103", "text", None, None)]),
        ("<a href='{{ links.unsubscribe }}'>x</a>", {}, [("E104", "body", None, None)]),
        (FOOTER, {"text": "{{ links.unsubscribe }}"}, [("E104", "body", None, None)]),
        ("<a href='www.a.test'>x</a>" + FOOTER, {}, [("E105", "body", 1, 10)]),
        ("\n<a href='https://'>x</a>" + FOOTER, {}, [("E105", "body", 2, 10)]),
        ("<a href='https://a b.test'>x</a>" + FOOTER, {}, [("E105", "body", 1, 10)]),
        ("<a href='javascript:x'>x</a>" + FOOTER, {}, [("E106", "body", 1, 10)]),
        ("<a href='ftp://a.test'>x</a>" + FOOTER, {}, [("E106", "body", 1, 10)]),
        ("<a href='#'>x</a><a href=''>y</a>" + FOOTER, {}, [("W009", "body", 1, 10), ("W009", "body", 1, 27)]),
        ("<a href='#top'>x</a><a href='mailto:a@a.test'>y</a>" + FOOTER, {}, []),
        (FOOTER + "x" * 110_000, {}, [("W002", "body", None, None)]),
        (FOOTER, {"text": ""}, [("W003", "text", None, None)]),
        ("<img src='https://a.test/i.png'>" + FOOTER, {}, [("W005", "body", 1, 1)]),
        ("<img src='https://a.test/i.png' alt=''>" + FOOTER, {}, []),
        ("<img alt='' src='data:image/png;base64," + "A" * 20_000 + "'>" + FOOTER, {}, [("W006", "body", 1, 13)]),
        ("{{ first_name }}{{ first_name }}" + FOOTER, {}, [("W007", "body", 1, 4)]),
        ("{% if first_name %}{{ first_name }}{% endif %}" + FOOTER, {}, []),
        ("{% for t in tags %}{{ t }}{% endfor %}" + FOOTER, {}, []),
        ("<script>x</script><form></form>" + FOOTER, {}, [("W008", "body", 1, 1), ("W008", "body", 1, 19)]),
        ("{{ 1 | divided_by: points }}" + FOOTER, {}, [("W010", "body", None, None)]),
        ("{{ 1 | divided_by: 0 }}" + FOOTER, {}, [("E108", "body", None, None)]),
        ("<a href='{{ website }}'>{{ website }}</a>" + FOOTER, {}, [("W007", "body", 1, 13)]),
        ("<p title={{ vip }}>x</p>" + FOOTER, {}, [("E020", "body", 1, 10)]),
        ("{% if %}", {}, [("E001", "body", 1, 4)]),
    ],
)  # fmt: skip
def test_each_fault_has_its_code_and_place(
    body: str, given: dict[str, str], found: list[tuple[str, str, int | None, int | None]]
) -> None:
    result = linted(body, TERMS, **given)
    expected = [(code, f"/contents/0/{pointer}") for code, pointer, _, _ in found]
    assert [(*codes([item]), item.pointer) for item in result] == expected
    for item, (_, _, line, column) in zip(result, found, strict=True):
        if line:
            assert (item.line, item.column) == (line, column)


def test_an_unknown_merge_tag_suggests_a_near_one() -> None:
    assert 'did you mean "first_name"?' in linted("{{ firstname }}" + FOOTER)[0].message


def test_mjml_components_are_linted_where_the_author_wrote_them() -> None:
    body = (
        "<mjml><mj-head><mj-attributes><mj-image padding='0' /></mj-attributes><mj-font name='A' href='x' /></mj-head>"
        "<mj-body>"
        "<mj-section><mj-column>\n<mj-image src='https://a.test/i.png' href='/x' />\n"
        "<mj-button href='nowhere'>x</mj-button>"
        "<mj-text>{{ brand.postal_address }} <a href='{{ links.unsubscribe }}'>x</a></mj-text></mj-column></mj-section>"
        "</mj-body></mjml>"
    )
    found = linted(body, format="mjml")
    assert [(*codes([item]), item.line) for item in found] == [("W005", 2), ("E105", 2), ("E105", 3)]


def test_the_address_of_the_brand_is_found_however_it_is_broken() -> None:
    terms = Terms(known_fields=FIELDS, postal_address="Main St. 1\n12345 Town")
    text = "MAIN ST 1, 12345 Town. Unsubscribe: {{ links.unsubscribe }}"
    body = "<p>Main St. 1<br>12345 Town <a href='{{ links.unsubscribe }}'>Unsubscribe</a></p>"
    assert linted(body, terms, text=text) == []
    assert codes(linted(body, Terms(known_fields=FIELDS, postal_address="Other St. 2"), text=text)) == ["E104"]


def test_a_transactional_message_needs_neither_address_nor_unsubscribe_link() -> None:
    assert linted("<p>Your code</p>", Terms(purpose="transactional"), subject="Re: code", text="x") == []


def test_a_policy_to_skip_or_a_fallback_answers_for_missing_values() -> None:
    body = "{{ first_name }}" + FOOTER
    assert linted(body, Terms(known_fields=FIELDS, skip_missing=True)) == []
    assert linted(body, Terms(known_fields=FIELDS, fallbacks={"first_name": "x"})) == []


def test_a_plain_text_message_is_proofed_too() -> None:
    assert linted(TEXT, format="text", text="") == []
    assert codes(linted("Hi", format="text", text="")) == ["E103", "E104"]


def test_every_finding_says_how_to_mend_it() -> None:
    for item in linted("<a href='x'>{{ y }}</a>"):
        assert item.fix == FIXES[item.code.removeprefix("message_templates.")]
        assert str(item).startswith(f"{item.level} {item.code} /contents/0/")
