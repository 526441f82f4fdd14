"""API keys: made, shown once, revoked."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from compliance.models import ApiKey
from compliance.services.audit import record
from config.api.scopes import SCOPES
from config.lib.errors import FieldError, Invalid

_MARK = "pr_"  # so that leaked keys are found by scanners
_SHOWN = 8


def create_key(
    *, name: str, owner: User, scopes: Collection[str], expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A new key, and its text, which can never be read again. Raises Invalid for an unknown scope."""
    unknown = sorted(set(scopes) - SCOPES.keys())
    if unknown or not scopes:
        detail = f"Unknown: {', '.join(unknown)}. " if unknown else ""
        raise Invalid(FieldError("/scopes", f"{detail}Choose from {', '.join(SCOPES)}.", "unknown"))
    text = _MARK + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        name=name, owner=owner, scopes=sorted(scopes), expires_at=expires_at,
        prefix=text[:_SHOWN], digest=digest_of(text),
    )  # fmt: skip
    return key, text


def make_program(name: str) -> User:
    """The account of a program: it cannot sign in, and has the roles it is given."""
    with transaction.atomic():
        user, new = User.objects.get_or_create(username=f"api:{name}"[:150])
        if new:
            user.set_unusable_password()
            user.save(update_fields=["password"])
    return user


def revoke_key(key: ApiKey, *, at: datetime, actor_id: int | None = None) -> bool:
    """End a key at once; false when it had been revoked before."""
    with transaction.atomic():
        done = bool(ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at))
        if done:
            record(actor_id=actor_id, action="apikey_revoked", object_kind="apikey", object_id=key.pk)
    return done


def digest_of(text: str) -> bytes:
    """What is kept of a key. It has 256 random bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(text.encode()).digest()
