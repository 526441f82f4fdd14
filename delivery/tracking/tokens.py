"""What the tracked addresses in a mail carry: which message, which link, and a mark that only we can make.

A mail has a dozen of them, so they are cheap: two public ids, which show no row numbers, and one keyed hash, less
than a microsecond. A link with contact data in it has no row, so its address is sealed into the token.
Old keys of TOKEN_KEYS stay valid, tokens do not expire, and none holds anything of a person (A11.13).
"""

import hashlib
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from hmac import compare_digest
from typing import Literal

from django.conf import settings

from config.lib import public_ids, tokens
from config.lib.errors import NotFound
from config.lib.tokens import InvalidToken

Kind = Literal["open", "click", "view"]

BAIT = 0  # the link that only machines find; no row has this id
_ID = 11  # letters of a public id
_MARK = 20  # letters of a mark: a key's id and 14 bytes of a hash
_SEALED = struct.Struct(">q")


def signer(kind: Kind) -> Callable[[str], str]:
    """What makes the tokens of a kind: for a message's public id, in a click token followed by its link's."""
    mark = _marker(kind, settings.TOKEN_KEYS[0][0])
    return lambda subject: subject + mark(subject)


def click_marker() -> Callable[[str, Iterable[str]], list[str]]:
    """What makes the marks of all of a message's links at once, from their public ids: those that `signer` makes.

    One hash begun and one encoding for all of them, which is cheaper than each by itself.
    """
    key_id = settings.TOKEN_KEYS[0][0]
    begun, first = _begun("click", key_id), bytes((key_id,))

    def marks(message: str, links: Iterable[str]) -> list[str]:
        hasher = begun.copy()
        hasher.update(message.encode())
        raw: list[bytes] = []
        for link in links:
            one = hasher.copy()
            one.update(link.encode())
            raw += first, one.digest()  # 15 bytes, which are 20 letters whatever comes before and after
        letters = urlsafe_b64encode(b"".join(raw)).decode()
        return [letters[start : start + _MARK] for start in range(0, len(letters), _MARK)]

    return marks


def seal_click(message_id: int, url: str) -> str:
    """For a link that has no row."""
    return tokens.seal("click", _SEALED.pack(message_id) + url.encode())


def read_message(kind: Kind, token: str) -> int:
    """The message of an open or view token. Raises InvalidToken."""
    return _decoded("message", _subject(kind, token, _ID))


def read_click(token: str) -> tuple[int, int]:
    """The message and the link (a row's key, or BAIT) of a click token. Raises InvalidToken."""
    subject = _subject("click", token, 2 * _ID)
    return _decoded("message", subject[:_ID]), _decoded("link", subject[_ID:])


def read_sealed(token: str) -> tuple[int, str]:
    """The message and the address of a sealed click token. Raises InvalidToken."""
    raw = tokens.unseal("click", token)
    return _SEALED.unpack_from(raw)[0], raw[_SEALED.size :].decode()


def _subject(kind: Kind, token: str, length: int) -> str:
    """What a token is about, once its mark is found to be ours. Raises InvalidToken."""
    subject, mark = token[:length], token[length:]
    if len(mark) != _MARK or not token.isascii():
        raise InvalidToken
    try:
        key_id = urlsafe_b64decode(mark[:4])[0]
        right = compare_digest(mark, _marker(kind, key_id)(subject))
    except (KeyError, IndexError, NotBase64):  # a key we never had, letters that spell nothing
        raise InvalidToken from None
    if not right:
        raise InvalidToken
    return subject


def _marker(kind: Kind, key_id: int) -> Callable[[str], str]:
    begun, first = _begun(kind, key_id), bytes((key_id,))

    def mark(subject: str) -> str:
        hasher = begun.copy()
        hasher.update(subject.encode())
        return urlsafe_b64encode(first + hasher.digest()).decode()

    return mark


def _begun(kind: Kind, key_id: int) -> "hashlib.blake2b":
    begun = _hashers(settings.TOKEN_KEYS)[key_id].copy()
    begun.update(f"{kind}:".encode())
    return begun


@cache
def _hashers(keys: tuple[tuple[int, bytes], ...]) -> "Mapping[int, hashlib.blake2b]":
    """Keyed hashers to copy. Their keys are derived, since the token keys themselves encrypt."""

    def derived(key: bytes) -> bytes:
        return hashlib.blake2b(key=key, person=b"tracking").digest()

    return {key_id: hashlib.blake2b(key=derived(key), digest_size=14) for key_id, key in keys}


def _decoded(kind: str, public_id: str) -> int:
    try:
        return public_ids.decode(kind, public_id)
    except NotFound:
        raise InvalidToken from None
