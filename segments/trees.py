"""Predicate trees: what a rule means, its one normal form, and reading what people send into it.

    {"logic": "AND", "conditions": [condition or group, …], "exclude_segments": [id, …], "not": true}

A condition is {"field", "operator", "value"}; operators without a value (exists, not_exists) have none.
References are public ids: {"field": "list" | "segment" | "import", "operator": "in", "value": [id, …]}.

**Every contact either matches or does not.** There is no third answer:
- A field has a value or is not known. Null, an attribute that is absent, an empty text, an empty list, and a value
  that is not of the attribute's registered type are all *not known*.
- A positive operator matches only known values.
- A negative operator (not_equals, not_in, not_contains, contains_none, not_within_last, not_exists) matches exactly
  those its positive one does not, people whose value is not known included: "country is not US" holds for somebody
  without a country. Add {"operator": "exists"} beside it where that is not meant.
- AND needs all conditions, OR needs one. `"not": true` turns the conditions of its group around.
- `exclude_segments` always takes people out, whatever the conditions and `not` of its group say.
- {"not": group} is everybody but the group's people, its exclusions turned as well. Of X and {"not": X},
  each contact is in exactly one.
- Text is compared exactly, upper and lower case included. (E-mail addresses and countries have a normal form,
  which values are brought to.) Dates and relative dates: see predicates/dates.py.

The normal form has every key and operator in its canonical spelling, attributes with their prefix, and no key that
says nothing. Saved versions are in normal form. `user.country`, `is_true`, `gt` and their like are only understood.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from operator import itemgetter
from typing import Any, Literal

from config.lib.errors import FieldError
from segments.errors import InvalidCriteria
from segments.predicates.base import Catalogue, Field, Leaf
from segments.predicates.operators import ALIASES, TRUTHS, Operand, Operator
from segments.predicates.segment_members import SEGMENTS
from segments.predicates.types import BadValue, Reference, shown

MAX_DEPTH = 20  # groups within groups
MAX_LEAVES = 500
MAX_ERRORS = 20  # told at once

_GROUP_KEYS = ("logic", "conditions", "exclude_segments", "not")
_LEAF_KEYS = ("field", "operator", "value")
_LOGIC: Mapping[str, Literal["AND", "OR"]] = {"AND": "AND", "OR": "OR", "ALL": "AND", "ANY": "OR"}


@dataclass(frozen=True)
class Group:
    """Conditions joined by `logic`, turned round when `negated`, then without the people of `excluded` segments."""

    logic: Literal["AND", "OR"]
    conditions: tuple["Node", ...]
    excluded: tuple[str, ...] = ()
    negated: bool = False
    pointer: str = ""


Node = Leaf | Group


def normalise(criteria: Any, catalogue: Catalogue | None = None) -> dict[str, Any]:
    """The normal form of a rule. Raises InvalidCriteria with a JSON pointer to everything that is wrong."""
    tree = read(criteria, catalogue or Catalogue.load())
    check_references([tree])
    return as_json(tree)


def read(criteria: Any, catalogue: Catalogue) -> Group:
    """The tree of a rule, references not yet looked up. Raises InvalidCriteria."""
    reader = _Reader(catalogue)
    try:
        node = reader.node(criteria, "", depth=1)
    except _Enough:
        node = None
    if reader.errors or node is None:
        raise InvalidCriteria(*reader.errors)
    return node if isinstance(node, Group) else Group("AND", (node,))


def check_references(trees: Iterable[Group]) -> None:
    """One query per kind of reference. Raises InvalidCriteria naming each id that is no row's."""
    places: dict[Reference, dict[str, str]] = defaultdict(dict)
    for tree in trees:
        for reference, text, pointer in references(tree):
            places[reference].setdefault(text, pointer)
    missing = [
        (pointers[text], reference, text)
        for reference, pointers in places.items()
        for text in pointers.keys() - reference.names(pointers).keys()
    ]
    if missing:
        shown = sorted(missing, key=itemgetter(0))[:MAX_ERRORS]
        raise InvalidCriteria(*(FieldError(at, kind.unknown(text), "unknown_reference") for at, kind, text in shown))


def references(node: Node) -> Iterator[tuple[Reference, str, str]]:
    """Each reference of a tree: its kind, public id and pointer."""
    if isinstance(node, Group):
        for index, text in enumerate(node.excluded):
            yield SEGMENTS, text, f"{node.pointer}/exclude_segments/{index}"
        for child in node.conditions:
            yield from references(child)
    else:
        for kind, text, path in node.field.type.references(node.value):
            yield kind, text, f"{node.pointer}/value" + "".join(f"/{part}" for part in path)


