"""MJML is compiled once; Liquid goes through it; errors have a line and a column."""

import time

import pytest

from tests.support.messages import codes, compiled, findings, rendered


def mjml(inside: str, head: str = "") -> str:
    return f"<mjml>{head}<mj-body>\n{inside}\n</mj-body></mjml>"


def column(inside: str) -> str:
    return mjml(f"<mj-section><mj-column>\n{inside}\n</mj-column></mj-section>")


def shown(body: str, **fields: object) -> str:
    return rendered(body, fields, format="mjml").text


ACCORDION = (
    "<mj-accordion><mj-accordion-element><mj-accordion-title><b>a</b></mj-accordion-title></mj-accordion-element>"
    "</mj-accordion>"
)
SECTION = "<mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section>"


@pytest.mark.parametrize(
    "body",
    [
        mjml("{% if vip %}" + SECTION.format("Gold") + "{% else %}" + SECTION.format("Tin") + "{% endif %}"),
        mjml(
            "<mj-wrapper>{% if vip %}"
            + SECTION.format("Gold")
            + "{% else %}"
            + SECTION.format("Tin")
            + "{% endif %}"
            + SECTION.format("x")
            + "</mj-wrapper>"
        ),
        mjml(
            "<mj-section>{% if vip %}<mj-column><mj-text>Gold</mj-text></mj-column>{% else %}"
            "<mj-column><mj-text>Tin</mj-text></mj-column>{% endif %}</mj-section>"
        ),
        column("{% if vip %}<mj-text>Gold</mj-text>{% else %}<mj-text>Tin</mj-text>{% endif %}"),
        column("<mj-text>{% if vip %}Gold{% else %}Tin{% endif %}</mj-text>"),
        mjml("<mj-hero>{% if vip %}<mj-text>Gold</mj-text>{% else %}<mj-text>Tin</mj-text>{% endif %}</mj-hero>"),
        mjml("<mj-raw>{% if vip %}</mj-raw>" + SECTION.format("Gold") + "<mj-raw>{% else %}Tin{% endif %}</mj-raw>"),
        column("<mj-table><tr>{% if vip %}<td>Gold</td>{% else %}<td>Tin</td>{% endif %}</tr></mj-table>"),
    ],
)
def test_liquid_tags_may_stand_between_components(body: str) -> None:
    assert ("Gold" in shown(body, vip=True), "Tin" in shown(body, vip=True)) == (True, False)
    assert ("Gold" in shown(body), "Tin" in shown(body)) == (False, True)
    html = rendered(body, {}, format="mjml").html
    assert html.count("<!--[if") == html.count("<![endif]")
    assert "Gold" not in html


def test_a_loop_repeats_a_section() -> None:
    body = mjml("{% for item in tags %}" + SECTION.format("[{{ item }}]") + "{% endfor %}")
    assert shown(body, tags=["a", "b"]).split() == ["[a]", "[b]"]


def test_liquid_in_attributes_comes_through() -> None:
    html = rendered(
        column("<mj-button href='https://a.test/{{ id }}' background-color='{{ color }}'>{{ label }}</mj-button>"),
        {"id": "7 8", "color": "#ff0000", "label": "Go & see"},
        format="mjml",
    ).html
    assert 'href="https://a.test/7%208"' in html
    assert "background:#ff0000" in html
    assert "Go &amp; see" in html


def test_contact_data_in_a_style_is_a_plain_value_or_nothing() -> None:
    body = column("<mj-text color='{{ color }}'>x</mj-text>")
    assert "color:;" in rendered(body, {"color": "red;background:url(//evil.test)"}, format="mjml").html


def test_no_character_is_mangled_on_the_way_through_mrml() -> None:
    odd = "👨‍👩‍👧 ❤️ C:\\path é İ \u200f עברית {not liquid}"
    body = column(f"<mj-text>{odd}</mj-text><mj-image src='https://a.test/i.png' alt='{odd}' />")
    html = compiled(body, format="mjml").html
    assert html.count(odd) == 2


def test_void_elements_need_not_be_closed() -> None:
    assert "one\ntwo" in shown(column("<mj-text>one<br>two<hr><img src='https://a.test/i.png' alt=''></br></mj-text>"))


