"""Brands and senders as people edit them. They are archived, never deleted: campaigns and the ledger name them."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from compliance.models import Brand, Sender
from compliance.services.audit import record


@transaction.atomic
def save_brand(brand: Brand, *, changed: Collection[str], by: int | None) -> Brand:
    """Write a brand that a form has checked. `changed`: the names of its fields, for the log."""
    action = "brand_changed" if brand.pk else "brand_created"
    brand.save()
    record(actor_id=by, action=action, object_kind="brand", object_id=brand.pk, changes={"fields": sorted(changed)})
    return brand


@transaction.atomic
def save_sender(sender: Sender, *, changed: Collection[str], by: int | None) -> Sender:
    """Write a sender that a form has checked."""
    action = "sender_changed" if sender.pk else "sender_created"
    sender.save()
    record(actor_id=by, action=action, object_kind="sender", object_id=sender.pk, changes={"fields": sorted(changed)})
    return sender


@transaction.atomic
def archive(row: Brand | Sender, *, at: datetime | None, by: int | None) -> bool:
    """Take it out of what can be chosen for new campaigns; `at` None brings it back. False when it was so already."""
    row.refresh_from_db(fields=["archived_at"])
    if (row.archived_at is None) == (at is None):
        return False
    row.archived_at = at
    row.save(update_fields=["archived_at"])
    kind = "brand" if isinstance(row, Brand) else "sender"
    record(actor_id=by, action=f"{kind}_{'archived' if at else 'restored'}", object_kind=kind, object_id=row.pk)
    return True
