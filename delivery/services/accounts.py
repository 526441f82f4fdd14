"""Provider accounts as people edit them. What is sealed goes in and never comes out."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import transaction

from compliance.models import Brand
from config.lib.errors import FieldError, Invalid
from config.lib.tokens import InvalidToken
from delivery import providers, throttle
from delivery.accounts import open_secret, seal_secret
from delivery.accounts.seals import is_current
from delivery.models import Breaker, ProviderAccount
from delivery.selectors.accounts import sealed_accounts


@dataclass(frozen=True)
class Rotated:
    """What a rotation found: sealed anew, sealed under the newest key already, and those nobody can open."""

    resealed: int
    current: int
    lost: list[str]


def check_account(row: ProviderAccount, secret: str | None) -> None:
    """Raises Invalid naming each setting that cannot stand. `secret` None: the one there is."""
    if row.kind not in providers.PROVIDERS:
        known = ", ".join(providers.PROVIDERS.kinds())
        raise Invalid(FieldError("/kind", f"{row.kind!r} is not one of {known}", "unknown"))
    hidden = {field.name for field in fields(providers.PROVIDERS.get(row.kind).Config) if field.metadata.get("secret")}
    if shown := hidden & row.config.keys():  # it would be stored in clear
        raise Invalid(
            *(FieldError(f"/config/{name}", "goes into `secret`, which is sealed", "secret") for name in shown)
        )
    wrong = [FieldError(f"/{name}", "must be more than 0", "limit") for name in ("weight",) if getattr(row, name) < 1]
    if row.rate_per_second is not None and row.rate_per_second <= 0:
        wrong.append(FieldError("/rate_per_second", "must be more than 0, or nothing for no limit", "limit"))
    if row.cost_per_message < 0:
        wrong.append(FieldError("/cost_per_message", "must not be less than 0", "limit"))
    if wrong:
        raise Invalid(*wrong)
    providers.for_account(row.kind, row.config, open_secret(row) if secret is None else secret).close()


@transaction.atomic
def save_account(
    row: ProviderAccount,
    changes: Mapping[str, Any],
    *,
    secret: str | None = None,
    brands: Collection[Brand] | None = None,
) -> ProviderAccount:
    """Write some fields of a new or known account; workers take them up with their next batch.

    `secret` None keeps the one there is. Raises Invalid naming each setting that cannot stand.
    """
    for name, value in changes.items():
        setattr(row, name, value)
    check_account(row, secret)
    if secret is not None:
        row.sealed_secret = seal_secret(secret)
    row.save()
    if brands is not None:
        row.brands.set(brands)
    throttle.forget()
    return row


@transaction.atomic
def close_breaker(account_id: int) -> bool:
    """A person who knows more says that it works again; false when it was closed."""
    shut = Breaker.objects.exclude(state=Breaker.State.CLOSED).filter(pk=account_id)
    return bool(shut.update(state=Breaker.State.CLOSED, failures=0, reason="", retry_at=None))


def try_now(account_id: int, *, at: datetime) -> bool:
    """End the rest of an account: the next batch tries it with a few messages. False when it does not rest."""
    resting = Breaker.objects.filter(pk=account_id, state=Breaker.State.OPEN)
    return bool(resting.update(retry_at=at))


def set_active(account_id: int, *, active: bool) -> bool:
    """Put an account in or out of use, whatever its settings are; false when it was so already."""
    changed = ProviderAccount.objects.filter(pk=account_id).exclude(active=active).update(active=active)
    throttle.forget()
    return bool(changed)


def rotate_secrets() -> Rotated:
    """Seal every secret under the newest key. Each account by itself: it can be broken off and repeated."""
    resealed, current, lost = 0, 0, []
    for pk in sealed_accounts():
        with transaction.atomic():
            row = ProviderAccount.objects.select_for_update().get(pk=pk)
            if is_current(row.sealed_secret):
                current += 1
                continue
            try:
                secret = open_secret(row)
            except InvalidToken:  # the key it is sealed under is gone from TOKEN_KEYS
                lost.append(row.name)
                continue
            ProviderAccount.objects.filter(pk=pk).update(sealed_secret=seal_secret(secret))
            resealed += 1
    return Rotated(resealed, current, lost)
