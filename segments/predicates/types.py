"""Types of value: which operators each has, which values they take, and how those are written.

Values are cleaned to one canonical JSON form; anything else is a BadValue whose sentence says what is expected.
Text is compared exactly, letter for letter, upper and lower case included. An empty text is no value.
"""

import json
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from config.lib import public_ids
from config.lib.errors import NotFound
from segments.predicates import operators as op
from segments.predicates.operators import Operand, Operator

MAX_VALUES = 1_000
MAX_TEXT = 1_000  # characters
LARGEST = 1e300

Naming = Callable[["Reference", str], str]
"""What the row behind a public id is called."""


class BadValue(Exception):
    """The value does not fit: what is expected, and the keys and indices that lead to the place inside it."""

    def __init__(self, detail: str, *path: str | int) -> None:
        self.detail = detail
        self.path = path
        super().__init__(detail)


@contextmanager
def inside(*path: str | int) -> Iterator[None]:
    """What does not fit in here is told from further out."""
    try:
        yield
    except BadValue as error:
        raise BadValue(error.detail, *path, *error.path) from None


class ValueType:
    """A type of value. Subclasses name it, list its operators and clean one value."""

    name: ClassVar[str]
    operators: ClassVar[Mapping[str, Operator]]
    aliases: ClassVar[Mapping[str, str]] = {}  # spellings that mean another operator for this type alone

    def clean_one(self, operator: Operator, value: Any) -> Any:
        """The canonical form of one value. Raises BadValue."""
        raise NotImplementedError

    def schema_one(self) -> dict[str, Any]:
        """The JSON Schema of one canonical value."""
        raise NotImplementedError

    def phrase(self, value: Any) -> str:
        """One canonical value as it reads in a sentence."""
        return f"“{value}”" if isinstance(value, str) else json.dumps(value)

    def sentence(self, label: str, operator: Operator, value: Any, name: "Naming") -> str:
        """The whole condition in words, for a type that does not read as field, operator and value; else empty."""
        return ""

    def parts(self) -> dict[str, Any]:
        """What the builder of rules has to know of all fields of this type, beyond operators and schema."""
        return {}

    def own_parts(self) -> dict[str, Any]:
        """What it has to know of this field alone."""
        return {}

    def references(self, value: Any) -> Iterable[tuple["Reference", str, tuple[str | int, ...]]]:
        """What a value names: the kind, the public id, and the keys and indices that lead to it.

        Of anything at all: what is not valid names nothing.
        """
        return ()

    def clean(self, operator: Operator, value: Any) -> Any:
        """The canonical value for this operator. Raises BadValue."""
        match operator.operand:
            case Operand.NONE:
                if value is not None and value is not True:
                    raise BadValue(f"{operator.name} takes no value: leave it out")
                return None
            case Operand.MANY:
                return self._clean_many(operator, value)
            case Operand.PAIR:
                return self._clean_pair(operator, value)
            case _:
                return self.clean_one(operator, value)

    def schema(self, operand: Operand) -> dict[str, Any]:
        """The JSON Schema of a canonical value of this shape."""
        match operand:
            case Operand.MANY:
                return {"type": "array", "items": self.schema_one(), "minItems": 1, "maxItems": MAX_VALUES}
            case Operand.PAIR:
                return {"type": "array", "items": self.schema_one(), "minItems": 2, "maxItems": 2}
            case _:
                return self.schema_one()

    def _clean_many(self, operator: Operator, value: Any) -> list[Any]:
        values = value if isinstance(value, list) else [value]
        if not 1 <= len(values) <= MAX_VALUES:
            raise BadValue(f"{operator.name} takes a list of 1 to {MAX_VALUES:,} values, not {len(values):,}")
        cleaned = [self._clean_at(operator, values, index) for index in range(len(values))]
        return list(dict.fromkeys(cleaned))

    def _clean_pair(self, operator: Operator, value: Any) -> list[Any]:
        if not (isinstance(value, list) and len(value) == 2):
            raise BadValue(f"{operator.name} takes a list of two values, [from, to]")
        pair = [self._clean_at(operator, value, index) for index in range(2)]
        if self.reversed(*pair):
            raise BadValue("the first value is above the second: nothing lies between them, turn them round")
        return pair

    def _clean_at(self, operator: Operator, values: list[Any], index: int) -> Any:
        with inside(index):
            return self.clean_one(operator, values[index])

    def reversed(self, low: Any, high: Any) -> bool:
        """Whether nothing can lie between these two, now or ever."""
        return bool(low > high)


def shown(value: Any) -> str:
    """Anything at all, cut short for a message."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"


def clean_text(value: Any) -> str:
    """A text that Postgres can hold, in NFC as all our texts are. Raises BadValue."""
    if not isinstance(value, str):
        raise BadValue(f"expects a text in quotes, not {shown(value)}")
    if not value:
        raise BadValue("expects a text that is not empty; for people without a value use not_exists")
    if len(value) > MAX_TEXT:
        raise BadValue(f"a text may have {MAX_TEXT:,} characters, this one has {len(value):,}")
    if "\0" in value or not _encodable(value):
        raise BadValue("the text holds a NUL or half a surrogate pair, which no value can hold")
    return unicodedata.normalize("NFC", value)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True)
class Text(ValueType):
    """Text. `whole` brings a full value to the field's normal form, `part` what `contains` and its like take."""

    whole: Callable[[str], str] = str
    part: Callable[[str], str] = str

    name = "string"
    operators = op.table(
        op.EQUALS, op.NOT_EQUALS, op.IN, op.NOT_IN, op.CONTAINS, op.NOT_CONTAINS, op.STARTS_WITH, op.ENDS_WITH,
        op.EXISTS, op.NOT_EXISTS,
    )  # fmt: skip

    def clean_one(self, operator: Operator, value: Any) -> str:
        text = clean_text(value)
        exact = operator.name in ("equals", "not_equals", "in", "not_in")
        return self.whole(text) if exact else self.part(text)

    def schema_one(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}


