"""From the cells of a record to a staged row: the code that runs a million times an import.

A staged row is a line of Postgres COPY in text format with blank for NULL: cleaners leave no tab and no line break in
a field, and JSON escapes its own, so only the backslash needs care.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import orjson
from django.conf import settings

from config.lib.addresses import address_key, normalise_phone
from config.lib.errors import DomainError
from segments.cleaning import FIELDS, TYPES
from segments.formulas import bare
from segments.importing.mapping import ATTRIBUTE, Target

STAGED_COLUMNS = (
    "external_id", "email", "email_as_given", "email_key", "phone", "first_name", "last_name", "country", "language",
    "timezone", "attributes",
)  # fmt: skip
_EXTERNAL_ID, _EMAIL, _AS_GIVEN, _KEY, _ATTRIBUTES = 0, 1, 2, 3, 10


class InvalidRow(DomainError):
    """This row cannot be imported."""

    code = "invalid_row"
    status = 422


class CleanRow(NamedTuple):
    """STAGED_COLUMNS as COPY text; the address and its key if there is one."""

    copy: str
    email: str
    email_key: int


class RowCleaner:
    """Cleans the rows of one file by its mapping."""

    def __init__(
        self, columns: Sequence[str], targets: Mapping[str, Target], region: str = "", *, defused: bool = True
    ) -> None:
        """`region`: ISO country that numbers without + are of. `defused`: an apostrophe may keep a cell from starting
        a formula (segments.formulas)."""
        self._defused = defused
        self._columns = columns
        self._secret = settings.ADDRESS_KEYS[0][1]
        cleaners: dict[str, Callable[[str], str]] = {**FIELDS, "phone": partial(normalise_phone, region=region or None)}
        places = {column: index for index, column in enumerate(columns)}
        self._fields = [
            (places[column], STAGED_COLUMNS.index(target.field), cleaners[target.field])
            for column, target in targets.items()
            if target.field != ATTRIBUTE
        ]
        self._email = next((index for index, place, _ in self._fields if place == _EMAIL), 0)
        self._attributes = [
            (places[column], target.attribute, TYPES[target.type])
            for column, target in targets.items()
            if target.field == ATTRIBUTE
        ]

    def __call__(self, cells: list[str]) -> CleanRow:
        """Raises InvalidRow with the column and the reason."""
        if len(cells) != len(self._columns):
            raise InvalidRow(f"has {len(cells)} cells, the first line has {len(self._columns)}")
        texts = list(map(str.strip, map(bare, cells) if self._defused and "'" in "".join(cells) else cells))
        row = [""] * len(STAGED_COLUMNS)
        attributes = {}
        index = 0
        try:
            for index, place, clean in self._fields:
                if text := texts[index]:
                    row[place] = clean(text)
            for index, name, parse in self._attributes:
                if (text := texts[index]) and (value := parse(text)) != []:
                    attributes[name] = value
        except DomainError as error:
            raise InvalidRow(f"{self._columns[index]}: {error.detail}") from None
        if row[_EMAIL] and row[_EMAIL] != texts[self._email]:
            row[_AS_GIVEN] = texts[self._email]
        return self._clean(row, attributes)

    def _clean(self, row: list[str], attributes: Mapping[str, object]) -> CleanRow:
        key = 0
        if email := row[_EMAIL]:
            key = address_key(email, self._secret)
            row[_KEY] = str(key)
        elif not row[_EXTERNAL_ID]:
            raise InvalidRow("has neither an email nor an external_id, so nobody can be recognised")
        if attributes:
            row[_ATTRIBUTES] = orjson.dumps(attributes).decode()
        copy = "\t".join(row)
        return CleanRow(copy.replace("\\", "\\\\") if "\\" in copy else copy, email, key)
