"""Our Liquid: which tags and filters a message may use, what they may cost, and what a missing value is.

Authors get the allow-list only. The compiler adds tags and filters of its own, which begin with `_` and which
authors cannot name: `{% _slot 3 %}` (a static link), `{% _url href %}…{% end_url %}` (an address with Liquid in it)
and the filters in hrefs.py. So what is stored as compiled is again Liquid.

Costs are counted, not timed, so the same template and person give the same outcome on every machine.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, cast

from liquid import Environment, RenderContext
from liquid.ast import BlockNode, Node
from liquid.builtin import content, illegal, output
from liquid.builtin.tags import (
    assign_tag,
    capture_tag,
    case_tag,
    comment_tag,
    echo_tag,
    for_tag,
    if_tag,
    inline_comment_tag,
    unless_tag,
)
from liquid.exceptions import LiquidError, LoopIterationLimitError, OutputStreamLimitError
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.template import BoundTemplate
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG, Token
from liquid.undefined import UNDEFINED, Undefined
from liquid.utils import ReadOnlyChainMap
from markupsafe import Markup

from templates import filters, hrefs

MAX_OUTPUT = 1_000_000  # characters of one rendered part
MAX_STEPS = 50_000  # nodes rendered inside loops
MAX_FILTERED = 5_000_000  # characters and items that filters read and make


class Missing(Undefined):
    """A merge tag without a value. In a condition it is false; to print it is to ask the version's policy."""

    __slots__ = ("policy",)

    def __init__(self, name: str, policy: Callable[[str], str]) -> None:
        super().__init__(name)
        self.policy = policy

    def __str__(self) -> str:
        return self.policy(self.name)


class Links(Protocol):
    """What the tags of the compiler ask of the message."""

    def slot(self, number: int, *, html: bool) -> str: ...

    def sealed(self, url: str) -> str: ...


class Context(RenderContext):
    """One rendering of one part for one person. There is no `now` in it, and nothing but what was given."""

    __slots__ = ("filtered", "links", "policy", "steps", "weight")

    def __init__(
        self,
        template: BoundTemplate,
        *,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - the library's name
        policy: Callable[[str], str] = str,
        links: Links | None = None,
    ) -> None:
        super().__init__(template, globals=globals)
        self.scope = ReadOnlyChainMap(self.locals, self.globals)
        self.policy = policy
        self.links = links
        self.steps = self.filtered = 0
        self.weight = 1

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        """The value at this path, or Missing: null, blank and absent are one."""
        root = path[0]
        try:
            value = self.scope[cast(str, root)]
            for key in path[1:]:
                value = self.get_item(value, key)
        except (KeyError, TypeError, IndexError):
            value = None
        if value is None or (value == "" and root not in self.locals):
            return Missing(".".join(str(key) for key in path), self.policy) if default is UNDEFINED else default
        return value

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        return partial(filters.apply, self, name, super().filter(name, token))

    def charge(self, size: int) -> None:
        """Count what a filter read or made. Raises OutputStreamLimitError when a template asks for too much."""
        self.filtered += size
        if self.filtered > MAX_FILTERED:
            raise OutputStreamLimitError("filters work on too much text", token=None)

    def raise_for_loop_limit(self, length: int = 1) -> None:
        self.steps += length * self.weight
        if self.steps > MAX_STEPS:
            raise LoopIterationLimitError("loops run too long", token=None)

    def get_buffer(self, buf: object = None) -> Any:
        return Output(buf.left if isinstance(buf, Output) else MAX_OUTPUT)


class Output:
    """What a template writes to: as much of a text file as nodes use, with a limit in characters."""

    __slots__ = ("_parts", "left")

    def __init__(self, limit: int = MAX_OUTPUT) -> None:
        self._parts: list[str] = []
        self.left = limit

    def write(self, text: str) -> int:
        self.left -= len(text)
        if self.left < 0:
            raise OutputStreamLimitError("the message is too long", token=None)
        self._parts.append(text)
        return len(text)

    def getvalue(self) -> str:
        return "".join(self._parts)


class _WeighedFor(for_tag.ForNode):
    """A loop that tells how many nodes one round of it may render."""

    __slots__ = ("weight",)

    def __init__(self, token: Token, expression: Any, block: BlockNode, default: BlockNode | None = None) -> None:
        super().__init__(token, expression, block, default)
        self.weight = count_nodes(block)

    def render_to_output(self, context: RenderContext, buffer: Any) -> int:
        cast(Context, context).weight = self.weight
        return super().render_to_output(context, buffer)


def count_nodes(node: Node) -> int:
    """This node and all below it."""
    return 1 + sum(count_nodes(child) for child in node.children(cast(RenderContext, None)))


class _For(for_tag.ForTag):
    node_class = _WeighedFor


class _SlotNode(Node):
    __slots__ = ("number",)

    def __init__(self, token: Token, number: int) -> None:
        super().__init__(token)
        self.number = number
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: Any) -> int:
        links = cast(Context, context).links
        return int(buffer.write(links.slot(self.number, html=context.autoescape) if links else ""))


class _Slot(Tag):
    name = "_slot"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        return _SlotNode(token, int(stream.expect(TOKEN_EXPRESSION).value))


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


class _Url(Tag):
    name = "_url"
    end = "end_url"

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        link = stream.eat(TOKEN_EXPRESSION).value == "href"
        inner = get_parser(self.env).parse_block(stream, (self.end,))
        stream.expect(TOKEN_TAG, value=self.end)
        return _UrlNode(token, link, inner)


_TAGS: tuple[type[Tag], ...] = (
    content.Literal,
    output.Output,
    illegal.Illegal,
    if_tag.IfTag,
    unless_tag.UnlessTag,
    case_tag.CaseTag,
    _For,
    for_tag.BreakTag,
    for_tag.ContinueTag,
    assign_tag.AssignTag,
    capture_tag.CaptureTag,
    echo_tag.EchoTag,
    comment_tag.CommentTag,
    inline_comment_tag.InlineCommentTag,
)


class Dialect(Environment):
    """An environment with our tags and filters, and with those of the compiler when `compiled`."""

    block_nesting_limit = 20
    context_depth_limit = 20
    local_namespace_limit = 1_000_000

    def __init__(self, *, autoescape: bool, compiled: bool) -> None:
        self.compiled = compiled
        super().__init__(autoescape=autoescape)

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for tag in (*_TAGS, *((_Slot, _Url) if self.compiled else ())):
            self.add_tag(tag)
        self.filters.update(filters.ALLOWED if self.autoescape else filters.ALLOWED | filters.WITHOUT_HTML)
        if self.compiled:
            self.filters.update(hrefs.FILTERS)


AUTHOR = Dialect(autoescape=True, compiled=False)
HTML = Dialect(autoescape=True, compiled=True)
TEXT = Dialect(autoescape=False, compiled=True)


def parse(dialect: Dialect, text: str) -> BoundTemplate:
    """The text parsed. Raises LiquidError with the token at fault when it is not our Liquid."""
    template = dialect.from_string(text)
    for name, spans in template.analyze().filters.items():
        if name not in dialect.filters:
            token = Token("word", name, spans[0].index, text)
            raise UnknownFilter(f"there is no filter {name!r}", token=token)
    return template


class UnknownFilter(LiquidError):
    """The template names a filter that is not on the allow-list."""