def names_of(criteria: Any) -> dict[str, str]:
    """The names of the rows that a rule refers to by public id, even one that is not valid. One query a kind."""
    wanted: dict[Reference, set[str]] = defaultdict(set)
    for kind, text in _mentions(criteria, Catalogue.load(), depth=0):
        if isinstance(text, str) and _is_id(kind, text):
            wanted[kind].add(text)
    return {text: name for kind, ids in wanted.items() for text, name in kind.names(ids).items()}


def _mentions(raw: Any, catalogue: Catalogue, depth: int) -> Iterator[tuple[Reference, Any]]:
    if not isinstance(raw, dict) or depth > 3 * MAX_DEPTH:
        return
    field = catalogue.find(raw["field"]) if isinstance(raw.get("field"), str) else None
    if field:
        yield from ((kind, text) for kind, text, _path in field.type.references(raw.get("value")))
    yield from ((SEGMENTS, text) for text in _list(raw.get("exclude_segments")))
    for below in (*_list(raw.get("conditions")), raw.get("not")):
        yield from _mentions(below, catalogue, depth + 1)


def _list(raw: Any) -> list[Any]:
    return raw if isinstance(raw, list) else []


def _is_id(kind: Reference, text: str) -> bool:
    try:
        kind.clean(kind.operators["in"], text)
    except BadValue:
        return False
    return True


def segment_ids(criteria: Mapping[str, Any]) -> Iterator[str]:
    """The public ids of the segments that a rule in normal form names, read from the JSON alone."""
    return (text for text, _ in segment_places(criteria))


def segment_places(criteria: Mapping[str, Any], pointer: str = "") -> Iterator[tuple[str, str]]:
    """(public id, JSON pointer) of each mention of a segment in a rule in normal form."""
    for index, text in enumerate(criteria.get("exclude_segments", ())):
        yield text, f"{pointer}/exclude_segments/{index}"
    for index, condition in enumerate(criteria["conditions"]):
        at = f"{pointer}/conditions/{index}"
        if "conditions" in condition:
            yield from segment_places(condition, at)
        elif condition["field"] == "segment":
            yield from ((text, f"{at}/value/{number}") for number, text in enumerate(condition["value"]))


def as_json(node: Node) -> dict[str, Any]:
    """The normal form as it is stored."""
    if isinstance(node, Leaf):
        value = {} if node.operator.operand is Operand.NONE else {"value": node.value}
        return {"field": node.field.name, "operator": node.operator.name, **value}
    return {
        "logic": node.logic,
        "conditions": [as_json(child) for child in node.conditions],
        **({"exclude_segments": list(node.excluded)} if node.excluded else {}),
        **({"not": True} if node.negated else {}),
    }


class _Enough(Exception):
    """Too much is wrong to go on reading."""


