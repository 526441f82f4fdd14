"""Which merge tags a text uses, found without rendering it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from liquid import RenderContext
from liquid.ast import Node
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.output import OutputNode
from liquid.expression import Expression
from liquid.template import BoundTemplate

from templates.compiling.source import Source
from templates.findings import Place

_BRAND = {"brand.name", "brand.legal_name", "brand.postal_address", "brand.logo"}
OURS = frozenset({*_BRAND, "links.unsubscribe", "links.view", "unsubscribe_url"})


@dataclass(frozen=True)
class Use:
    """A merge tag at one place. `open` when it is printed with neither a default nor a condition around it."""

    name: str
    source: Source
    offset: int
    open: bool

    @property
    def place(self) -> Place:
        return self.source.place(self.offset)


def uses(template: BoundTemplate, source: Source) -> list[Use]:
    """The merge tags of a parsed text, in order; names that the text itself makes are none."""
    unguarded = {offset for node in template.nodes for offset in _unguarded(node, frozenset())}
    found = [
        (variable.span.index, canonical([str(segment) for segment in variable.segments]))
        for variables in template.analyze().globals.values()
        for variable in variables
    ]
    return [Use(name, source, offset, offset in unguarded) for offset, name in sorted(found)]


def canonical(path: list[str]) -> str:
    """`contact.first_name` and `first_name` are one; `brand` and `links` keep their second word."""
    if path[0] == "contact" and len(path) > 1:
        return path[1]
    return ".".join(path[:2]) if path[0] in {"brand", "links"} else path[0]


def _unguarded(node: Node, tested: frozenset[str]) -> Iterator[int]:
    """Where a merge tag is printed as it is, outside of any block that tests it."""
    if isinstance(node, OutputNode):
        expression = node.expression
        filters = {item.name for item in getattr(expression, "filters", None) or ()}
        left = expression.left if isinstance(expression, FilteredExpression) else None
        if isinstance(left, Path) and "default" not in filters and _name(left) not in tested:
            yield left.token.start_index
        return
    tested |= {_name(path) for expression in node.expressions() for path in _paths(expression)}
    for child in node.children(cast(RenderContext, None)):
        yield from _unguarded(child, tested)


def _paths(expression: Expression) -> Iterator[Path]:
    if isinstance(expression, Path):
        yield expression
    for child in expression.children():
        yield from _paths(child)


def _name(path: Path) -> str:
    return canonical([str(segment) for segment in path.path])
