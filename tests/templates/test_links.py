"""Static links become slots, those with Liquid are guarded, all else keeps its bytes (STANDARDS A1.19, A11.10)."""

from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from templates.dialect import hrefs
from templates.errors import MissingMergeTag, RenderFailed
from templates.rendering import Links
from tests.support.messages import UNSUBSCRIBE, codes, compiled, findings, rendered


def hrefs_of(html: str) -> list[str]:
    return [item.get("href") for item in lxml_html.fragment_fromstring(html, create_parent=True).iter("a")]


@pytest.mark.parametrize(
    "href",
    [
        "https://a.test",
        "HTTPS://a.test/Path",
        "http://a.test:8080/p?x=1&amp;y=2#frag",
        "https://a.test/?x=1&y=2",
        "https://a.test/?x=1&copy=2&reg;",
        "https://a.test/ü/日本?q=é",
        "https://bücher.test/",
        "https://a.test/%20?x=%26",
        "https://user@a.test/",
    ],
)
def test_a_static_link_comes_out_as_it_went_in(href: str) -> None:
    body = f'<p><a class="x" href="{href}">go</a></p>'
    made = compiled(body)
    assert [link.slot for link in made.links] == [0]
    assert "_slot 0" in made.html
    assert hrefs_of(rendered(body).html) == hrefs_of(body)
    assert made.links[0].url in rendered(body).text


