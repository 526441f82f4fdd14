"""Idempotency-Key: a POST repeated with the same key gets the first answer, and is not carried out again.

After the draft-ietf-httpapi-idempotency-key-header: the same key with another body is refused (422), and so is one
whose first request is still at work (409). The answers are kept by a floor above (settings.IDEMPOTENCY_STORE).
"""

import hashlib
import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from config.lib.errors import Conflict, FieldError, Invalid

_LONGEST = 255
_KEPT = ("ETag", "Location")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: Any


class InProgress(Conflict):
    """The first request with this Idempotency-Key is still at work: try again in a moment."""

    code = "idempotency_in_progress"


class KeyReused(Invalid):
    """This Idempotency-Key was used for another request: take a new one."""

    code = "idempotency_key_reused"


class Replayed(Exception):
    """Leaves the endpoint before its handler: the answer is known."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


class Store(ABC):
    """Where answers are kept for 24 hours."""

    @abstractmethod
    def begin(self, *, api_key_id: int, key: str, fingerprint: bytes) -> Answer | None:
        """Reserve a key, committed at once; the answer when there is one. Raises InProgress, KeyReused."""

    @abstractmethod
    def keep(self, *, api_key_id: int, key: str, answer: Answer) -> None:
        """The request is done."""

    @abstractmethod
    def forget(self, *, api_key_id: int, key: str) -> None:
        """The request failed in a way that may pass: let it be tried again."""


def key_of(request: Any) -> str | None:
    """The key that counts for this request. Raises Invalid for one that is too long or blank."""
    key: str | None = request.headers.get("Idempotency-Key")
    if request.method != "POST" or key is None or request.auth is None:
        return None
    if not 1 <= len(key) <= _LONGEST or not key.isprintable():
        raise Invalid(FieldError("", f"An Idempotency-Key has 1 to {_LONGEST} printable characters."))
    return key


def begin(request: Any, key: str) -> None:
    """Raises Replayed when the answer is known, InProgress, KeyReused."""
    answer = _store().begin(api_key_id=request.auth.pk, key=key, fingerprint=_fingerprint(request))
    if answer:
        raise Replayed(answer)


def finish(request: Any, key: str, response: Any) -> None:
    """Keep what was answered; not what may pass, such as 429 and 503."""
    if response.status_code >= 500 or response.status_code == 429:
        _store().forget(api_key_id=request.auth.pk, key=key)
        return
    headers = {name: response[name] for name in _KEPT if name in response}
    answer = Answer(response.status_code, headers, response.data)
    _store().keep(api_key_id=request.auth.pk, key=key, answer=answer)


def _store() -> Store:
    store: Store = import_string(settings.IDEMPOTENCY_STORE)()
    return store


def _fingerprint(request: Any) -> bytes:
    body = getattr(request.data, "digest", request.data)  # of a file its digest
    said = [request.method, request.get_full_path(), request.headers.get("If-Match", ""), body]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()
