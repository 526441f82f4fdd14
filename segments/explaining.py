"""A rule in English, as one sentence or line by line, for people who read it before they send to it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from segments.errors import InvalidCriteria
from segments.predicates.base import Catalogue, Leaf
from segments.predicates.operators import Operand
from segments.predicates.segment_members import SEGMENTS
from segments.predicates.types import Reference, ValueType
from segments.trees import Group, Node, read, references

MAX_NAMED = 6  # of a long list of values

Names = dict[tuple[Reference, str], str]


def explain(criteria: Any) -> str:
    """The rule in words: 'Contacts where country is “US”, except …'. One query per kind of reference.

    Raises InvalidCriteria.
    """
    tree = read(criteria, Catalogue.load())
    return _sentence(tree, _names([tree]))


def explain_each(rules: Sequence[Any]) -> list[str]:
    """Each rule in words, one query per kind of reference for all of them; of one that no longer works, why."""
    catalogue = Catalogue.load()
    trees = [_read(rule, catalogue) for rule in rules]
    names = _names([tree for tree in trees if isinstance(tree, Group)])
    return [_sentence(tree, names) if isinstance(tree, Group) else tree for tree in trees]


@dataclass(frozen=True)
class Line:
    """A line of an outline, `depth` groups in."""

    depth: int
    text: str


def outline(rules: Sequence[Any]) -> list[list[Line]]:
    """Each rule line by line: a condition a line, groups by their heads. Of one that no longer works, why."""
    catalogue = Catalogue.load()
    trees = [_read(rule, catalogue) for rule in rules]
    names = _names([tree for tree in trees if isinstance(tree, Group)])
    return [list(_lines(tree, names, 0)) if isinstance(tree, Group) else [Line(0, tree)] for tree in trees]


def _read(rule: Any, catalogue: Catalogue) -> Group | str:
    try:
        return read(rule, catalogue)
    except InvalidCriteria as error:
        return f"This rule no longer works: {error.errors[0].detail}."


_HEADS = {
    ("AND", False): "All of these hold", ("AND", True): "Not all of these hold",
    ("OR", False): "Any of these holds", ("OR", True): "None of these holds",
}  # fmt: skip


def _lines(node: Node, names: Names, depth: int) -> Iterator[Line]:
    if isinstance(node, Leaf):
        yield Line(depth, _leaf(node, names))
        return
    yield Line(depth, _HEADS[node.logic, node.negated])
    for child in node.conditions:
        yield from _lines(child, names, depth + 1)
    for text in node.excluded:
        yield Line(depth, f"except people in the segment {_value(SEGMENTS, text, names)}")


def _sentence(tree: Group, names: Names) -> str:
    return f"Contacts where {_group(tree, names)}."


def _names(trees: Iterable[Group]) -> Names:
    wanted: dict[Reference, set[str]] = defaultdict(set)
    for reference, text, _ in (one for tree in trees for one in references(tree)):
        wanted[reference].add(text)
    return {(kind, text): name for kind, ids in wanted.items() for text, name in kind.names(ids).items()}


def _group(group: Group, names: Names) -> str:
    body = f" {group.logic.lower()} ".join(_node(child, names) for child in group.conditions)
    if group.negated:
        body = f"not ({body})"
    if not group.excluded:
        return body
    out = _join([_value(SEGMENTS, text, names) for text in group.excluded], "or")
    return f"{body}, except people in the segment {out}"


def _node(node: Node, names: Names) -> str:
    if isinstance(node, Leaf):
        return _leaf(node, names)
    inner = _group(node, names)
    return inner if node.negated and not node.excluded else f"({inner})"


def _leaf(leaf: Leaf, names: Names) -> str:

    def name(kind: Reference, text: str) -> str:
        return names.get((kind, text), text)

    if words := leaf.field.type.sentence(label(leaf.field.name), leaf.operator, leaf.value, name):
        return f"the contact {words}"
    subject = "the contact" if isinstance(leaf.field.type, Reference) else label(leaf.field.name)
    return f"{subject} {leaf.operator.words}{_operand(leaf, names)}"


def label(field: str) -> str:
    """A field by its name as people read it."""
    return field.rpartition(".")[2].replace("_", " ")


def _operand(leaf: Leaf, names: Names) -> str:
    match leaf.operator.operand:
        case Operand.NONE:
            return ""
        case Operand.MANY | Operand.PAIR:
            joiner = "and" if leaf.operator.name in ("between", "contains_all") else "or"
            return " " + _join([_value(leaf.field.type, value, names) for value in leaf.value], joiner)
        case _:
            return f" {_value(leaf.field.type, leaf.value, names)}"


def _value(kind: ValueType, value: Any, names: Names) -> str:
    if isinstance(kind, Reference):
        return f"“{names.get((kind, value), value)}”"
    return kind.phrase(value)


def _join(words: Sequence[str], joiner: str) -> str:
    if len(words) > MAX_NAMED:
        return f"{', '.join(words[:MAX_NAMED])} {joiner} {len(words) - MAX_NAMED} more"
    return f" {joiner} ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