class Number(ValueType):
    """A number, whole or with decimals."""

    name = "number"
    operators = op.table(
        op.EQUALS, op.NOT_EQUALS, op.IN, op.NOT_IN, op.GREATER_THAN, op.GREATER_THAN_OR_EQUAL, op.LESS_THAN,
        op.LESS_THAN_OR_EQUAL, op.BETWEEN, op.EXISTS, op.NOT_EXISTS,
    )  # fmt: skip

    def clean_one(self, operator: Operator, value: Any) -> int | float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadValue(f"expects a number without quotes, such as 100 or 9.5, not {shown(value)}")
        if not abs(value) <= LARGEST:  # NaN is not either
            raise BadValue("expects a number between -1e300 and 1e300")
        return value

    def schema_one(self) -> dict[str, Any]:
        return {"type": "number", "minimum": -LARGEST, "maximum": LARGEST}


class Truth(ValueType):
    """Yes or no."""

    name = "boolean"
    operators = op.table(op.EQUALS, op.NOT_EQUALS, op.EXISTS, op.NOT_EXISTS)

    def clean_one(self, operator: Operator, value: Any) -> bool:
        if not isinstance(value, bool):
            raise BadValue(f"expects true or false without quotes, not {shown(value)}")
        return value

    def schema_one(self) -> dict[str, Any]:
        return {"type": "boolean"}


class TextList(ValueType):
    """A list of texts."""

    name = "list"
    operators = op.table(op.CONTAINS_ANY, op.CONTAINS_ALL, op.CONTAINS_NONE, op.EXISTS, op.NOT_EXISTS)
    aliases = {
        "contains": "contains_any",
        "in": "contains_any",
        "equals": "contains_any",
        "not_contains": "contains_none",
        "not_in": "contains_none",
        "not_equals": "contains_none",
    }

    def clean_one(self, operator: Operator, value: Any) -> str:
        return clean_text(value)

    def schema_one(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}


@dataclass(frozen=True)
class Choice(ValueType):
    """Some of a few known words: `choices` says how each reads, `also` how else it is spelled."""

    noun: str
    choices: Mapping[str, str] = field(hash=False)
    also: Mapping[str, str] = field(default_factory=dict, hash=False)

    name = "choice"
    operators = op.table(op.IN, op.NOT_IN)
    aliases = {"equals": "in", "not_equals": "not_in", "contains": "in", "not_contains": "not_in"}

    def clean_one(self, operator: Operator, value: Any) -> str:
        word = clean_text(value).lower().replace(" ", "_")
        word = self.also.get(word, word)
        if word not in self.choices:
            raise BadValue(f"{shown(value)} is none of {', '.join(self.choices)}")
        return word

    def schema_one(self) -> dict[str, Any]:
        return {"enum": list(self.choices)}

    def phrase(self, value: Any) -> str:
        return self.choices.get(value, str(value))

    def parts(self) -> dict[str, Any]:
        return {"choices": dict(self.choices)}


@dataclass(frozen=True)
class Reference(ValueType):
    """The public id of a row of another table. `inside` and `outside` read between "who" and its name."""

    kind: str  # of the public id, and the word in messages
    model: type[Any]  # a model with a name
    inside: str
    outside: str

    name = "reference"
    aliases = {"equals": "in", "not_equals": "not_in", "contains": "in", "not_contains": "not_in"}

    @property
    def operators(self) -> Mapping[str, Operator]:  # type: ignore[override]
        return op.table(
            Operator("in", Operand.MANY, self.inside),
            Operator("not_in", Operand.MANY, self.outside, complement_of="in"),
        )

    def clean_one(self, operator: Operator, value: Any) -> str:
        text = clean_text(value)
        try:
            public_ids.decode(self.kind, text)
        except NotFound:
            raise BadValue(self.unknown(text)) from None
        return text

    def schema_one(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[1-9A-HJ-NP-Za-km-z]{11}$"}

    def references(self, value: Any) -> Iterable[tuple["Reference", str, tuple[str | int, ...]]]:
        texts = value if isinstance(value, list) else []
        return ((self, text, (index,)) for index, text in enumerate(texts) if isinstance(text, str))

    def names(self, ids: Collection[str]) -> dict[str, str]:
        """The names of the rows that exist among these public ids. One query."""
        pks = {public_ids.decode(self.kind, text): text for text in ids}
        rows = self.model.objects.filter(pk__in=pks).values_list("pk", "name")
        return {pks[pk]: name for pk, name in rows}

    def unknown(self, text: str) -> str:
        """What to say of an id that is no row's: most often somebody wrote the name instead."""
        from_names = self.model.objects.filter(name__iexact=text.replace("_", " ")).values_list("pk", "name")
        hint = "".join(f"; did you mean {public_ids.encode(self.kind, pk)!r} ({name})?" for pk, name in from_names[:1])
        return f"there is no {self.kind} with the id {text[:60]!r}" + (
            hint or f"; ids are listed with the {self.kind}s"
        )
