"""Shared blocks are copied in, and every character still knows where it came from."""

import pytest

from templates.compiling.expanding import expand
from templates.compiling.source import Piece, Protected, pieces
from templates.findings import Findings
from tests.support.messages import codes


def expanded(text: str, **blocks: str) -> tuple[str, list[str]]:
    findings = Findings()
    return expand("/body", text, blocks, findings).text, codes(findings.found)


def test_a_shared_block_is_copied_in_with_the_blocks_it_uses() -> None:
    text, found = expanded("a {% render 'x' %} d", x='b {% render "y" %}', y="c")
    assert (text, found) == ("a b c d", [])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{% render 'none' %}", "E004"),
        ("{% render 'x' %}", "E005"),
        ("{% render x %}", "E006"),
        ("{% render 'leaf', a: b %}", "E006"),
        ("{% render 'leaf' for a %}", "E006"),
        ("{% include 'leaf' %}", None),  # an unknown tag, which parsing tells
    ],
)
def test_a_shared_block_that_cannot_be_copied_in_is_an_error(text: str, code: str | None) -> None:
    _, found = expanded(text, x="{% render 'y' %}", y="{% render 'x' %}", leaf="")
    assert found == ([code] if code else [])


def test_a_circle_of_blocks_names_the_way() -> None:
    findings = Findings()
    expand("/body", "{% render 'x' %}", {"x": "{% render 'y' %}", "y": "\n {% render 'x' %}"}, findings)
    (found,) = findings.found
    assert "x → y → x" in found.message
    assert "in the shared block 'y'" in found.message
    assert (found.line, found.column) == (2, 2)


def test_an_unknown_block_suggests_a_near_one() -> None:
    findings = Findings()
    expand("/body", "{% render 'foter' %}", {"footer": ""}, findings)
    assert 'did you mean "footer"?' in findings.found[0].message


def test_blocks_that_multiply_are_stopped() -> None:
    blocks = {f"b{n}": f"{{% render 'b{n + 1}' %}}" * 10 for n in range(12)} | {"b12": "x" * 1000}
    text, found = expanded("{% render 'b0' %}", **blocks)
    assert "E007" in found
    assert len(text) < 2_000_000


def test_nothing_is_copied_into_raw_and_comments() -> None:
    source = "{% raw %}{% render 'x' %}{% endraw %}{% comment %}{% render 'x' %}{% endcomment %}"
    assert expanded(source, x="!") == (source, [])


def test_a_place_is_in_the_text_the_author_wrote() -> None:
    source = expand("/body", "one\n{% render 'x' %}\nthree here", {"x": "in\nblock here"}, Findings())
    place = source.place(source.text.rindex("here"))
    assert (place.block, place.line, place.column) == ("", 3, 7)
    place = source.place(source.text.index("here"))
    assert (place.block, place.line, place.column) == ("x", 2, 7)


def test_a_mark_of_the_compiler_is_refused() -> None:
    assert expanded("a \U000f0000 b")[1] == ["E008"]


def test_protecting_drops_comments_and_keeps_places() -> None:
    known: list[Piece] = []
    text = "a{# no #}{% comment %}{% comment %}x{% endcomment %}{% endcomment %}\n{%- # note -%}{{ b }} c"
    protected = Protected(expand("/body", text, {}, Findings()), known)
    assert [piece.text for piece in known] == ["{{ b }}"]
    assert protected.text == "a{# no #}\n\U000f0000 c"
    assert protected.place(protected.text.index("c")) == protected.source.place(text.rindex("c"))


def test_what_raw_holds_is_markup_but_not_liquid() -> None:
    known: list[Piece] = []
    text = "{% raw %}<b title='{{ x }}'>{% if %}{% endraw %}z"
    protected = Protected(expand("/body", text, {}, Findings()), known)
    assert [piece.text for piece in known] == ["{% raw %}{{{% endraw %}", "{% raw %}{%{% endraw %}"]
    assert protected.text == "<b title='\U000f0000 x }}'>\U000f0001 if %}z"
    assert protected.place(protected.text.index("z")) == protected.source.place(len(text) - 1)


def test_pieces_are_those_of_the_library() -> None:
    source = expand("/body", "{{ '}}' }}{%if a%}{{-b-}}{% endif %}", {}, Findings())
    assert [piece.text for piece in pieces(source)] == ["{{ '}}", "{%if a%}", "{{-b-}}", "{% endif %}"]
