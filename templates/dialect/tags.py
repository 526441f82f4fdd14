"""Tags of our own: a loop that tells what it costs, and those that only the compiler writes."""

from collections.abc import Sequence
from typing import Any, cast

from liquid import RenderContext
from liquid.ast import BlockNode, Node
from liquid.builtin.tags import for_tag
from liquid.exceptions import LoopIterationLimitError
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG, Token
from markupsafe import Markup

from templates.dialect import hrefs
from templates.dialect.context import MAX_STEPS, Context


class _WeighedFor(for_tag.ForNode):
    """A loop that tells how many nodes one round of it may render."""

    __slots__ = ("weight",)

    def __init__(self, token: Token, expression: Any, block: BlockNode, default: BlockNode | None = None) -> None:
        super().__init__(token, expression, block, default)
        self.weight = count_nodes(block)

    def render_to_output(self, context: RenderContext, buffer: Any) -> int:
        range_ = self.expression.iterable.evaluate(context) if self.expression.reversed else None
        if isinstance(range_, range) and len(range_) > MAX_STEPS:  # the library makes a list of it before it counts
            raise LoopIterationLimitError("loops run too long", token=self.token)
        cast(Context, context).weight = self.weight
        return super().render_to_output(context, buffer)


def count_nodes(node: Node) -> int:
    """This node and all below it."""
    return 1 + sum(count_nodes(child) for child in node.children(cast(RenderContext, None)))


class For(for_tag.ForTag):
    node_class = _WeighedFor


class SlotNode(Node):
    __slots__ = ("number",)

    def __init__(self, token: Token, number: int) -> None:
        super().__init__(token)
        self.number = number
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: Any) -> int:
        links = cast(Context, context).links
        return int(buffer.write(links.slot(self.number, html=context.autoescape) if links else ""))


class Slot(Tag):
    name = "_slot"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        return SlotNode(token, int(stream.expect(TOKEN_EXPRESSION).value))


class _UrlNode(Node):
    """An attribute value with Liquid in it: whatever comes out is a safe address, or the message fails."""

    __slots__ = ("content", "link")

    def __init__(self, token: Token, link: bool, content: BlockNode) -> None:
        super().__init__(token)
        self.link = link
        self.content = content
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: Any) -> int:
        value = context.get_buffer(buffer)
        self.content.render(context, value)
        html, links = context.autoescape, cast(Context, context).links
        url = hrefs.checked(hrefs.unescape_attribute(value.getvalue()) if html else value.getvalue())
        if self.link and links:
            url = links.sealed(url)
        return int(buffer.write(str(Markup.escape(url)) if html else url))

    def children(self, static_context: RenderContext, *, include_partials: bool = True) -> Sequence[Node]:
        return [self.content]


class Url(Tag):
    name = "_url"
    end = "end_url"

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        link = stream.eat(TOKEN_EXPRESSION).value == "href"
        inner = get_parser(self.env).parse_block(stream, (self.end,))
        stream.expect(TOKEN_TAG, value=self.end)
        return _UrlNode(token, link, inner)
