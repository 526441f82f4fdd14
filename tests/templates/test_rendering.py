"""One version, one person, one message: languages, headers, escaping, failures (STANDARDS B8.5–B8.8)."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates.errors import MissingMergeTag, RenderFailed, VersionNotFound
from templates.rendering import CompiledVersion, Links, load
from tests.factories.templates import draft, html, make_version
from tests.support.messages import BRAND, UNSUBSCRIBE, rendered, version


class _Reader(HTMLParser):
    """What a mail program would make of it: the text, the tags, the attributes."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: list[str] = []
        self.values: list[tuple[str, str | None]] = []
        self.feed(text)
        self.close()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.values += attrs


_ANYTHING = st.text(max_size=60) | st.text(alphabet="<>\"'&;=/!-[]{}% aonscriptx:\n", max_size=60)
_HOSTILE = st.sampled_from(
    [
        "<script>alert(1)</script>",
        '"onload="x',
        "' onload='x",
        "<img src=x onerror=x>",
        "--><b>",
        "]]>",
        "</p><b>",
        "&lt;b&gt;",
    ]
)


@given(_ANYTHING | _HOSTILE)
def test_any_contact_string_is_inert_in_html(value: str) -> None:
    body = (
        '<p title="{{ x }}" alt=\'a {{ x }}\' style="color:{{ x }}">{{ x }}</p><!-- {{ x }} -->'
        '<!--[if mso]><b>{{ x }}</b><![endif]--><a href="https://a.test/{{ x }}">b</a>'
        "<title>{{ x | upcase | downcase }}</title>"
    )
    read = _Reader(rendered(body, {"x": value}).html)
    assert read.tags == ["p", "a", "title"]
    assert [name for name, _ in read.values] == ["title", "alt", "style", "href"]
    assert read.values[0][1] == value
    assert read.values[1][1] == f"a {value}"
    assert not set((read.values[2][1] or "").removeprefix("color:")) & set(";:()\"'<>\\")
    assert read.text.startswith(value)


@pytest.mark.parametrize(
    "expression",
    [
        "x | append: '<i>'", "x | prepend: '<i>'", "x | replace: 'zz', '<i>'", "'<i>' | append: x",
        "'z' | replace: 'z', x",
        "x | newline_to_br", "x | strip_html", "x | split: ',' | join: '<i>'", "x | truncate: 50", "x | default: '<i>'",
        "x | escape", "x | strip_newlines", "x | date: '<i>'", "x | url_encode", "x | slice: 0, 50", "x | squish",
    ],
)  # fmt: skip
def test_no_filter_lets_contact_data_out(expression: str) -> None:
    body = (
        f"<p>{{{{ {expression} }}}}{{% assign y = {expression} %}}{{{{ y }}}}"
        "{% capture z %}{{ y }}{% endcapture %}{{ z }}</p>"
    )
    read = _Reader(rendered(body, {"x": "<script>1</script><b a='\"'>"}).html)
    assert set(read.tags) <= {"p", "i", "br"}


@given(_ANYTHING | st.sampled_from(["a\r\nBcc: x@evil.test", "a\nb", "\u2028", "\x85", "a\x00b"]))
def test_a_subject_is_one_line_whatever_it_holds(value: str) -> None:
    message = rendered("<p>x</p>", {"x": value}, subject="News {{ x }}", preheader="{{ x }}")
    for line in (message.subject, message.preheader):
        assert len(line.splitlines()) <= 1
        assert not any(ord(char) < 32 or ord(char) == 127 for char in line)
    assert message.subject.startswith("News")


def test_a_subject_is_not_escaped() -> None:
    assert rendered("x", {"n": "A & <B>"}, subject="{{ n }}").subject == "A & <B>"


def test_an_empty_subject_fails_the_message() -> None:
    with pytest.raises(RenderFailed, match="subject"):
        rendered("<p>x</p>", {}, subject="{{ first_name }}")


def test_the_preheader_is_hidden_text_at_the_beginning_of_the_body() -> None:
    message = rendered(
        "<html><head></head><body class='x'><p>Hi</p></body></html>", {"n": "<A>"}, preheader="50 % & {{ n }}"
    )
    assert "<body class='x'><div style=\"display:none;" in message.html
    assert ">50 % &amp; &lt;A&gt;</div><p>Hi</p>" in message.html
    assert (message.text, message.preheader) == ("Hi", "50 % & <A>")


def test_html_without_a_body_gets_its_preheader_too() -> None:
    assert rendered("<p>Hi</p>", {}, preheader="Pre").html.endswith(">Pre</div><p>Hi</p>")
    assert "</head><div" in rendered("<head></head><p>Hi</p>", {}, preheader="Pre").html


@pytest.mark.parametrize(
    ("wanted", "got"),
    [("pt-BR", "pt-BR"), ("pt-PT", "pt"), ("pt", "pt"), ("PT_br", "pt-BR"), ("de", "en"), ("", "en"), ("en-GB", "en")],
)
def test_a_contact_gets_its_language_then_its_family_then_the_default(wanted: str, got: str) -> None:
    contents = {
        name.lower(): version(f"<p>{name}</p>", language=name).contents[name.lower()] for name in ("en", "pt", "pt-BR")
    }
    message = CompiledVersion(contents, "en").render(fields={}, language=wanted, brand=BRAND, links=Links(UNSUBSCRIBE))
    assert (message.language, message.text) == (got, got)


def test_a_failure_is_that_of_one_message() -> None:
    made = version("<p>{{ 10 | divided_by: n }}</p>")
    links = Links(UNSUBSCRIBE)
    with pytest.raises(RenderFailed, match="divide"):
        made.render(fields={"n": 0}, language="en", brand=BRAND, links=links)
    assert made.render(fields={"n": 5}, language="en", brand=BRAND, links=links).text == "2"


def test_a_missing_merge_tag_names_itself() -> None:
    with pytest.raises(MissingMergeTag, match="'first_name'"):
        rendered("<p>{{ contact.first_name }}</p>", {}, policy={"skip_missing": True})


@pytest.mark.django_db
def test_a_stored_version_is_loaded_once_and_renders_all_its_languages() -> None:
    stored = make_version(
        draft(), html("<p>Olá <a href='https://a.test'>x</a></p>", language="pt"), fallbacks={"first_name": "you"}
    )
    made = load(stored.pk)
    assert load(stored.pk) is made
    english = made.render(fields={"first_name": "Ana"}, language="en", brand=BRAND, links=Links(UNSUBSCRIBE))
    assert "Hello Ana, see what is new <https://shop.test/new>." in english.text
    assert UNSUBSCRIBE in english.html
    assert "Olá x <https://a.test>" in made.render(fields={}, language="pt", brand=BRAND, links=Links(UNSUBSCRIBE)).text
    assert made.fallbacks == {"first_name": "you"}


@pytest.mark.django_db
def test_a_version_that_is_not_there_is_an_error_that_says_so() -> None:
    with pytest.raises(VersionNotFound, match="4711"):
        load(4711)
