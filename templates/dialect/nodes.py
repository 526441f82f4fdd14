"""The two nodes that a message is mostly made of, made quick: the author's own text, and a merge tag.

They do what the library's do: a property test holds them equal.
"""

import re
from typing import Any, cast

from liquid import RenderContext, TokenStream
from liquid.builtin import content, output
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.expression import Expression
from liquid.stringify import to_liquid_string
from liquid.token import Token

from templates.pieces import Static

BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")
_WORTH_KEEPING = 64  # characters; a shorter text is encoded anew as quickly as it is looked up
_FOREIGN = 6  # of more than a sixth of other than ASCII base64 is the better encoding, which cannot be put together


class Text(content.ContentNode):
    """The author's own text."""

    __slots__ = ("pieces",)

    def __init__(self, token: Token, text: str) -> None:
        super().__init__(token, text)
        self.pieces: tuple[str, ...] = (text,)

    def render(self, context: RenderContext, buffer: Any) -> int:
        for piece in self.pieces:
            buffer.write(piece)
        return len(self.text)


class Literal(content.Literal):
    node_class = Text

    def parse(self, stream: TokenStream) -> content.ContentNode:
        node = cast(Text, super().parse(stream))
        node.pieces = tuple(_html(node.text) if self.env.autoescape else _text(node.text))
        return node


def _html(text: str) -> list[str]:
    """Cut before `</body>`, so that what counts openings can be put there."""
    before, end, after = text.rpartition("</body>")
    return [*_kept(before), *_kept(end + after)]


def _text(text: str) -> list[str]:
    return _kept(BLANK_LINES.sub("\n\n", text))


def _kept(text: str) -> list[str]:
    """As one static piece when it is worth that, without the white space around it: how many blank lines may stand
    there depends on what comes before and after."""
    core = text.strip(" \t\n")
    if len(core) < _WORTH_KEEPING or "\r" in core or (len(core.encode()) - len(core)) * _FOREIGN > len(core):
        return [text] if text else []
    start = text.index(core)
    return [piece for piece in (text[:start], Static(core), text[start + len(core) :]) if piece]


class MergeTag(output.OutputNode):
    """`{{ … }}`. Without filters its path is looked up at once, instead of through three expressions.

    `given`: where a text or number, if there is one, is what is printed: `default` leaves those alone.
    """

    __slots__ = ("given", "path")

    def __init__(self, token: Token, expression: Expression) -> None:
        super().__init__(token, expression)
        self.path = _path(expression)
        self.given = self.path or _path(expression, but_for="default")

    def value(self, context: RenderContext) -> object:
        return context.get(self.path, token=None) if self.path else self.expression.evaluate(context)

    def render(self, context: RenderContext, buffer: Any) -> int:
        return int(buffer.write(to_liquid_string(self.value(context), context.autoescape)))


def _path(expression: Expression, *, but_for: str = "") -> list[object] | None:
    """The names of a merge tag that has nothing but names, and at most this one filter."""
    if not isinstance(expression, FilteredExpression):
        return None
    filters = [one.name for one in expression.filters or ()]
    path = expression.left if filters == [but_for] * bool(but_for) else None
    if isinstance(path, Path) and not any(isinstance(step, Path) for step in path.path):
        return list(path.path)
    return None


class Output(output.Output):
    node_class = MergeTag
