"""What a kind of condition is, and the catalogue of every field that conditions may name.

To add a kind (events, engagement, consent, …), from this app or an upper one:

1. Write one class here or in the upper app: a Predicate with an explicit `kind`, `fields()` that lists every field
   it answers for by canonical name with its ValueType, and `to_q()` that gives the SQL of one positive condition.
2. Add its dotted path to settings.SEGMENT_PREDICATES, and a test file that holds it against the oracle.

`fields()` may read its own registry with one query; the catalogue is built once per rule, never per condition.
A value of another shape (a count with a window and property filters, say) is a ValueType of its own with its
own operators: `clean()`, `schema()` and `phrase()` are all that the parser, the JSON Schema and the sentence ask.
`to_q()` gives parameters only, never a column or key from outside `fields()`, and joins nothing: another table is
asked with Exists on OuterRef("pk"), so that a contact never comes twice and a batch is the same query with `id__in`.
It may come out NULL where there is no value: NULL does not match. The complement is built here, in two values.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, ClassVar, Protocol

from django.db import models
from django.db.models import Func, Q

from config.lib.registry import Registry
from segments.predicates.operators import Operator
from segments.predicates.types import ValueType


class NotTrue(Func):
    """The exact complement of a condition that may be NULL: what SQL's NOT is not."""

    template = "((%(expressions)s) IS NOT TRUE)"
    output_field = models.BooleanField()


class Scope(Protocol):
    """What a predicate may ask while a rule is compiled."""

    @property
    def at(self) -> datetime:
        """The moment relative dates are counted from."""

    @property
    def among(self) -> Collection[int] | None:
        """Of whom alone is asked: row ids, or a stretch of them as a range; None: of everybody.

        A subquery that groups narrows itself to them (`having.asked_of`).
        """

    def members(self, segment_id: int, *, negated: bool) -> Q:
        """The people in a segment, or those who are not, by its current version."""


@dataclass(frozen=True)
class Field:
    """A field that conditions may name."""

    name: str
    type: ValueType
    predicate: "Predicate"


@dataclass(frozen=True)
class Leaf:
    """One condition in canonical form. `value` is None for operators that take none."""

    field: Field
    operator: Operator
    value: Any
    pointer: str = ""


class Predicate(ABC):
    """A kind of condition. See the module for how to add one."""

    kind: ClassVar[str]
    bare: ClassVar[bool] = False  # its fields may also be written without what stands before their first dot
    group: ClassVar[str] = ""  # under which its fields are offered; by its kind where there is none

    @abstractmethod
    def fields(self) -> Mapping[str, ValueType]:
        """Every field it answers for, by canonical name. At most one query."""

    def spellings(self, name: str) -> Iterable[str]:
        """Other names of one of its fields that are understood and never stored; of two owners, the first has it."""
        return (name.partition(".")[2],) if self.bare else ()

    @abstractmethod
    def to_q(self, leaf: Leaf, scope: Scope) -> Q:
        """The contacts that match. `leaf.operator` is never one that is a complement of another."""

    def complement(self, leaf: Leaf, scope: Scope) -> Q:
        """Exactly the contacts that `to_q` does not match."""
        return Q(NotTrue(self.to_q(leaf, scope)))


PREDICATES: Registry[Predicate] = Registry("SEGMENT_PREDICATES", Predicate)  # type: ignore[type-abstract]

_SUBJECTS = ("user.", "contact.")


class Catalogue(Mapping[str, Field]):
    """Every field by canonical name. `find` also knows the spellings that are understood.

    A kind's registry is read when something is asked that no kind before it knows: a rule over a country asks none.
    """

    def __init__(self, kinds: Iterable[Predicate]) -> None:
        self._unread = deque(kinds)
        self._fields: dict[str, Field] = {}
        self._also: dict[str, Field] = {}

    @classmethod
    def load(cls) -> "Catalogue":
        """The catalogue of all predicates. One query per kind that keeps a registry, when it is needed."""
        return cls(kind() for kind in PREDICATES)

    def _read_next(self) -> None:
        predicate = self._unread.popleft()
        for name, type_ in predicate.fields().items():
            field = self._fields.setdefault(name, Field(name, type_, predicate))
            for spelling in predicate.spellings(name):
                self._also.setdefault(spelling, field)

    def _read_all(self) -> dict[str, Field]:
        while self._unread:
            self._read_next()
        return self._fields

    def _named(self, name: str) -> Field | None:
        while name not in self._fields and self._unread:
            self._read_next()
        return self._fields.get(name)

    def __getitem__(self, name: str) -> Field:
        return self._read_all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read_all())

    def __len__(self) -> int:
        return len(self._read_all())

    def find(self, name: str) -> Field | None:
        """The field by canonical name, without its prefix where that is unambiguous, or after `user.`."""
        for subject in ("", *_SUBJECTS):
            if name.startswith(subject):
                rest = name[len(subject) :]
                if field := self._named(rest) or self._also.get(rest):
                    return field
        return None

    def near(self, name: str) -> str:
        """The sentence that helps with an unknown field."""
        known = [*self._read_all(), *self._also]
        bare = next((name.removeprefix(one) for one in _SUBJECTS if name.startswith(one)), name)
        close = [match for one in (bare, name.partition(".")[2]) for match in get_close_matches(one, known, n=1)]
        return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(sorted(self._fields)[:30])}"
