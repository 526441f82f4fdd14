"""Which column becomes which field: guessed from headers, checked before it is used.

A mapping is {header: target}. A target is a contact field ("email"), an attribute with its type
("attribute:plan:string", registered when the import runs if it is new), or "" for a column left out.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from config.lib.errors import FieldError, Invalid
from segments.cleaning import FIELDS, TYPES, guessed_type
from segments.importing.sniffing import Sniffed

ATTRIBUTE = "attribute"
PROBLEM_COLUMNS = ("line", "outcome", "reason")  # what our error file puts before the columns it found
_KNOWN_HEADERS = {
    "external_id": "externalid id userid customerid contactid memberid subscriberid uid uuid reference kundennummer",
    "": "postriderid cohorton suppressed",  # what our own export says of people
    "email": "email emailaddress mail emailadresse correo courriel emailid primaryemail contactemail",
    "phone": "phone phonenumber mobile mobilephone mobilenumber cell cellphone telephone tel telefon handy sms",
    "first_name": "firstname givenname forename fname first vorname prenom nombre",
    "last_name": "lastname surname familyname lname last nachname nom apellido apellidos",
    "country": "country countrycode countryregion land pays pais",
    "language": "language lang locale preferredlanguage sprache langue idioma",
    "timezone": "timezone tz timezonename zeitzone",
}
_FIELD_OF = {header: field for field, headers in _KNOWN_HEADERS.items() for header in headers.split()}
_NESTED = re.compile(r"\A(attributes?|traits)[.:]", re.IGNORECASE)  # as exports name the columns of attributes
_ATTRIBUTE_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")


@dataclass(frozen=True)
class Target:
    """Where a column goes: a contact field, or an attribute of a type."""

    field: str
    attribute: str = ""
    type: str = ""

    @classmethod
    def parse(cls, text: str) -> "Target":
        """Raises ValueError for what is no target."""
        field, _, rest = text.partition(":")
        attribute, _, type_ = rest.partition(":")
        known = type_ in TYPES and _ATTRIBUTE_NAME.match(attribute) if field == ATTRIBUTE else not rest
        if not known or (field != ATTRIBUTE and field not in FIELDS):
            raise ValueError(text)
        return cls(field, attribute, type_)

    def __str__(self) -> str:
        return f"{ATTRIBUTE}:{self.attribute}:{self.type}" if self.attribute else self.field


def guessed_mapping(sniffed: Sniffed, attributes: Mapping[str, str]) -> dict[str, str]:
    """A target for each column: a field it is named for, a registered attribute, else a new one. Each target once.

    `attributes`: registered name -> type. A column that is blank throughout the sample is left out.
    """
    ours = PROBLEM_COLUMNS if sniffed.columns[:3] == PROBLEM_COLUMNS else ()
    mapping = dict.fromkeys(ours, "")
    for column in sniffed.columns[len(ours) :]:
        target = _guess(column, sniffed.values(column), attributes)
        mapping[column] = "" if target in mapping.values() else target
    return mapping


def _guess(column: str, samples: list[str], attributes: Mapping[str, str]) -> str:
    column = _NESTED.sub("", column)
    field = _FIELD_OF.get(re.sub(r"[^a-z0-9]", "", _ascii(column)))
    if field is not None:
        return field
    name = attribute_name(column)
    if name in attributes:
        return str(Target(ATTRIBUTE, name, attributes[name]))
    return str(Target(ATTRIBUTE, name, guessed_type(samples))) if name and samples else ""


def attribute_name(header: str) -> str:
    """A header as the name of an attribute: "Last Order (EUR)" is last_order_eur.

    "" when nothing is left of it, and for what is the name of a contact field: that is what such a column is.
    """
    name = re.sub(r"[^a-z0-9]+", "_", _ascii(_NESTED.sub("", header))).strip("_")
    name = f"n_{name}" if name[:1].isdigit() else name
    return "" if name in FIELDS else name[:63]


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text.lower().replace("ß", "ss")).encode("ascii", "ignore").decode()


def parsed_mapping(
    columns: Iterable[str], mapping: Mapping[str, str], attributes: Mapping[str, str]
) -> dict[str, Target]:
    """The targets of the columns that have one. Raises Invalid, naming every column at fault and the remedy."""
    errors = [FieldError(_pointer(name), "the file has no such column") for name in mapping.keys() - set(columns)]
    targets: dict[str, Target] = {}
    for column, text in mapping.items():
        try:
            target = Target.parse(text) if text else None
        except ValueError:
            errors.append(FieldError(_pointer(column), f"{text!r} is no contact field and no attribute:name:type"))
            continue
        if target:
            errors += _at_odds(column, target, targets, attributes)
            targets[column] = target
    if not errors and not {"email", "external_id"} & {target.field for target in targets.values()}:
        errors.append(
            FieldError("/mapping", "no column is mapped to email or external_id, so nobody can be recognised")
        )
    if errors:
        raise Invalid(*errors)
    return targets


def _at_odds(
    column: str, target: Target, others: Mapping[str, Target], attributes: Mapping[str, str]
) -> Iterable[FieldError]:
    for other, taken in others.items():
        if (taken.field, taken.attribute) == (target.field, target.attribute):
            yield FieldError(_pointer(column), f"{other!r} is mapped to {target.attribute or target.field} already")
    registered = attributes.get(target.attribute)
    if registered and registered != target.type:
        yield FieldError(_pointer(column), f"the attribute {target.attribute} is registered as {registered}")


def _pointer(column: str) -> str:
    return "/mapping/" + column.replace("~", "~0").replace("/", "~1")
