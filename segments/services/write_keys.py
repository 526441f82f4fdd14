"""Write keys: made, shown once, recognised, revoked."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from config.lib.errors import FieldError, Invalid
from segments.models import Source, WriteKey

_MARK = "pw_"  # so that leaked keys are found by scanners
_SHOWN = 8
_NOTED_EVERY = timedelta(minutes=1)


def create_write_key(
    *, name: str, kind: Source, origins: Collection[str] = (), rate_per_minute: int | None = None
) -> tuple[WriteKey, str]:
    """A new key, and its text, which can never be read again. Raises Invalid for an origin that is none."""
    _check_origins(origins)
    text = _MARK + secrets.token_urlsafe(24)
    limit = {} if rate_per_minute is None else {"rate_per_minute": rate_per_minute}
    key = WriteKey.objects.create(
        name=name, kind=kind, origins=sorted(origins), prefix=text[:_SHOWN], digest=_digest(text), **limit
    )
    return key, text


def change_write_key(key: WriteKey, *, name: str, origins: Collection[str], rate_per_minute: int) -> None:
    """What a key is called, where it may be used, and how much. Raises Invalid for an origin that is none."""
    _check_origins(origins)
    key.name, key.origins, key.rate_per_minute = name, sorted(origins), rate_per_minute
    key.save(update_fields=["name", "origins", "rate_per_minute"])


def revoke_write_key(key: WriteKey, *, at: datetime) -> bool:
    """End a key at once; false when it had been revoked before."""
    return bool(WriteKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at))


def recognise(text: str, *, at: datetime) -> WriteKey | None:
    """The live key with this text; its use is noted at most once a minute."""
    key = WriteKey.objects.filter(digest=_digest(text), revoked_at=None).first()
    if key and (key.last_used_at is None or key.last_used_at < at - _NOTED_EVERY):
        WriteKey.objects.filter(pk=key.pk).update(last_used_at=at)
    return key


def _digest(text: str) -> bytes:
    """What is kept of a key. It has 192 random bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(text.encode(errors="replace")).digest()


def _check_origins(origins: Collection[str]) -> None:
    wrong = [origin for origin in origins if not _is_origin(origin)]
    if wrong:
        raise Invalid(FieldError("/origins", f"{wrong[0]!r} is no origin: write https://shop.example"))


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.netloc) and text == f"{parts.scheme}://{parts.netloc}"
