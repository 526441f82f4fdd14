"""The JSON Schema of a rule in its normal form, built from the catalogue: every field with its operators and values."""

from collections import defaultdict
from typing import Any

from segments.predicates.base import Catalogue
from segments.predicates.operators import Operand, Operator
from segments.predicates.segment_members import SEGMENTS
from segments.predicates.types import Choice, Reference, ValueType

Schema = dict[str, Any]


def json_schema(catalogue: Catalogue | None = None) -> Schema:
    """JSON Schema 2020-12. Saved rules conform to it; other spellings that are accepted are not in it."""
    fields: dict[str, list[str]] = defaultdict(list)
    types: dict[str, ValueType] = {}
    for name, field in (catalogue or Catalogue.load()).items():
        fields[noun(field.type)].append(name)
        types[noun(field.type)] = field.type
    conditions = {f"{word}_condition": _condition(types[word], sorted(names)) for word, names in fields.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Segment rule",
        "$ref": "#/$defs/group",
        "$defs": {
            "group": _group(),
            "condition": {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in conditions]},
            **conditions,
        },
    }


def noun(kind: ValueType) -> str:
    """A type of value by a name that says its operators and values."""
    if isinstance(kind, Choice):
        return kind.noun
    return f"in_{kind.kind}" if isinstance(kind, Reference) else kind.name


def _group() -> Schema:
    node = {"anyOf": [{"$ref": "#/$defs/condition"}, {"$ref": "#/$defs/group"}]}
    return {
        "type": "object",
        "properties": {
            "logic": {"enum": ["AND", "OR"]},
            "conditions": {"type": "array", "items": node, "minItems": 1},
            "exclude_segments": SEGMENTS.schema(Operand.MANY),
            "not": {"const": True},
        },
        "required": ["logic", "conditions"],
        "additionalProperties": False,
    }


def _condition(kind: ValueType, fields: list[str]) -> Schema:
    by_operand: dict[Operand, list[Operator]] = defaultdict(list)
    for operator in kind.operators.values():
        by_operand[operator.operand].append(operator)
    return {"oneOf": [_leaf(kind, fields, operand, operators) for operand, operators in by_operand.items()]}


def _leaf(kind: ValueType, fields: list[str], operand: Operand, operators: list[Operator]) -> Schema:
    properties: Schema = {"field": {"enum": fields}, "operator": {"enum": [operator.name for operator in operators]}}
    if operand is not Operand.NONE:
        properties["value"] = kind.schema(operand)
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
