"""Where campaigns are, and how a page finds and names one."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import selectors
from campaigns.models import Campaign
from config.api.endpoints import etag
from config.lib import public_ids
from config.lib.errors import Conflict
from config.pages.views import find

State = Campaign.State
UNDER_WAY = (State.ACTIVE, State.PAUSED)
STEPS = (
    ("audience", gettext_lazy("Audience")),
    ("content", gettext_lazy("Content")),
    ("schedule", gettext_lazy("Schedule")),
    ("review", gettext_lazy("Review")),
)


def url_of(campaign: Campaign, page: str = "campaign", *more: object) -> str:
    """A page of a campaign."""
    return reverse(f"campaigns:{page}", args=[public_ids.encode("campaign", campaign.pk), *more])


def one(public_id: str) -> Campaign:
    """The campaign with all that its pages name. Raises NotFound."""
    related = ("brand", "sender", "list", "template__current", "created_by")
    return find(Campaign.objects.select_related(*related), "campaign", public_id)


def chip_of(campaign: Campaign) -> tuple[str, str]:
    """(state, words) as config/pages/states.py draws them."""
    if campaign.archived_at:
        return "archived", ""
    if campaign.held_reason and campaign.state == State.SCHEDULED:
        return "held", ""
    return campaign.state, ""


def author(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # Page lets nobody else in
    return request.user


def check_seen(campaign: Campaign, seen: Any) -> None:
    """Raise Conflict when the campaign was changed since the page that is sent was shown."""
    if seen and seen != etag(campaign):
        raise Conflict(
            _("This campaign was changed in another tab or by somebody else. Nothing of yours was saved: load it anew.")
        )


def when(campaign: Campaign) -> datetime | None:
    """When it goes or went out, as far as that is known."""
    return campaign.launched_at or campaign.scheduled_at


def clock_words(local: datetime) -> str:
    """A wall-clock time: Tue 1 Dec 2026, 09:00."""
    return date_format(local, "D j M Y, H:i")


def refreshed(campaign: Campaign) -> Campaign:
    """The same as it stands now, with its plan."""
    return selectors.with_plan(campaign.pk)
