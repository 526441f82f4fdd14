"""What somebody gets of a brand, list by list, as their own link shows and changes it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from compliance.models import Reason, Scope, Suppression
from compliance.services.lifting import come_back
from compliance.services.suppressions import unsubscribe
from compliance.tokens import UnsubscribeToken
from config.lib import public_ids
from segments.models import ContactList

SOURCE = "preferences"


@dataclass(frozen=True)
class ListChoice:
    """A list somebody is on; `stays`: they have not left it."""

    public_id: str
    pk: int
    name: str
    about: str
    stays: bool


@dataclass(frozen=True)
class Preferences:
    """`stopped`: no marketing mail of the brand goes out to them; `may_return`: it is their own unsubscribe alone."""

    lists: list[ListChoice]
    stopped: bool
    may_return: bool


def preferences(token: UnsubscribeToken) -> Preferences:
    """As it stands now. Reads only."""
    held = Suppression.objects.filter(
        address_key=token.address.key, address_digest=token.address.digest, channel="email"
    )
    left, wide = set(), set()
    for scope, scope_id, reason in held.values_list("scope", "scope_id", "reason"):
        if scope == Scope.LIST:
            left.add(scope_id)
        elif scope == Scope.GLOBAL or scope_id == token.brand_id:
            wide.add((scope, reason))
    rows = ContactList.objects.filter(memberships__contact_id=token.contact_id, archived_at=None, is_seed=False)
    lists = [
        ListChoice(public_ids.encode("list", row.pk), row.pk, row.shown_name, row.description, row.pk not in left)
        for row in rows.order_by("name")
    ]
    return Preferences(lists, bool(wide), wide == {(Scope.BRAND, Reason.UNSUBSCRIBED)})


def choose(token: UnsubscribeToken, *, shown: Collection[str], stay: Collection[str], at: datetime) -> None:
    """Leave the lists that were shown and not chosen, return to those chosen that were left. Others stay as they are.

    Answers when nothing more to what was left is in flight. Raises StillInFlight.
    """
    for one in preferences(token).lists:
        if one.public_id not in shown:
            continue
        if one.stays and one.public_id not in stay:
            unsubscribe(replace(token, scope=Scope.LIST, scope_id=one.pk), source=SOURCE, at=at)
        elif not one.stays and one.public_id in stay:
            come_back(token, scope=Scope.LIST, scope_id=one.pk, at=at)


def stop_all(token: UnsubscribeToken, *, at: datetime) -> None:
    """No marketing mail of the brand any more."""
    unsubscribe(token, source=SOURCE, at=at, everything=True)


def begin_again(token: UnsubscribeToken, *, at: datetime) -> None:
    """Mail of the brand again, where their own unsubscribe alone forbade it."""
    if preferences(token).may_return:
        come_back(token, scope=Scope.BRAND, scope_id=token.brand_id, at=at)
