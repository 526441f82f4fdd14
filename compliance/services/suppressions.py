"""Laying and lifting suppressions: the only code that writes either table.

The protocol of an opt-out (STANDARDS B3): one transaction lays the suppression, logs it and skips what waits;
after its commit we wait until nothing to the address is in flight; only then does the caller acknowledge.
Each side commits its own flag before it reads the other's: a dispatcher that did not see the suppression
committed its intent before we looked, so we see the intent and wait for it.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

import psycopg
from django.conf import settings
from django.db import OperationalError, connection, transaction

from compliance.effects import OptOut, effects
from compliance.errors import StillInFlight
from compliance.models import Reason, Scope, SuppressionEvent
from compliance.tokens import UnsubscribeToken
from config.lib.addresses import AddressHash, address_hashes
from config.lib.sql import queries
from segments.models import Contact

_DEADLOCK_TRIES = 5
_CHUNK = 1000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """A mail address to suppress among many: its hashes, the current one first; `note` goes into the log."""

    addresses: tuple[AddressHash, ...]
    scope: Scope
    scope_id: int
    reason: Reason
    note: str = ""


def suppress(
    *,
    addresses: Sequence[AddressHash],
    scope: Scope,
    scope_id: int,
    reason: Reason,
    source: str,
    at: datetime,
    channel: str = "email",
    contact_id: int | None = None,
    message_id: int | None = None,
    actor_id: int | None = None,
    note: str = "",
    wait: bool = True,
) -> bool:
    """Suppress one address (its hashes, the current one first) in a scope; true when it was not so before.

    Returns only when nothing to that address is in flight. `wait=False` is for the dispatcher itself,
    which holds the very message in flight. Raises StillInFlight when it could not be made sure.
    """

    def lay() -> OptOut:
        # durable: inside somebody's transaction we would wait before our own commit, and prove nothing
        with transaction.atomic(durable=wait):
            is_new = _insert(addresses, channel, scope, scope_id, reason, source)
            if is_new:
                _log(
                    SuppressionEvent.Action.SUPPRESSED, addresses[0], channel, scope, scope_id, reason, source,
                    contact_id=contact_id, message_id=message_id, actor_id=actor_id, note=note, at=at,
                )  # fmt: skip
            opt_out = OptOut(
                addresses, channel, scope, scope_id, reason, at, is_new, contact_id=contact_id, message_id=message_id
            )
            for effect in effects:
                effect().apply(opt_out)
        return opt_out

    opt_out = _retry_deadlocks(lay)
    if wait:
        _wait_until_clear(opt_out)
    return opt_out.is_new


def suppress_email(
    email: str, *, scope: Scope, scope_id: int, reason: Reason, source: str, at: datetime,
    actor_id: int | None = None, note: str = "",
) -> bool:  # fmt: skip
    """Suppress a normalised mail address, known as a contact or not. See `suppress`."""
    contact_id = Contact.objects.filter(email=email).values_list("pk", flat=True).first()
    return suppress(
        addresses=address_hashes(email), scope=scope, scope_id=scope_id, reason=reason, source=source, at=at,
        contact_id=contact_id, actor_id=actor_id, note=note,
    )  # fmt: skip


def suppress_many(entries: Sequence[Entry], *, source: str, at: datetime, actor_id: int | None) -> int:
    """Suppress many mail addresses in transactions of a thousand; how many were not so before.

    Returns only when nothing to any of them is in flight. Laying them again is harmless, so what was broken off
    is done again from the start. Raises StillInFlight.
    """
    opt_outs, new = [], 0
    for chunk in _alike(entries):
        opt_out, count = _retry_deadlocks(partial(_lay_many, chunk, source, at, actor_id))
        opt_outs.append(opt_out)
        new += count
    for opt_out in opt_outs:  # only now: most of what was on the wire has arrived meanwhile
        _wait_until_clear(opt_out)
    return new


def unsubscribe(token: UnsubscribeToken, *, source: str, at: datetime, everything: bool = False) -> bool:
    """Carry out an unsubscribe link: its own scope, or all mail of the brand when `everything`."""
    scope, scope_id = (Scope.BRAND, token.brand_id) if everything else (token.scope, token.scope_id)
    return suppress(
        addresses=_known_hashes(token), scope=scope, scope_id=scope_id, reason=Reason.UNSUBSCRIBED, source=source,
        at=at, contact_id=token.contact_id, message_id=token.message_id,
    )  # fmt: skip


def lift(
    email: str, *, scope: Scope, scope_id: int, reason: Reason, source: str, at: datetime, actor_id: int | None,
    note: str, channel: str = "email",
) -> bool:  # fmt: skip
    """Lift the suppression of an address in exactly this scope for this reason; true when there was one.

    Only for a newer explicit wish of the person, stated in `note` (STANDARDS A12.4); never for an import.
    """
    addresses = address_hashes(email)
    with transaction.atomic():
        with connection.cursor() as cursor:
            digests = [address.digest for address in addresses]
            cursor.execute(
                queries("compliance", "suppressions")["lift"],
                [[address.key for address in addresses], digests, channel, scope, scope_id, reason],
            )
            lifted = bool(cursor.rowcount)
        if lifted:
            _log(
                SuppressionEvent.Action.LIFTED, addresses[0], channel, scope, scope_id, reason, source,
                actor_id=actor_id, note=note, at=at,
            )  # fmt: skip
    return lifted


def _known_hashes(token: UnsubscribeToken) -> list[AddressHash]:
    """The hash the link was made with, and when the contact still has that address, those under newer keys."""
    email = Contact.objects.filter(pk=token.contact_id).values_list("email", flat=True).first()
    hashes = address_hashes(email) if email else []
    return hashes if token.address in hashes else [token.address]


def _alike(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """In chunks of one scope and reason."""
    groups: dict[tuple[Scope, int, Reason], list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.scope, entry.scope_id, entry.reason].append(entry)
    for group in groups.values():
        for start in range(0, len(group), _CHUNK):
            yield group[start : start + _CHUNK]


def _lay_many(chunk: Sequence[Entry], source: str, at: datetime, actor_id: int | None) -> tuple[OptOut, int]:
    hashes = [(who, nth, one) for who, entry in enumerate(chunk) for nth, one in enumerate(entry.addresses)]
    scope, scope_id, reason = chunk[0].scope, chunk[0].scope_id, chunk[0].reason
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(
                queries("compliance", "suppressions")["lay_many"],
                {
                    "who": [who for who, _nth, _one in hashes], "nth": [nth for _who, nth, _one in hashes],
                    "digests": [one.digest for *_, one in hashes], "key_ids": [one.key_id for *_, one in hashes],
                    "keys": [one.key for *_, one in hashes], "notes": [entry.note for entry in chunk],
                    "scope": scope, "scope_id": scope_id, "reason": reason, "source": source,
                    "actor": actor_id, "at": at,
                },
            )  # fmt: skip
            new = cursor.rowcount
        addresses = [one for *_, one in hashes]
        opt_out = OptOut(addresses, "email", scope, scope_id, reason, at, is_new=new > 0)
        for effect in effects:
            effect().apply(opt_out)
    return opt_out, new


def _insert(
    addresses: Sequence[AddressHash], channel: str, scope: Scope, scope_id: int, reason: Reason, source: str
) -> bool:
    """One row under every live key: while a key is rotated, some worker may know only the older one."""
    new = 0
    with connection.cursor() as cursor:
        for address in addresses:
            cursor.execute(
                queries("compliance", "suppressions")["lay"],
                [channel, address.digest, address.key_id, address.key, scope, scope_id, reason, source],
            )
            new += cursor.rowcount
    return new > 0


def _log(
    action: SuppressionEvent.Action, address: AddressHash, channel: str, scope: str, scope_id: int,
    reason: str, source: str, **rest: object,
) -> None:  # fmt: skip
    SuppressionEvent.objects.create(
        action=action, channel=channel, address_digest=address.digest, key_id=address.key_id, address_key=address.key,
        scope=scope, scope_id=scope_id, reason=reason, source=source, **rest,
    )  # fmt: skip


def _retry_deadlocks(work: Callable[[], T]) -> T:
    """A dispatcher locks its group's rows in its own order, so the two can meet head-on; one of them starts over."""
    for _ in range(_DEADLOCK_TRIES):
        try:
            return work()
        except OperationalError as error:
            if not isinstance(error.__cause__, psycopg.errors.DeadlockDetected) or connection.in_atomic_block:
                raise
    return work()


def _wait_until_clear(opt_out: OptOut) -> None:
    # what is in flight is so for its lease at most; after that it counts as unknown
    deadline = time.monotonic() + settings.SEND_LEASE_S + 10
    pause = 0.002
    while any(effect().in_flight(opt_out) for effect in effects):
        if time.monotonic() > deadline:
            raise StillInFlight
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)
