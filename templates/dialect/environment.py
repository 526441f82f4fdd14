"""Our Liquid: which tags and filters a message may use.

Authors get the allow-list only. The compiler adds tags and filters of its own, which begin with `_` and which
authors cannot name: `{% _slot 3 %}` (a static link), `{% _url href %}…{% end_url %}` (an address with Liquid in it)
and the filters in hrefs.py. So what is stored as compiled is again Liquid.
"""

from liquid import Environment
from liquid.builtin import illegal
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
from liquid.exceptions import LiquidError
from liquid.tag import Tag
from liquid.template import BoundTemplate
from liquid.token import Token

from templates.dialect import filters, hrefs
from templates.dialect.nodes import Literal, Output
from templates.dialect.tags import For, Slot, Url

_TAGS: tuple[type[Tag], ...] = (
    Literal,
    Output,
    illegal.Illegal,
    if_tag.IfTag,
    unless_tag.UnlessTag,
    case_tag.CaseTag,
    For,
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
        for tag in (*_TAGS, *((Slot, Url) if self.compiled else ())):
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
