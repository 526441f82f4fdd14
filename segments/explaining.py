"""A rule as one English sentence, for people who read it before they send to it."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

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
    return f"Contacts where {_group(tree, _names(tree))}."


def _names(tree: Group) -> Names:
    wanted: dict[Reference, set[str]] = defaultdict(set)
    for reference, text, _ in references(tree):
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
    subject = "the contact" if isinstance(leaf.field.type, Reference) else _label(leaf.field.name)
    return f"{subject} {leaf.operator.words}{_operand(leaf, names)}"


def _label(field: str) -> str:
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