def test_the_document_has_the_language_of_the_content() -> None:
    assert '<html lang="pt-BR"' in compiled(column("<mj-text>x</mj-text>"), format="mjml", language="pt-BR").html
    assert '<html lang="fr"' in compiled('<mjml lang="fr"><mj-body></mj-body></mjml>', format="mjml").html


@pytest.mark.parametrize(
    ("body", "code", "line", "column_", "words"),
    [
        (column("<mj-txt>a</mj-txt>"), "E011", 3, 1, 'did you mean "mj-text"'),
        (column("<mj-bogus>a</mj-bogus>"), "E011", 3, 1, "<mj-bogus>"),
        (column("<mj-include path='/etc/passwd' />"), "E011", 3, 1, "render"),
        (column("<mj-text colour='red'>a</mj-text>"), "W001", 3, 10, 'did you mean "color"'),
        (column("<mj-text color=red>a</mj-text>"), "E010", 3, 10, "quotes"),
        (column("<mj-text color='a' color='b'>a</mj-text>"), "E010", 3, 20, "twice"),
        (column("<mj-text {{ x }}>a</mj-text>"), "E012", 3, 10, "between the attributes"),
        (column("<mj-text>a"), "E010", 3, 1, "<mj-text> is not closed"),
        (column("<mj-text><p>a</mj-text>"), "E010", 3, 10, "<p> is not closed"),
        (column("<mj-text>a</b></mj-text>"), "E010", 3, 11, "</b> closes nothing"),
        (column("<mj-text><a title='<b>'>a</a></mj-text>"), "E010", 3, 13, "&lt;"),
        ("<mjml><mj-head><mj-title><!-- a --></mj-title></mj-head></mjml>", "E012", 1, 26, "comment"),
        ("<mjml><mj-head><mj-title><b>a</b></mj-title></mj-head></mjml>", "E012", 1, 26, "<b> cannot stand"),
        (mjml("<mj-raw position='file-start'>a</mj-raw>"), "E012", 2, 9, "takes no attributes"),
        (mjml("<!-- a"), "E010", 2, 1, "comment is not closed"),
        (mjml("<mj-section"), "E010", 2, 1, "no closing >"),
        (column("<mj-text>a <![CDATA[ b ]]></mj-text>"), "E010", 3, 12, "CDATA"),
        ('<!DOCTYPE x [<!ENTITY a "b">]>' + column("<mj-text>&a;</mj-text>"), "E010", 1, 1, "declarations"),
        ("<?xml version='1.0'?>" + column(""), "E010", 1, 1, "processing"),
        (mjml("<mj-text>a</mj-text>"), "E012", 2, 1, "goes into <mj-column> or <mj-hero>"),
        (mjml("hello"), "E012", 2, 1, "inside <mj-body>"),
        (mjml("{{ first_name }}"), "E012", 2, 1, "inside <mj-body>"),
        (mjml("<div>a</div>"), "E012", 2, 1, "<div> cannot stand"),
        (
            column("<mj-social>\n{% if x %}<mj-social-element name='x' href='https://a.te' />{% endif %}</mj-social>"),
            "E012", 4, 1, "inside <mj-social>",
        ),
        ("<p>a</p>", "E012", 1, 1, "outside <mjml>"),
        ("", "E010", 1, 1, "no <mjml>"),
        (column("<mj-text>{% if x %}</mj-text>"), "E001", 3, 10, "has no {% endif %}"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    body: str, code: str, line: int | None, column_: int | None, words: str
) -> None:
    first = findings(body, format="mjml")[0]
    assert codes([first]) == [code]
    assert words in first.message
    if line:
        assert (first.line, first.column) == (line, column_)
    assert first.fix


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (mjml("", head="<mj-head><mj-attributes>{% # a\n %}\n<mj-class /></mj-attributes></mj-head>"), 3),
        (column("<mj-text>a<br>\n</mj-text>\n" + ACCORDION), 5),
    ],
)
def test_what_only_mrml_finds_has_a_place_too(body: str, line: int) -> None:
    (found,) = findings(body, format="mjml")
    assert found.message.startswith("MJML: ")
    assert found.line == line


def test_compiling_twenty_sections_is_quick() -> None:
    body = mjml((SECTION.format("Hello {{ first_name }} " * 20)) * 20)
    begin = time.perf_counter()
    compiled(body, format="mjml")
    assert time.perf_counter() - begin < 1
