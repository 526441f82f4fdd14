"""Deliveries of events over HTTP: whose key it is, how much it may send, what it is told."""

import base64
import binascii
import time
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

from config.lib.errors import DomainError
from segments.errors import RefusedEvent
from segments.events.reading import MOST_BYTES, Delivery, MalformedBody, Unreadable, read
from segments.models import Source, WriteKey
from segments.services.ingest import Outcome, ingest
from segments.services.quarantine import Sender, keep
from segments.services.write_keys import recognise

_WINDOW_S = 60


class UnknownWriteKey(DomainError):
    """This write key is not known or was revoked. Make one with `manage.py write_key create`."""

    code = "unknown_write_key"
    status = 401


class OriginNotAllowed(DomainError):
    """This write key is not for this site."""

    code = "origin_not_allowed"
    status = 403


class BodyTooLarge(DomainError):
    """A delivery has at most 500 kB: send fewer events at once."""

    code = "too_large"
    status = 413


class TooManyEvents(DomainError):
    """This write key sends more events a minute than it may."""

    code = "too_many_events"
    status = 429

    def __init__(self, wait: int) -> None:
        self.wait = wait  # seconds
        super().__init__()


def body_of(request: HttpRequest) -> bytes:
    """The body as it is, unpacked. Raises BodyTooLarge before it is all in memory, MalformedBody."""
    raw = request.read(MOST_BYTES + 1)
    if request.headers.get("Content-Encoding", "").lower() == "gzip":
        try:
            raw = zlib.decompressobj(wbits=31).decompress(raw, MOST_BYTES + 1)
        except zlib.error:
            raise MalformedBody("This is not gzip.") from None
    if len(raw) > MOST_BYTES:
        raise BodyTooLarge
    return raw


def key_text(request: HttpRequest, envelope: Mapping[str, Any]) -> str:
    """The write key: Basic (as user name) or Bearer, else `writeKey` in the body, as browsers send it."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value.strip(), validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    given = envelope.get("writeKey")
    return given if isinstance(given, str) else ""


def find_key(text: str, *, at: datetime, origin: str | None = None) -> WriteKey:
    """The live key. Raises UnknownWriteKey, OriginNotAllowed."""
    key = recognise(text, at=at) if text else None
    if key is None:
        raise UnknownWriteKey
    if origin and key.origins and origin not in key.origins:
        raise OriginNotAllowed
    return key


def sender_of(key: WriteKey) -> Sender:
    return Sender(Source(key.kind), key.pk)


def admit(key: WriteKey, events: int) -> None:
    """Raises TooManyEvents. Without Redis nobody is limited: the limit protects, it promises nothing."""
    now = time.time()
    name = f"events-rate:{key.pk}:{int(now // _WINDOW_S)}"
    try:
        cache.add(name, 0, timeout=2 * _WINDOW_S)
        used = int(cache.incr(name, events))
    except (RedisError, ValueError):  # ValueError: it ran out in between
        return
    if used > key.rate_per_minute:
        raise TooManyEvents(int(_WINDOW_S - now % _WINDOW_S) + 1)


def read_body(body: bytes, sender: Sender, *, at: datetime) -> Delivery:
    """The items. What is no JSON at all is kept in quarantine as it is; raises MalformedBody then."""
    try:
        return read(body)
    except MalformedBody as error:
        keep([(RefusedEvent("malformed", error.detail), Unreadable(body))], sender, at)
        raise


def deliver(items: Sequence[Any], sender: Sender, *, at: datetime) -> dict[str, Any]:
    """Take the items in; the answer, with what became of each in its place."""
    outcomes = ingest(items, sender, at=at)
    told = [one.status for one in outcomes]
    return {
        "accepted": told.count("accepted"),
        "duplicates": told.count("duplicate"),
        "quarantined": told.count("quarantined"),
        "results": [_result(one) for one in outcomes],
    }


def _result(outcome: Outcome) -> dict[str, Any]:
    result: dict[str, Any] = {"event_id": outcome.event_id and str(outcome.event_id), "status": outcome.status}
    if refusal := outcome.refusal:
        result["errors"] = [{"pointer": refusal.pointer or "", "code": refusal.code, "detail": refusal.detail}]
    return result
