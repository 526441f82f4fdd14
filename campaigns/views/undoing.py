"""The last changes of a draft, to take back and make again: kept in the session of who made them.

A draft that somebody else changed in between has no past here: taking back would undo their work.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.http import HttpRequest

from campaigns.models import Campaign
from campaigns.services.drafts import AUDIENCE_FIELDS, PLAN_FIELDS
from config.api.endpoints import etag

MOST = 30
_ONE = ("brand", "sender", "template", "list")
_TIMES = ("scheduled_local", "scheduled_zone")
_PLAIN = tuple(name for name in PLAN_FIELDS if name not in _ONE) + _TIMES


def facts(campaign: Campaign) -> dict[str, Any]:
    """The plan as ids and plain values, which a session can hold and two of which can be compared."""
    found: dict[str, Any] = {name: getattr(campaign, f"{name}_id") for name in _ONE}
    for name in _PLAIN:
        value = getattr(campaign, name)
        found[name] = str(value) if isinstance(value, Decimal) else value
    found["scheduled_at"] = campaign.scheduled_at.isoformat() if campaign.scheduled_at else None
    found |= {name: sorted(one.pk for one in getattr(campaign, name).all()) for name in AUDIENCE_FIELDS}
    return found


def plan_from(kept: Mapping[str, Any]) -> dict[str, Any]:
    """The plan that services take. What is gone meanwhile is left out."""
    plan = dict(kept)
    for name in (*_ONE, *AUDIENCE_FIELDS):
        model: Any = Campaign._meta.get_field(name).related_model  # noqa: SLF001 - public in Django
        many = name in AUDIENCE_FIELDS
        rows = model.objects.filter(pk__in=kept[name] if many else [kept[name]])
        plan[name] = list(rows) if many else rows.first()
    plan["budget"] = None if kept["budget"] is None else Decimal(kept["budget"])
    return plan


class History:
    """What can be taken back (`past`) and made again (`future`) of one draft by one person."""

    def __init__(self, request: HttpRequest, campaign: Campaign) -> None:
        self._session, self._name = request.session, f"draft-{campaign.pk}"
        kept = self._session.get(self._name, {})
        mine = kept.get("version") == etag(campaign)
        self.past: list[dict[str, Any]] = kept.get("past", []) if mine else []
        self.future: list[dict[str, Any]] = kept.get("future", []) if mine else []

    def changed(self, before: dict[str, Any], campaign: Campaign) -> None:
        """Something was changed: what was to be made again is gone."""
        self.past, self.future = [*self.past, before][-MOST:], []
        self._keep(campaign)

    def step(self, which: str, now: dict[str, Any]) -> dict[str, Any] | None:
        """The plan to go to ("undo" or "redo"); None: there is none. `settled` has to follow."""
        source, other = (self.past, self.future) if which == "undo" else (self.future, self.past)
        if not source:
            return None
        other.append(now)
        return source.pop()

    def settled(self, campaign: Campaign) -> None:
        self._keep(campaign)

    def _keep(self, campaign: Campaign) -> None:
        self._session[self._name] = {"version": etag(campaign), "past": self.past, "future": self.future}
