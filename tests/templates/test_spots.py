"""Liquid may print only where escaping makes it inert (STANDARDS B8.2, B8.6)."""

import pytest

from tests.support.messages import codes, findings


@pytest.mark.parametrize(
    "body",
    [
        "<p>{{ x }}</p>",
        "<p title='{{ x }}'>a</p>",
        '<p title="a {{ x }} b">a</p>',
        "<p {% if x %}class='a'{% endif %}>a</p>",
        "<p class='{% if x %}a{% else %}b{% endif %}'>a</p>",
        "<title>{{ x }}</title>",
        "<!-- {{ x }} -->",
        "<!--[if mso]><td bgcolor='{{ x }}'>{{ y }}</td><![endif]-->",
        "<style>{% if x %}p { color: red }{% endif %}</style>",
        "<a href='https://a.test/{{ x }}'>a</a>",
        "a < {{ x }}",
        "{% raw %}<script>{{ x }}</script>{% endraw %}",
    ],
)
def test_liquid_where_it_is_inert_passes(body: str) -> None:
    assert findings(body) == []


@pytest.mark.parametrize(
    "body",
    [
        "<p title={{ x }}>a</p>",
        "<p title=a{{ x }}>a</p>",
        "<p title={% if x %}'a'{% endif %}>a</p>",
        "<p {{ x }}>a</p>",
        "<p {{ x }}='a'>a</p>",
        "<{{ x }}>a</p>",
        "</{{ x }}>",
        "<p{{ x }}>a</p>",
        "<!{{ x }}>",
        "<!doctype {{ x }}>",
        "<script>{{ x }}</script>",
        "<script>{% echo x %}</script>",
        "<style>{{ x }}</style>",
        "<style/>{{ x }}</style>",
        "<p onclick='{{ x }}'>a</p>",
        "<iframe srcdoc='{{ x }}'></iframe>",
        "<img srcset='{{ x }} 2x'>",
        "<meta http-equiv='refresh' content='{{ x }}'>",
        "<base href='{{ x }}'>",
        "<!--[if {{ x }}]><p>a</p><![endif]-->",
        "<!--[if mso]><p title={{ x }}>a</p><![endif]-->",
        "<svg><style>{{ x }}</style></svg>",
        "<svg><title><b title={{ x }}></b></title></svg>",
    ],
)
def test_liquid_where_escaping_does_not_help_is_refused(body: str) -> None:
    assert "E020" in codes(findings(body))


@pytest.mark.parametrize(
    "body",
    [
        "<p title='{% if x %}a'>b</p><p title='{% endif %}'>c</p>{% if y %}<i title='{% endif %}'>d</i>",
        "{% if x %}<p class='{% endif %}'>a</p>",
        "<p {% if x %}>{% endif %}</p>",
        "<!-- {% if x %} -->a{% endif %}",
        "<p class='{% if x %}a' title='{% else %}' id='{% endif %}'>b</p>",
    ],
)
def test_a_block_that_begins_in_one_place_and_ends_in_another_is_refused(body: str) -> None:
    assert "E021" in codes(findings(body))


def test_the_finding_has_the_place_in_the_source() -> None:
    (found,) = findings("<p>\n  <b title={{ x }}>y</b></p>")
    assert (found.pointer, found.line, found.column) == ("/body", 2, 12)


def test_in_mjml_the_place_is_that_of_the_source_too() -> None:
    body = (
        "<mjml><mj-body><mj-section><mj-column>\n<mj-raw>\n<b onclick='{{ x }}'>y</b>\n</mj-raw>"
        "</mj-column></mj-section></mj-body></mjml>"
    )
    (found,) = findings(body, format="mjml")
    assert (codes([found]), found.line, found.column) == (["E020"], 3, 13)
