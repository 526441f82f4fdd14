"""Answers kept for repeated requests (config/api/replays.py), sealed: they may hold values of persons."""

from datetime import timedelta
from typing import Any

import orjson
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.renderers import JSONRenderer

from compliance.models import IdempotencyRecord
from config.api.replays import Answer, InProgress, KeyReused, Store
from config.lib import tokens
from config.lib.errors import FieldError

KEPT = timedelta(hours=24)
AT_WORK = timedelta(minutes=5)  # a request that takes longer has lost its worker
_PURPOSE = "idempotency"
_FORGET = 100


class Replays(Store):
    """In the database, so that a restart forgets nothing."""

    def begin(self, *, api_key_id: int, key: str, fingerprint: bytes) -> Answer | None:
        _forget_expired()
        at = timezone.now()
        try:
            with transaction.atomic():
                IdempotencyRecord.objects.create(
                    api_key_id=api_key_id, key=key, fingerprint=fingerprint, expires_at=at + AT_WORK
                )
        except IntegrityError:
            return self._known(api_key_id, key, fingerprint)
        return None

    def _known(self, api_key_id: int, key: str, fingerprint: bytes) -> Answer | None:
        at = timezone.now()
        record = _record(api_key_id, key).first()
        if record is None:  # forgotten just now
            raise InProgress
        if record.expires_at <= at:
            # of several who find it expired one carries on
            again = _record(api_key_id, key).filter(expires_at=record.expires_at)
            if not again.update(fingerprint=fingerprint, status=None, sealed_answer=None, expires_at=at + AT_WORK):
                raise InProgress
            return None
        if bytes(record.fingerprint) != fingerprint:
            raise KeyReused(FieldError("", KeyReused.__doc__ or "", KeyReused.code))
        if record.status is None or record.sealed_answer is None:
            raise InProgress
        headers, body = orjson.loads(tokens.unseal_bytes(_PURPOSE, bytes(record.sealed_answer)))
        return Answer(record.status, headers, body)

    def keep(self, *, api_key_id: int, key: str, answer: Answer) -> None:
        said = JSONRenderer().render([answer.headers, answer.body])
        _record(api_key_id, key).update(
            status=answer.status, sealed_answer=tokens.seal_bytes(_PURPOSE, said), expires_at=timezone.now() + KEPT
        )

    def forget(self, *, api_key_id: int, key: str) -> None:
        _record(api_key_id, key).filter(status=None).delete()


def _record(api_key_id: int, key: str) -> Any:
    return IdempotencyRecord.objects.filter(api_key_id=api_key_id, key=key)


def _forget_expired() -> None:
    """A few with each new one: none stays much longer than it must, and nobody waits."""
    old = IdempotencyRecord.objects.filter(expires_at__lt=timezone.now() - AT_WORK).values("pk")[:_FORGET]
    IdempotencyRecord.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()
