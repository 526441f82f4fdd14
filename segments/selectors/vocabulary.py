"""What a rule may say, for those who build one by hand: every field, its operators in words, the shape of its values.

It is read from the same catalogue as the parser and the JSON Schema, so a new kind of condition is there by itself.
"""

from typing import Any

from segments.explaining import label
from segments.predicates.base import Catalogue, Field
from segments.predicates.operators import Operand, Operator
from segments.predicates.segment_members import SEGMENTS
from segments.predicates.types import Reference, ValueType
from segments.schema import noun
from segments.selectors.suggestions import suggestible

_GROUPS = {"contact_field": "Contact", "attribute": "Attributes"}
_BELONGING = "Belonging"


def vocabulary(catalogue: Catalogue | None = None) -> dict[str, Any]:
    """{"fields": [{name, label, group, type, suggests}], "types": {type: {reference, operators}}, "excluded": type}."""
    fields = (catalogue or Catalogue.load()).values()
    types = {noun(one.type): one.type for one in fields}
    return {
        "fields": _by_group([_field(one) for one in fields]),
        "types": {name: _type(kind) for name, kind in types.items()},
        "excluded": noun(SEGMENTS),
    }


def _by_group(fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each group once, in the order of the first field of each."""
    groups = list(dict.fromkeys(one["group"] for one in fields))
    return sorted(fields, key=lambda one: groups.index(one["group"]))


def _field(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": label(field.name),
        "group": _group(field),
        "type": noun(field.type),
        "suggests": suggestible(field),
        **field.type.own_parts(),
    }


def _group(field: Field) -> str:
    kind = field.predicate.kind
    if isinstance(field.type, Reference) and not field.predicate.group:
        return _BELONGING
    return field.predicate.group or _GROUPS.get(kind) or kind.replace("_", " ").capitalize()


def _type(kind: ValueType) -> dict[str, Any]:
    return {
        "name": kind.name,
        "reference": kind.kind if isinstance(kind, Reference) else "",
        **kind.parts(),
        "operators": [_operator(kind, one) for one in kind.operators.values()],
    }


def _operator(kind: ValueType, operator: Operator) -> dict[str, Any]:
    schema = {} if operator.operand is Operand.NONE else {"schema": kind.schema(operator.operand)}
    return {"name": operator.name, "words": operator.words, "operand": operator.operand.value, **schema}
