"""Campaigns by the day they go or went out."""

import calendar
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from campaigns.views.lists import NEW
from campaigns.views.places import chip_of, url_of, when
from config.pages.context import zone_of
from config.pages.views import Page

MOST = 500


class Calendar(Page):
    """A month in the reader's zone: what is scheduled, and what went out."""

    needs = {"GET": "campaigns:read"}
    template_name = "campaigns/calendar.html"
    title = _("Campaigns")
    sentence = _("What goes out to whom, and when.")
    primary = NEW

    def get(self, request: HttpRequest) -> HttpResponse:
        zone = zone_of(request)
        today = timezone.now().astimezone(zone).date()
        first = _month(request.GET.get("month", ""), today)
        weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
        by_day = _by_day(weeks[0][0], weeks[-1][-1], zone)
        return self.render(
            weeks=[[(day, day.month == first.month, day == today, by_day.get(day, [])) for day in week]
                   for week in weeks],
            names=[date_format(day, "l") for day in weeks[0]], first=first, zone=zone.key,
            before=(first - timedelta(days=1)).strftime("%Y-%m"), after=(first + timedelta(days=31)).strftime("%Y-%m"),
        )  # fmt: skip


def _month(text: str, today: date) -> date:
    """The first day of a month written as 2026-12; of this month when it is no month of our time."""
    try:
        first = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        first = today
    return (first if 2000 <= first.year <= 2100 else today).replace(day=1)


def _by_day(first: date, last: date, zone: ZoneInfo) -> dict[date, list[Any]]:
    begin = datetime.combine(first, datetime.min.time(), zone)
    end = datetime.combine(last + timedelta(days=1), datetime.min.time(), zone)
    sent = Q(launched_at__gte=begin, launched_at__lt=end)
    planned = Q(launched_at=None, scheduled_at__gte=begin, scheduled_at__lt=end)
    found: dict[date, list[Any]] = {}
    rows = Campaign.objects.filter(sent | planned, archived_at=None).order_by("pk")[:MOST]
    for campaign in sorted(rows, key=lambda one: when(one) or begin):
        at = (when(campaign) or begin).astimezone(zone)
        found.setdefault(at.date(), []).append((campaign, at, url_of(campaign), chip_of(campaign)[0]))
    return found