class _Reader:
    """Reads one rule, collecting what is wrong with it. A node with an error comes out as None."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.errors: list[FieldError] = []
        self.leaves = 0

    def node(self, raw: Any, pointer: str, depth: int) -> Node | None:
        if not isinstance(raw, dict):
            self.wrong(pointer, 'expects an object: {"field", "operator", "value"} or {"logic", "conditions"}')
            return None
        if "field" in raw:
            return self.leaf(raw, pointer)
        if depth > MAX_DEPTH:
            self.wrong(pointer, f"groups may be nested {MAX_DEPTH} deep, this is deeper: flatten it", "too_deep")
            return None
        if raw.keys() == {"not"} and not isinstance(raw["not"], bool):
            node = self.node(raw["not"], f"{pointer}/not", depth + 1)
            return _negate(node, pointer) if node else None
        return self.group(raw, pointer, depth)

    def group(self, raw: dict[str, Any], pointer: str, depth: int) -> Group | None:
        before = len(self.errors)
        self.keys(raw, _GROUP_KEYS, pointer)
        logic = self.logic(raw.get("logic", "AND"), pointer)
        negated = raw.get("not", False)
        if not isinstance(negated, bool):
            self.wrong(f"{pointer}/not", "expects true or false; to turn a whole group round write only {“not”: group}")
        excluded = self.excluded(raw.get("exclude_segments", []), pointer)
        conditions = self.conditions(raw.get("conditions"), pointer, depth)
        if len(self.errors) > before:
            return None
        return Group(logic, tuple(conditions), tuple(excluded), negated, pointer)

    def conditions(self, raw: Any, pointer: str, depth: int) -> list[Node]:
        pointer = f"{pointer}/conditions"
        if not isinstance(raw, list) or not raw:
            everyone = 'for everybody, {"field": "created_at", "operator": "exists"}'
            self.wrong(pointer, f"expects a list of at least one condition ({everyone})")
            return []
        nodes = [self.node(child, f"{pointer}/{index}", depth + 1) for index, child in enumerate(raw)]
        return [node for node in nodes if node is not None]

    def logic(self, raw: Any, pointer: str) -> Literal["AND", "OR"]:
        if not isinstance(raw, str) or raw.upper() not in _LOGIC:
            self.wrong(f"{pointer}/logic", 'expects "AND" or "OR"')
            return "AND"
        return _LOGIC[raw.upper()]

    def excluded(self, raw: Any, pointer: str) -> list[str]:
        pointer = f"{pointer}/exclude_segments"
        if not isinstance(raw, list):
            self.wrong(pointer, "expects a list of ids of segments")
        elif raw:
            return self.value(SEGMENTS, SEGMENTS.operators["in"], raw, pointer) or []
        return []

    def leaf(self, raw: dict[str, Any], pointer: str) -> Leaf | None:
        self.leaves += 1
        if self.leaves > MAX_LEAVES:
            self.wrong(
                pointer, f"a rule may have {MAX_LEAVES} conditions; use in with a list, or other segments", "too_large"
            )
            raise _Enough
        self.keys(raw, _LEAF_KEYS, pointer)
        field = self.field(raw["field"], pointer)
        return self.leaf_of(field, raw, pointer) if field else None

    def leaf_of(self, field: Field, raw: dict[str, Any], pointer: str) -> Leaf | None:
        name, value = raw.get("operator"), raw.get("value")
        if field.type.name == "boolean" and isinstance(name, str) and name in TRUTHS and value in (None, True):
            name, value = "equals", TRUTHS[name]
        operator = self.operator(field, name, pointer)
        if operator is None:
            return None
        before = len(self.errors)
        value = self.value(field.type, operator, value, f"{pointer}/value")
        return Leaf(field, operator, value, pointer) if len(self.errors) == before else None

    def field(self, raw: Any, pointer: str) -> Field | None:
        found = self.catalogue.find(raw) if isinstance(raw, str) else None
        if found is None:
            hint = self.catalogue.near(raw) if isinstance(raw, str) else ": it is a text"
            self.wrong(f"{pointer}/field", f"{shown(raw)} is no field{hint}", "unknown_field")
        return found

    def operator(self, field: Field, raw: Any, pointer: str) -> Operator | None:
        known = field.type.operators
        for spelling in (raw, ALIASES.get(raw, "")) if isinstance(raw, str) else ():
            name = field.type.aliases.get(spelling, spelling)
            if name in known:
                return known[name]
        near = get_close_matches(raw, known, n=1) if isinstance(raw, str) else []
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known)}"
        detail = f"{shown(raw)} is no operator of {field.name} ({field.type.name}); {hint}"
        self.wrong(f"{pointer}/operator", detail, "unknown_operator")
        return None

    def value(self, type_: Any, operator: Operator, raw: Any, pointer: str) -> Any:
        try:
            return type_.clean(operator, raw)
        except BadValue as error:
            single = operator.operand is Operand.MANY and not isinstance(raw, list)  # taken as a list of one
            path = () if single else error.path
            self.wrong(pointer + "".join(f"/{_escaped(part)}" for part in path), error.detail, "wrong_value")
            return None

    def keys(self, raw: dict[str, Any], known: tuple[str, ...], pointer: str) -> None:
        for key in raw.keys() - set(known):
            near = get_close_matches(str(key), known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            self.wrong(f"{pointer}/{_escaped(key)}", f"is no key here; {hint}", "unknown_key")

    def wrong(self, pointer: str, detail: str, code: str = "invalid") -> None:
        self.errors.append(FieldError(pointer, detail, code))
        if len(self.errors) >= MAX_ERRORS:
            raise _Enough


def _negate(node: Node, pointer: str) -> Group:
    if isinstance(node, Group) and not node.excluded:
        return replace(node, negated=not node.negated)
    return Group("AND", (node,), negated=True, pointer=pointer)


def _escaped(key: object) -> str:
    return str(key)[:60].replace("~", "~0").replace("/", "~1")
