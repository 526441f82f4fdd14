"""Four eyes: a launch to many people needs the yes of somebody other than its author, for exactly what they saw."""

import hashlib
import json
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet

from campaigns.models import Approval, Campaign
from config.lib.errors import FieldError
from segments.models import Contact

NEEDS_APPROVAL = "needs_approval"


def fingerprint(campaign: Campaign) -> str:
    """A hash of all that goes out and to whom: any edit of the plan, its template, rules or sender changes it."""
    what: dict[str, Any] = {
        "purpose": campaign.purpose,
        "list": campaign.list_id,
        "limits": [campaign.rate_per_minute, campaign.budget and str(campaign.budget), campaign.expires_after_hours],
        "resend_unknown": campaign.resend_unknown,
        "template": campaign.template and campaign.template.current_id,
        "brand": _values(campaign.brand, ("pk", "legal_name", "postal_address", "public_base_url")),
        "sender": _values(campaign.sender, ("pk", "from_name", "from_email", "reply_to")),
        "lists": sorted(campaign.lists.values_list("pk", flat=True)),
        "excluded_lists": sorted(campaign.excluded_lists.values_list("pk", flat=True)),
        "segments": sorted(campaign.segments.values_list("pk", "current_id")),
        "excluded_segments": sorted(campaign.excluded_segments.values_list("pk", "current_id")),
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def needs_approval(audience: QuerySet[Contact]) -> bool:
    """Whether so many people would get it that one person's word is not enough. Counts no further than needed."""
    limit = settings.APPROVAL_ABOVE
    return bool(limit) and audience.order_by()[: limit + 1].count() > limit


def is_second_person(campaign: Campaign, by: User | None) -> bool:
    """Whether this person may say yes to somebody else's campaign."""
    return by is not None and by.pk != campaign.created_by_id and by.has_perm("campaigns.launch_campaign")


def is_approved(campaign: Campaign) -> bool:
    """Whether a second person said yes to what it is now."""
    return Approval.objects.filter(campaign=campaign, fingerprint=fingerprint(campaign)).exists()


def approval_problems(campaign: Campaign, audience: QuerySet[Contact], by: User | None) -> list[FieldError]:
    """That a yes is missing, unless `by` is the second person, whose launch is their yes."""
    if is_second_person(campaign, by) or not needs_approval(audience) or is_approved(campaign):
        return []
    detail = (
        f"More than {settings.APPROVAL_ABOVE:,} people would get this: somebody other than its author must approve. "
        "An edit made after an approval voids it."
    )
    return [FieldError("/approval", detail, NEEDS_APPROVAL)]


def _values(row: Any, fields: tuple[str, ...]) -> list[Any] | None:
    return [getattr(row, field) for field in fields] if row is not None else None
