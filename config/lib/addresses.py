"""Addresses: one normal form, and the keyed hash under which a suppression outlives the person.

The normal form is version 1 and fixed (STANDARDS A5.8): trim, NFC, lower-case local part and domain,
domain to its A-label; plus-tags are kept. ADDRESS_KEYS holds (id, key) pairs: the first makes new hashes,
all are checked, so rotating the key keeps old suppressions effective.
"""

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass

import phonenumbers
from django.conf import settings
from email_validator import EmailNotValidError, validate_email

from config.lib.errors import DomainError
from config.lib.numbering import is_plain_e164

# What RFC 5321 calls dot-string @ domain, in ASCII and within its lengths: nine addresses of ten.
# Taking them here costs 2 us instead of the 60 us of the full validator; a property test holds the two equal.
_PLAIN = re.compile(
    r"(?=.{3,254}\Z)[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9]{0,62})\Z"
)
_RESERVED = frozenset({"local", "localhost", "invalid", "onion", "arpa"})
_MAX_LOCAL = 64
_MAX_BYTES = 254


class InvalidAddress(DomainError):
    """This is not a valid address."""

    code = "invalid_address"
    status = 422


@dataclass(frozen=True)
class AddressHash:
    """HMAC-SHA256 of a normalised address; `key` (its first 8 bytes, signed) is what the ledger indexes."""

    key_id: int
    digest: bytes

    @property
    def key(self) -> int:
        return int.from_bytes(self.digest[:8], "big", signed=True)


def normalise_email(raw: str) -> str:
    """The normal form of a mail address (domain as A-label). Raises InvalidAddress with the reason in words."""
    text = raw.strip().lower()
    if _PLAIN.match(text) and _needs_no_second_look(text):
        return text
    try:
        valid = validate_email(
            unicodedata.normalize("NFC", raw.strip()),
            check_deliverability=False,
            test_environment=settings.ALLOW_TEST_DOMAINS,
        )
    except EmailNotValidError as error:
        raise InvalidAddress(str(error)) from None
    normal = f"{unicodedata.normalize('NFC', valid.local_part.lower())}@{valid.ascii_domain.lower()}"
    if len(normal.encode()) > _MAX_BYTES:  # some capitals grow when made small
        raise InvalidAddress(f"The email address is longer than {_MAX_BYTES} bytes.")
    return normal


def _needs_no_second_look(text: str) -> bool:
    local, _, domain = text.partition("@")
    suffix = domain.rpartition(".")[2]
    return (
        len(local) <= _MAX_LOCAL
        and "--" not in domain
        and suffix not in _RESERVED
        and (suffix != "test" or settings.ALLOW_TEST_DOMAINS)
    )


def normalise_phone(raw: str, region: str | None = None) -> str:
    """The number in E.164. `region` (ISO country) is assumed for a national number.

    Raises InvalidAddress with the remedy.
    """
    if is_plain_e164(raw):
        return raw
    try:
        number = phonenumbers.parse(raw, region or None)
    except phonenumbers.NumberParseException:
        raise InvalidAddress(f"{mask(raw)} is not a phone number; write it as +14155550100") from None
    if not phonenumbers.is_valid_number(number):
        raise InvalidAddress(f"{mask(raw)} is not a number in use in its country; write it as +14155550100")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def address_hashes(normalised: str) -> list[AddressHash]:
    """The hash of an address under every live key, the current one first."""
    raw = normalised.encode()
    return [AddressHash(key_id, hmac.digest(key, raw, hashlib.sha256)) for key_id, key in settings.ADDRESS_KEYS]


def address_hash(normalised: str) -> AddressHash:
    """The hash of an address under the current key."""
    key_id, key = settings.ADDRESS_KEYS[0]
    return AddressHash(key_id, hmac.digest(key, normalised.encode(), hashlib.sha256))


def address_key(normalised: str, secret: bytes | None = None) -> int:
    """`address_hash(normalised).key`. Who needs it a million times gives the current secret himself."""
    digest = hmac.digest(secret or settings.ADDRESS_KEYS[0][1], normalised.encode(), hashlib.sha256)
    return int.from_bytes(digest[:8], "big", signed=True)


def mask(address: str) -> str:
    """An address fit for logs and messages: enough to recognise one's own, too little to write to."""
    local, at, domain = address.strip().partition("@")
    if not at:
        return f"{local[:3]}…{local[-2:]}" if len(local) > 6 else "…"
    return f"{local[:1]}…@{domain}"
