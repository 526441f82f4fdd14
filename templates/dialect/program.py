"""A parsed part, flattened: what it is made of at its top level, so that most of it needs no node to be asked.

Nearly all of a usual mail is the author's text, links and plain merge tags.
"""

from collections.abc import Sequence
from typing import Any, cast

from liquid.ast import Node
from liquid.exceptions import OutputStreamLimitError
from liquid.stringify import to_liquid_string
from liquid.template import BoundTemplate
from markupsafe import escape

from templates.dialect.context import MAX_OUTPUT, Context, Output
from templates.dialect.nodes import MergeTag, Text
from templates.dialect.tags import SlotNode
from templates.pieces import Static, grouped

_Step = str | Node


class Program:
    """What `run` does is what rendering the nodes one by one does; a property test holds them equal."""

    def __init__(self, template: BoundTemplate) -> None:
        self.template = template
        self._layout: list[str] = []  # the static pieces in their places, and "" where there is something of our own
        self._slots: list[tuple[int, int]] = []  # (place, number) of each link that stands alone between them
        self._runs: list[tuple[int, list[_Step]]] = []  # (place, steps) of all else
        steps: list[_Step] = []
        for node in template.nodes:
            for step in node.pieces if isinstance(node, Text) else [node]:
                if isinstance(step, Static):
                    self._add(steps)
                    self._layout.append(step)
                    steps = []
                else:
                    steps.append(step)
        self._add(steps)

    def _add(self, steps: list[_Step]) -> None:
        if len(steps) == 1 and isinstance(steps[0], SlotNode):
            self._slots.append((len(self._layout), steps[0].number))
        elif steps:
            self._runs.append((len(self._layout), steps))
        if steps:
            self._layout.append("")

    def __bool__(self) -> bool:
        return bool(self._layout)

    def run(self, context: Context) -> list[str]:
        """The text in pieces (templates/pieces.py). Raises what the nodes raise."""
        pieces, links = self._layout.copy(), context.links
        if links:
            html = context.autoescape
            for place, number in self._slots:
                pieces[place] = links.slot(number, html=html)
        parted: dict[int, list[str]] = {}
        for place, steps in self._runs:
            texts = _own(steps, context)
            pieces[place] = "".join(texts)
            if Static in map(type, texts):
                parted[place] = texts
        if sum(map(len, pieces)) > MAX_OUTPUT:
            raise OutputStreamLimitError("the message is too long", token=None)
        if parted:
            return grouped([text for place, piece in enumerate(pieces) for text in parted.get(place, [piece])])
        return pieces


def _own(steps: Sequence[_Step], context: Context) -> list[str]:
    html, links = context.autoescape, context.links
    texts: list[str] = []
    for step in steps:
        if type(step) is str:
            texts.append(step)
        elif type(step) is MergeTag:
            texts.append(_value(step, context, html))
        elif type(step) is SlotNode:
            texts.append(links.slot(step.number, html=html) if links else "")
        else:
            output: Any = Output()  # as much of a text file as nodes use
            cast(Node, step).render(context, output)
            texts += output.parts
    return texts


def _value(tag: MergeTag, context: Context, html: bool) -> str:
    """At the top level nothing hides what was given but `assign`. Text and numbers need no look at what they are."""
    if tag.given and not context.locals:
        value: Any = context.globals
        for name in tag.given:
            value = value.get(name) if type(value) is dict else None
        if type(value) is str and value and not value.isspace():
            return str(escape(value)) if html else value
        if type(value) is int:
            return str(value)
    return to_liquid_string(tag.value(context), html)