_PARTS = st.text(
    alphabet=st.characters(
        exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp", "Cn", "Co"], exclude_characters='<>"\\^`{|}'
    ),
    max_size=20,
)


@given(_PARTS, _PARTS, _PARTS)
def test_every_address_survives_the_round_trip(path: str, query: str, fragment: str) -> None:
    url = f"https://a.test/{path.replace('?', '').replace('#', '')}?{query.replace('#', '')}#{fragment}"
    body = f'<p><a href="{escape(url)}">go</a></p>'
    made = compiled(body)
    assert made.links[0].url == url
    assert hrefs_of(rendered(body).html) == [url]


@pytest.mark.parametrize(
    "body",
    [
        '<a href="mailto:a@a.test?subject=x&amp;body=y">a</a>',
        '<a href="tel:+14155550100">a</a>',
        '<a href="sms:+14155550100">a</a>',
        '<a href="#top">a</a>',
        '<a name="top">a</a>',
        '<!-- <a href="https://a.test">a</a> -->',
        '<!--[if mso]><a href="https://a.test">a</a><v:rect href="https://b.test"></v:rect><![endif]-->',
        '<link href="https://a.test/x.css">',
        '<img src="https://a.test/x.png">',
        '<style>a[href="https://a.test"] { color: red }</style>',
    ],
)
def test_everything_else_keeps_its_bytes(body: str) -> None:
    assert compiled(body).html == body
    assert compiled(body).links == ()


def test_conditional_comments_keep_working_around_real_links() -> None:
    body = '<!--[if !mso]><!--><a href="https://a.test">a</a><!--<![endif]-->'
    assert compiled(body).html == '<!--[if !mso]><!--><a href="{% _slot 0 %}">a</a><!--<![endif]-->'
    assert rendered(body).html == body


def test_links_are_numbered_in_order_with_what_the_reader_sees() -> None:
    body = (
        '<a href="https://a.test">One  <b>{{ first_name }}</b></a> '
        '<a href="https://b.test"><img alt="Two &amp; a half"></a> <a href="https://a.test">Three</a>'
    )
    assert [(link.slot, link.url, link.text) for link in compiled(body).links] == [
        (0, "https://a.test", "One {{ first_name }}"),
        (1, "https://b.test", "Two & a half"),
        (2, "https://a.test", "Three"),
    ]


def test_a_text_part_shares_the_slots_of_the_html() -> None:
    made = compiled('<a href="https://a.test/x">a</a>', text="See https://a.test/x. Or (https://b.test), {{ y }}.")
    assert made.text == "See {% _slot 0 %}. Or ({% _slot 1 %}), {{ y }}."
    assert [link.url for link in made.links] == ["https://a.test/x", "https://b.test"]


def test_a_plain_text_message_has_links_too() -> None:
    made = compiled("Go to https://a.test/x?a=1&b=2 or https://a.test/{{ id }}", format="text")
    assert made.text == "Go to {% _slot 0 %} or https://a.test/{{ id }}"
    assert (made.html, made.links[0].url) == ("", "https://a.test/x?a=1&b=2")


def test_slots_are_filled_by_who_counts_clicks_and_the_unsubscribe_link_never_is() -> None:
    body = (
        '<a href="https://a.test/?a=1&amp;b=2">a</a> <a href="https://a.test/{{ id }}">b</a>'
        '<a href="{{ links.unsubscribe }}">c</a><a href="{{ unsubscribe_url }}?x=1">d</a>'
        '<a href="{% if id %}{{ links.unsubscribe }}{% endif %}">e</a><a href="mailto:{{ email }}">f</a>'
    )
    seen: list[tuple[int | None, str]] = []

    def url_for(slot: int | None, url: str) -> str:
        seen.append((slot, url))
        return f"https://click.test/?s={slot}&t=1"

    message = rendered(body, {"id": 7, "email": "a@a.test"}, links=Links(UNSUBSCRIBE, url_for))
    assert set(seen) == {(0, "https://a.test/?a=1&b=2"), (None, "https://a.test/7")}
    assert hrefs_of(message.html) == [
        "https://click.test/?s=0&t=1",
        "https://click.test/?s=None&t=1",
        UNSUBSCRIBE,
        f"{UNSUBSCRIBE}?x=1",
        UNSUBSCRIBE,
        "mailto:a%40a.test",
    ]
    assert UNSUBSCRIBE in message.text
    assert "https://click.test/?s=0&t=1" in message.text


@pytest.mark.parametrize(
    ("href", "value", "url"),
    [
        ("{{ u }}", "https://a.test/x y?q=é&z", "https://a.test/x%20y?q=%C3%A9&z"),
        ("{{ u }}", "mailto:a@a.test", "mailto:a@a.test"),
        ("{{ u }}/more", "https://a.test", "https://a.test/more"),
        ("https://a.test/{{ u }}", "../x?y#z&'\"<", "https://a.test/..%2Fx%3Fy%23z%26%27%22%3C"),
        ("https://a.test/?q={{ u }}&amp;r=1", "a&b=c", "https://a.test/?q=a%26b%3Dc&r=1"),
        ("https://a.test/?q={{ u | url_encode }}", "a b&", "https://a.test/?q=a%20b%26"),
        ("https://{{ u }}.a.test/", "x/y", "https://x%2Fy.a.test/"),
        ("{% if v %}https://b.test/{% else %}{{ u }}{% endif %}", "https://a.test/?x", "https://a.test/?x"),
        ("{% if u %}https://a.test/{{ u }}{% endif %}", "a/b", "https://a.test/a%2Fb"),
        ("{{ v }}", "unused", "#"),
        ("#{{ u }}", "a b", "#a%20b"),
        ("{% assign w = u %}{{ w }}", "https://a.test/", "https://a.test/"),
        ("{% capture w %}{{ u }}{% endcapture %}{{ w }}", "https://a.test/?a&b", "https://a.test/?a&b"),
    ],
)
def test_contact_data_goes_into_an_address_as_a_part_or_as_a_whole(href: str, value: str, url: str) -> None:
    assert hrefs_of(rendered(f'<a href="{href}">a</a>', {"u": value}).html) == [url]


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.test",
        "/\\evil.test",
        "https://",
        "https:///path",
        "http://[",
        "www.a.test",
    ],
)
@pytest.mark.parametrize("attribute", ["href", "src"])
def test_an_address_that_a_mail_may_not_link_to_fails_that_message(attribute: str, value: str) -> None:
    for template in ("{{ u }}", "{% if u %}{{ u }}{% endif %}", "{% capture w %}{{ u }}{% endcapture %}{{ w }}"):
        with pytest.raises(RenderFailed, match="not an address"):
            rendered(f'<a {attribute}="{template}">a</a>', {"u": value})


@given(st.text(max_size=40))
def test_no_contact_data_gets_another_scheme_or_host_into_an_address(value: str) -> None:
    body = '<a href="https://a.test/{{ u }}">a</a>'
    (url,) = hrefs_of(rendered(body, {"u": value}).html)
    assert url.startswith("https://a.test/")
    assert hrefs.kind_of(url) == "web"


@pytest.mark.parametrize("href", ["/p/{{ u }}", "java{{ u }}", "www.a.test/{{ u }}", "javascript:{{ u }}", "//{{ u }}"])
def test_an_address_that_can_never_be_one_is_an_error_at_once(href: str) -> None:
    assert codes(findings(f'<a href="{href}">a</a>')) == ["E022"]


def test_a_missing_address_follows_the_policy() -> None:
    with pytest.raises(MissingMergeTag):
        rendered('<a href="{{ u }}">a</a>', {}, policy={"skip_missing": True})


@pytest.mark.parametrize(
    ("style", "value", "written"),
    [
        ("url({{ u }})", "https://a.test/x y.png", "url(https://a.test/x%20y.png)"),
        ("url('{{ u }}')", "https://a.test/'),url(x", "url('https://a.test/%27%29,url%28x')"),
        ("url(&quot;{{ u }}&quot;)", "https://a.test/", 'url("https://a.test/")'),
        ("url('https://a.test/{{ u }}.png')", "a/b'", "url('https://a.test/a%2Fb%27.png')"),
        ("url(https://a.test/x.png) {{ u }}", "url(y)", "url(https://a.test/x.png) "),
        ("{{ u }}", "#ff0000", "#ff0000"),
    ],
)
def test_contact_data_in_a_style_cannot_leave_its_value(style: str, value: str, written: str) -> None:
    body = f"""<a style="background:{style}" href="#">x</a>"""
    (link,) = lxml_html.fragment_fromstring(rendered(body, {"u": value}).html, create_parent=True).iter("a")
    assert link.get("style") == f"background:{written}"


def test_a_background_image_of_mjml_may_come_from_contact_data() -> None:
    body = (
        "<mjml><mj-body><mj-section background-url='{{ u }}'><mj-column><mj-text>x</mj-text></mj-column></mj-section>"
        "</mj-body></mjml>"
    )
    made = rendered(body, {"u": "https://a.test/i.png"}, format="mjml").html
    assert "url('https://a.test/i.png')" in made
    assert 'src="https://a.test/i.png"' in made
    with pytest.raises(RenderFailed, match="not an address"):
        rendered(body, {"u": "javascript:x"}, format="mjml")
