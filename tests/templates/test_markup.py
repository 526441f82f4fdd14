"""The tokeniser reads as mail programs do and loses no byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from templates.compiling.markup import Token, condition_body, tokens


def only(text: str) -> Token:
    (token,) = tokens(text)
    return token


@given(st.text(alphabet="<>!-/='\" aBp\n[]&\U000f0000", max_size=60) | st.text(max_size=60))
def test_tokens_cover_the_whole_text_in_order(text: str) -> None:
    at = 0
    for token in tokens(text):
        assert token.start == at < token.end
        at = token.end
    assert at == len(text)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("<a href='x' title=\"y z\">", {"href": ("x", "'"), "title": ("y z", '"')}),
        ("<a HREF = 'x'/>", {"href": ("x", "'")}),
        ("<a href=x/y>", {"href": ("x/y", "")}),
        ("<a hidden b>", {"hidden": (None, ""), "b": (None, "")}),
        ("<a title='a>b'>", {"title": ("a>b", "'")}),
        ("<a href=>", {"href": ("", "")}),
        ("<a/href='x'//b='y'>", {"href": ("x", "'"), "b": ("y", "'")}),
        ("<a ='x'>", {"='x'": (None, "")}),
    ],
)
def test_attributes_are_read_by_the_rules_of_html(text: str, values: dict[str, tuple[str | None, str]]) -> None:
    token = only(text)
    assert {item.name: (item.value, item.quote) for item in token.attributes} == values
    for item in token.attributes:
        assert text[item.value_start : item.value_end] == (item.value or "")


def test_the_first_of_two_equal_attributes_counts() -> None:
    href = only("<a href='1' href='2'>").get("href")
    assert href is not None
    assert href.value == "1"


def test_raw_text_ends_only_at_its_own_end_tag() -> None:
    kinds = [(token.kind, token.element) for token in tokens("<style>a<b></p></STYLE >x")]
    assert kinds == [("open", ""), ("text", "style"), ("close", ""), ("text", "")]


def test_in_xml_there_is_no_raw_text() -> None:
    assert [token.name for token in tokens("<style><b/></style>", xml=True)] == ["style", "b", "style"]


def test_a_comment_for_outlook_shows_what_is_inside() -> None:
    text = "<!--[if mso]><p>x</p><![endif]-->"
    span = condition_body(text, only(text))
    assert span
    assert text[slice(*span)] == "<p>x</p>"
    assert condition_body("<!-- x -->", only("<!-- x -->")) is None


@pytest.mark.parametrize("text", ["<a href='x", "<!-- x", "<p", "<!doctype x"])
def test_what_is_not_closed_is_said_to_be_incomplete(text: str) -> None:
    assert not only(text).complete


_NAMES = st.sampled_from(["title", "alt", "class"])
_VALUES = st.text(alphabet=st.characters(exclude_characters='"&\x00\r', exclude_categories=["Cs", "Cc"]), max_size=20)


@given(st.dictionaries(_NAMES, _VALUES, min_size=1))
def test_attribute_values_are_those_another_parser_finds(values: dict[str, str]) -> None:
    text = "<p " + " ".join(f'{name}="{value}"' for name, value in values.items()) + ">x</p>"
    token = next(tokens(text))
    ours = {item.name: item.value for item in token.attributes}
    assert ours == dict(lxml_html.fragment_fromstring(text).attrib)
