"""The quick way to render gives what the library's own way gives, in pieces that others can keep."""

import io
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from liquid import Environment
from liquid.builtin import content, output

from templates import dialect
from templates.dialect import BLANK_LINES, Context, Dialect, Program
from templates.pieces import Static, grouped

LONG = "The autumn range is here, made in small numbers from wool that is spun not far from here."
SOURCE = st.lists(
    st.sampled_from(
        [
            LONG, "short", "\n", "\n\n\n", " \n", "é", "日本" * 40, "a\rb" + LONG, "</body>", "{{ x }}", "{{ y.z }}",
            "{{ y['z'] }}", "{{ missing }}", "{{ x | upcase }}", "{{ list }}", "{{ number }}", "{{ flag }}",
            "{{ 'lit' }}", "{% if x %}" + LONG + "{% endif %}", "{% if missing %}a{% else %}{{ x }}{% endif %}",
            "{% assign x = 'new' %}", "{% for n in list %}{{ n }}{{ forloop.index }}{% endfor %}",
            "{% capture q %}" + LONG + "{{ x }}{% endcapture %}{{ q }}",
        ]
    ),
    max_size=12,
).map("".join)  # fmt: skip
VALUE = st.text(max_size=20) | st.sampled_from(["", "<b>", "a\n\n\n\nb", "\n", LONG])


class _Plain:
    """The library's own nodes and a file."""

    def __init__(self, ours: Dialect) -> None:
        self.env = Dialect(autoescape=ours.autoescape, compiled=True)
        self.env.add_tag(content.Literal)
        self.env.add_tag(output.Output)

    def render(self, source: str, scope: dict[str, Any]) -> str:
        template, written = self.env.from_string(source), io.StringIO()
        context = Context(template, globals=scope, policy=lambda name: f"[{name}]")
        for node in template.nodes:
            node.render(context, written)
        return written.getvalue()


def _scope(value: str) -> dict[str, Any]:
    return {"x": value, "y": {"z": value}, "list": [value, "2"], "number": 1.5, "flag": True}


def _run(ours: Environment, source: str, scope: dict[str, Any]) -> list[str]:
    program = Program(ours.from_string(source))
    return program.run(Context(program.template, globals=scope, policy=lambda name: f"[{name}]"))


@given(SOURCE, VALUE)
def test_html_is_what_the_library_renders(source: str, value: str) -> None:
    pieces = _run(dialect.HTML, source, _scope(value))
    assert "".join(pieces) == _Plain(dialect.HTML).render(source, _scope(value))


@given(SOURCE, VALUE)
def test_text_is_what_the_library_renders_with_one_blank_line_at_most(source: str, value: str) -> None:
    text = "".join(_run(dialect.TEXT, source, _scope(value)))
    expected = _Plain(dialect.TEXT).render(source, _scope(value))
    assert BLANK_LINES.sub("\n\n", text) == BLANK_LINES.sub("\n\n", expected)


@given(SOURCE, VALUE)
def test_no_static_piece_touches_a_blank_line_and_none_holds_contact_data(source: str, value: str) -> None:
    for piece in _run(dialect.TEXT, source, _scope(value)):
        if type(piece) is Static:
            assert piece == piece.strip(" \t\n")
            assert piece in BLANK_LINES.sub("\n\n", source)


def test_the_same_static_pieces_are_in_every_message() -> None:
    program = Program(dialect.HTML.from_string(f"{LONG}{{{{ x }}}}{LONG}</body>"))
    ana, ben = (program.run(Context(program.template, globals={"x": name})) for name in ("Ana", "Ben"))
    assert [type(piece) for piece in ana] == [Static, str, Static, str]
    assert [id(piece) for piece in ana if type(piece) is Static] == [id(p) for p in ben if type(p) is Static]


@pytest.mark.parametrize("pieces", [[], ["a"], ["a", "b"], [Static("s")], ["a", "b", Static("s"), Static("t"), "c"]])
def test_grouping_joins_neighbours_and_changes_no_text(pieces: list[str]) -> None:
    groups = grouped(pieces)
    assert "".join(groups) == "".join(pieces)
    assert not any(type(a) is type(b) is str for a, b in pairwise(groups))
