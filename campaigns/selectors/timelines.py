"""Who did what to a campaign, and what it did by itself, in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from campaigns.models import Campaign
from compliance.models import AuditEntry

MOST = 200
_WORDS = {
    "campaign_created": "created it",
    "campaign_changed": "changed its plan",
    "dead_letters_replayed": "sent {messages:,} dead letters after all",
    "dead_letters_dropped": "dropped {messages:,} dead letters",
    "unknown_sent_again": "sent {messages:,} of which nobody knew (again)",
    "unknown_marked_sent": "marked {messages:,} of which nobody knew as sent",
}
_LIMITS = ("rate_per_minute", "budget")
_ITSELF = "Postrider"


@dataclass(frozen=True)
class Moment:
    """`who` is a user's name, or Postrider for what it did by itself."""

    at: datetime
    who: str
    text: str


def timeline(campaign: Campaign) -> list[Moment]:
    """The newest first, at most 200."""
    entries = list(
        AuditEntry.objects.filter(object_kind="campaign", object_id=campaign.pk).order_by("-at", "-pk")[:MOST]
    )
    names = dict(User.objects.filter(pk__in={e.actor_id for e in entries}).values_list("pk", "username"))
    moments = [Moment(e.at, _who(e, names), _text(e.action, e.changes)) for e in entries]
    frozen = [
        Moment(run.frozen_at, _ITSELF, f"froze its audience: {run.audience:,} people")
        for run in campaign.runs.exclude(frozen_at=None)
        if run.frozen_at
    ]
    return sorted(moments + frozen, key=lambda moment: moment.at, reverse=True)


def _who(entry: AuditEntry, names: dict[int, str]) -> str:
    return _ITSELF if entry.actor_id is None else names.get(entry.actor_id, "somebody who is gone")


def _text(action: str, changes: dict[str, Any]) -> str:
    words = _WORDS.get(action, f"{action.removeprefix('campaign_')} it").format(**{"messages": 0, **changes})
    if adjusted := [f"{name} {changes[name][0]} → {changes[name][1]}" for name in _LIMITS if name in changes]:
        words += f" ({'; '.join(adjusted)})".replace("_", " ")
    return f"{words}. {changes['reason']}" if action.startswith("campaign_") and changes.get("reason") else words
