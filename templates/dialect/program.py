"""A parsed part, flattened: what it is made of at its top level, so that most of it needs no node to be asked.

Nearly all of a usual mail is the author's text, links and plain merge tags.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from liquid.ast import Node
from liquid.exceptions import OutputStreamLimitError
from liquid.stringify import to_liquid_string
from liquid.template import BoundTemplate

from templates.dialect.context import MAX_OUTPUT, Context, Output
from templates.dialect.nodes import MergeTag, Text
from templates.dialect.tags import SlotNode
from templates.pieces import Static, grouped

_Step = str | SlotNode | MergeTag


class Program:
    """What `run` does is what rendering the nodes one by one does; a property test holds them equal."""

    def __init__(self, template: BoundTemplate) -> None:
        self.template = template
        self._stretches: list[Static | list[_Step] | Node] = []
        for node in template.nodes:
            for step in node.pieces if isinstance(node, Text) else [node]:
                self._add(step)
        self._has_nodes = any(isinstance(stretch, Node) for stretch in self._stretches)

    def _add(self, step: str | Node) -> None:
        if not isinstance(step, Static) and isinstance(step, _Step):
            last = self._stretches[-1] if self._stretches else None
            if isinstance(last, list):
                last.append(step)
            else:
                self._stretches.append([step])
        else:
            self._stretches.append(step)

    def __bool__(self) -> bool:
        return bool(self._stretches)

    def run(self, context: Context) -> list[str]:
        """The text in pieces (templates/pieces.py). Raises what the nodes raise."""
        pieces: list[str] = []
        for stretch in self._stretches:
            if isinstance(stretch, Static):
                pieces.append(stretch)
            elif isinstance(stretch, list):
                pieces.append(_own(stretch, context))
            else:
                output: Any = Output()  # as much of a text file as nodes use
                stretch.render(context, output)
                pieces += output.parts
        if sum(map(len, pieces)) > MAX_OUTPUT:
            raise OutputStreamLimitError("the message is too long", token=None)
        return grouped(pieces) if self._has_nodes else pieces


def _own(steps: Sequence[_Step], context: Context) -> str:
    html, links = context.autoescape, context.links
    texts: list[str] = []
    for step in steps:
        if isinstance(step, str):
            texts.append(step)
        elif type(step) is SlotNode:  # not isinstance: nodes are abstract base classes, which are slow to say no
            texts.append(links.slot(step.number, html=html) if links else "")
        else:
            texts.append(_value(cast(MergeTag, step), context))
    return "".join(texts) if len(texts) > 1 else texts[0]


def _value(tag: MergeTag, context: Context) -> str:
    """At the top level nothing hides what was given but `assign`; a word of letters and digits needs no escaping."""
    given: Mapping[str, object] = context.globals
    if tag.name and not context.locals:
        value = given.get(tag.name)
        if type(value) is str and value.isalnum():
            return value
    return to_liquid_string(tag.value(context), context.autoescape)
