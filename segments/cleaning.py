"""What each field and attribute of a contact accepts, and the one form it is kept in. Pure.

A cleaner takes stripped text that is not blank and raises a DomainError that says what to write instead. What it says
is kept beside the line number of an import, so it does not repeat the value.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache

import orjson

from config.lib.addresses import normalise_email, normalise_phone
from config.lib.errors import DomainError
from segments.places import country_code, language_tag, zone_name

Value = str | int | float | bool | list[str]
MAX_TEXT = 2000
MAX_ITEMS = 200
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_TOKEN = re.compile(r"[!-~]+\Z")
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?\Z")
_ISO_DATE = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[T ][0-9:.]+(?:Z|[-+][0-9:]+)?)?\Z")
_GERMAN_DATE = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})\Z")
_EXACT_INTEGER = 2**53
_TRUE = frozenset({"true", "yes", "y", "1", "on", "t", "ja", "oui", "si", "sí", "x"})
_FALSE = frozenset({"false", "no", "n", "0", "off", "f", "nein", "non"})


class InvalidValue(DomainError):
    """This value is not valid."""

    code = "invalid_value"
    status = 422


def one_line(text: str, limit: int) -> str:
    """White space of any kind as single spaces, NFC, no control characters, at most `limit` characters."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    text = " ".join(text.split())
    return _within(text, limit)


def _within(text: str, limit: int) -> str:
    if not text.isprintable() and _CONTROL.search(text):
        raise InvalidValue("holds a control character (NUL or the like): remove it")
    if len(text) > limit:
        raise InvalidValue(f"has {len(text):,} characters, at most {limit:,} are kept")
    return text


def external_id(text: str) -> str:
    return text if len(text) <= 255 and _TOKEN.match(text) else one_line(text, 255)


@lru_cache(1 << 14)  # many people share a name
def name(text: str) -> str:
    return one_line(text, 100)


def language(text: str) -> str:
    tag = language_tag(text)
    return tag if len(tag) <= 10 else tag.partition("-")[0]


def string(text: str) -> str:
    """Text as it stands, line breaks included."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return _within(text, MAX_TEXT)


def number(text: str) -> int | float:
    """12, -3.5, 1e6. Nothing with thousands separators or a decimal comma: 1,234 means two things."""
    match = _NUMBER.match(text)
    if not match:
        raise InvalidValue("is no number; write 1234.5")
    if not match[1] and not match[2] and abs(int(text)) <= _EXACT_INTEGER:
        return int(text)
    value = float(text)
    if math.isinf(value):
        raise InvalidValue("is too large a number")
    return value


def boolean(text: str) -> bool:
    word = text.lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise InvalidValue("is neither true nor false; write true or false")


def day(text: str) -> str:
    """A date as 2024-12-31, from year-month-day in any notation (a time is dropped) or 31.12.2024."""
    if match := _ISO_DATE.match(text):
        year, month, day_ = match.groups()
    elif match := _GERMAN_DATE.match(text):
        day_, month, year = match.groups()
    else:
        raise InvalidValue("is no date; write 2024-12-31")
    try:
        return date(int(year), int(month), int(day_)).isoformat()
    except ValueError:
        raise InvalidValue("is no day of the calendar; write 2024-12-31") from None


def items(text: str) -> list[str]:
    """Distinct items in their order, from a JSON array or from text with ; or | between them."""
    return distinct(_json_array(text) if text.startswith("[") else re.split(r"[;|]", text))


def distinct(parts: Iterable[str]) -> list[str]:
    """The items without blanks and repetitions."""
    found = list(dict.fromkeys(item for part in parts if (item := one_line(part, 255))))
    if len(found) > MAX_ITEMS:
        raise InvalidValue(f"has {len(found)} items, at most {MAX_ITEMS} are kept")
    return found


def _json_array(text: str) -> Iterable[str]:
    try:
        parts = orjson.loads(text)
    except orjson.JSONDecodeError:
        parts = None
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise InvalidValue('is no list; write ["a", "b"] or a;b')
    return parts


FIELDS: dict[str, Callable[[str], str]] = {
    "external_id": external_id,
    "email": normalise_email,
    "phone": normalise_phone,
    "first_name": name,
    "last_name": name,
    "country": country_code,
    "language": language,
    "timezone": zone_name,
}
TYPES: dict[str, Callable[[str], Value]] = {
    "string": string,
    "number": number,
    "boolean": boolean,
    "date": day,
    "list": items,
}


def guessed_type(samples: Iterable[str]) -> str:
    """The narrowest attribute type that fits every sample; numbers with leading zeros are codes, so strings."""
    texts = list(samples)
    if not texts:
        return "string"
    if all(text.lower() in ("true", "false", "yes", "no") for text in texts):
        return "boolean"
    if all(_NUMBER.match(text) and not re.match(r"[-+]?0[0-9]|\+", text) for text in texts):
        return "number"
    if all(text.startswith("[") and _fits(items, text) for text in texts):
        return "list"
    return "date" if all(_fits(day, text) for text in texts) else "string"


def _fits(cleaner: Callable[[str], object], text: str) -> bool:
    try:
        cleaner(text)
    except DomainError:
        return False
    return True
