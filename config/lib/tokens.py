"""Sealed tokens: what links in mails carry instead of an address or a row number.

AES-SIV (RFC 5297) is deterministic, so a message rendered twice has the same bytes
(STANDARDS B8.8), and authenticated, so altering any byte makes the token unreadable.
The purpose is authenticated too: an unsubscribe token is no tracking token.
TOKEN_KEYS holds (id, 64-byte key) pairs, the first seals, all unseal: rotation keeps old links working.
"""

import base64
import binascii
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings

from config.lib.errors import NotFound


class InvalidToken(NotFound):
    """This link is not complete. Please use the link from the message as it is."""

    code = "invalid_token"


@cache
def _ciphers(keys: tuple[tuple[int, bytes], ...]) -> dict[int, AESSIV]:
    return {key_id: AESSIV(key) for key_id, key in keys}


def seal_bytes(purpose: str, payload: bytes) -> bytes:
    """The payload sealed, 17 bytes longer than it was; only `unseal_bytes` with the same purpose opens it."""
    key_id = settings.TOKEN_KEYS[0][0]
    return bytes([key_id]) + _ciphers(settings.TOKEN_KEYS)[key_id].encrypt(payload, [purpose.encode()])


def unseal_bytes(purpose: str, raw: bytes) -> bytes:
    """The payload. Raises InvalidToken for anything that `seal_bytes` did not make for this purpose."""
    cipher = _ciphers(settings.TOKEN_KEYS).get(raw[0]) if len(raw) >= 17 else None
    if cipher is None:
        raise InvalidToken
    try:
        return cipher.decrypt(raw[1:], [purpose.encode()])
    except InvalidTag:
        raise InvalidToken from None


def seal(purpose: str, payload: bytes) -> str:
    """A URL-safe token (letters, digits, - and _) that only `unseal` with the same purpose reads."""
    return base64.urlsafe_b64encode(seal_bytes(purpose, payload)).rstrip(b"=").decode()


def unseal(purpose: str, token: str) -> bytes:
    """The payload. Raises InvalidToken for anything that `seal` did not make for this purpose."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidToken from None
    # base64 ignores the spare bits of the last letter: only the spelling that seal gives is accepted
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != token:
        raise InvalidToken
    return unseal_bytes(purpose, raw)
