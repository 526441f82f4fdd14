"""Opaque public ids: what URLs, the API and exports show instead of row numbers.

A public id is the bigint primary key under a keyed permutation (a 4-round Feistel network with
keyed BLAKE2 as round function, https://en.wikipedia.org/wiki/Feistel_cipher), written in base 58.
So it needs no column and no index, says nothing of counts or order, and an id of one kind
is not an id of another. PUBLIC_ID_KEY is therefore never rotated: links would die.
"""

import hashlib

from django.conf import settings

from config.lib.errors import NotFound

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_INDEX = {letter: value for value, letter in enumerate(_ALPHABET)}
_LENGTH = 11  # 58 ** 11 > 2 ** 64
_ROUNDS = 4


def _round(kind: str, number: int, half: int) -> int:
    digest = hashlib.blake2b(
        half.to_bytes(4, "big"), digest_size=4, key=settings.PUBLIC_ID_KEY, person=f"{number}{kind}".encode()[:16]
    )
    return int.from_bytes(digest.digest(), "big")


def encode(kind: str, pk: int) -> str:
    """The public id (11 characters of base 58) of row `pk` (0 <= pk < 2**64) of this kind of object."""
    left, right = pk >> 32, pk & 0xFFFFFFFF
    for number in range(_ROUNDS):
        left, right = right, left ^ _round(kind, number, right)
    value = left << 32 | right
    letters = []
    for _ in range(_LENGTH):
        value, digit = divmod(value, 58)
        letters.append(_ALPHABET[digit])
    return "".join(reversed(letters))


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
    for number in reversed(range(_ROUNDS)):
        left, right = right ^ _round(kind, number, left), left
    pk = left << 32 | right
    if pk >> 63:  # no row has such a key: a guessed id
        raise NotFound
    return pk
