"""Opaque public ids: what URLs, the API and exports show instead of row numbers.

A public id is the bigint primary key under a keyed permutation (a 4-round Feistel network with
keyed BLAKE2 as round function, https://en.wikipedia.org/wiki/Feistel_cipher), written in base 58.
So it needs no column and no index, says nothing of counts or order, and an id of one kind
is not an id of another. PUBLIC_ID_KEY is therefore never rotated: links would die.
"""

import hashlib
from functools import cache

from django.conf import settings

from config.lib.errors import NotFound

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_INDEX = {letter: value for value, letter in enumerate(_ALPHABET)}
_LENGTH = 11  # 58 ** 11 > 2 ** 64
_ROUNDS = 4


@cache
def _rounds(key: bytes, kind: str) -> "tuple[hashlib.blake2b, ...]":
    """A keyed hash for each round, to be copied: begun anew for each id they cost twice as much."""
    return tuple(
        hashlib.blake2b(digest_size=4, key=key, person=f"{number}{kind}".encode()[:16]) for number in range(_ROUNDS)
    )


def _round(begun: "hashlib.blake2b", half: int) -> int:
    hasher = begun.copy()
    hasher.update(half.to_bytes(4, "big"))
    return int.from_bytes(hasher.digest(), "big")


def encode(kind: str, pk: int) -> str:
    """The public id (11 characters of base 58) of row `pk` (0 <= pk < 2**64) of this kind of object."""
    left, right = pk >> 32, pk & 0xFFFFFFFF
    for begun in _rounds(settings.PUBLIC_ID_KEY, kind):
        left, right = right, left ^ _round(begun, right)
    value = left << 32 | right
    pairs = []
    for _ in range(_LENGTH // 2):
        value, pair = divmod(value, 58 * 58)
        pairs.append(_PAIRS[pair])
    pairs.append(_ALPHABET[value])
    return "".join(reversed(pairs))


def decode(kind: str, text: str) -> int:
    """The primary key behind a public id. Raises NotFound for anything that `encode` did not make."""
    if len(text) != _LENGTH or not set(text) <= _INDEX.keys():
        raise NotFound
    value = 0
    for letter in text:
        value = value * 58 + _INDEX[letter]
    if value >> 64:
        raise NotFound
    left, right = value >> 32, value & 0xFFFFFFFF
    for begun in reversed(_rounds(settings.PUBLIC_ID_KEY, kind)):
        left, right = right ^ _round(begun, left), left
    pk = left << 32 | right
    if pk >> 63:  # no row has such a key: a guessed id
        raise NotFound
    return pk
