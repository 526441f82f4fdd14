"""Figures of campaigns, read from the counters alone."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.utils.dateparse import parse_date
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from analytics import selectors
from analytics.api.serializers import CampaignAnalytics, Links
from analytics.selectors import Figures
from campaigns.models import Campaign
from config.api.endpoints import Endpoint, find
from config.api.parameters import ident
from config.lib.errors import FieldError, Invalid


class Analytics(Endpoint):
    scopes = {"GET": "campaigns:read"}

    @extend_schema(
        operation_id="get_campaign_analytics",
        parameters=[
            ident(),
            OpenApiParameter("start_date", OpenApiTypes.DATE, description="The first day (UTC)"),
            OpenApiParameter("end_date", OpenApiTypes.DATE, description="The last day (UTC), included"),
        ],
        responses=CampaignAnalytics,
    )
    def get(self, request: Any, public_id: str) -> Response:
        """Counts and rates of a campaign with their age, in all and by channel."""
        campaign = find(Campaign.objects, "campaign", public_id)
        since, last = _midnight(request, "start_date"), _midnight(request, "end_date")
        if since and last and last < since:
            raise Invalid(FieldError("/end_date", "It lies before start_date."))
        until = last + timedelta(days=1) if last else None
        figures = selectors.campaign_figures(campaign.pk, since=since, until=until)
        channels = selectors.campaign_figures_by("channel", campaign.pk, since=since, until=until)
        shown = {
            "campaign_id": campaign.pk,
            "as_of": figures.counts["sent"].as_of,
            **_plain(figures),
            "channel_breakdown": {channel: _plain(split) for channel, split in channels.items()},
        }
        return Response(CampaignAnalytics(shown).data)


class LinkAnalytics(Endpoint):
    scopes = {"GET": "campaigns:read"}

    @extend_schema(operation_id="get_campaign_links", parameters=[ident()], responses=Links)
    def get(self, request: Any, public_id: str) -> Response:
        """Clicks of each link of a campaign, the most clicked first."""
        campaign = find(Campaign.objects, "campaign", public_id)
        return Response(Links({"links": selectors.link_clicks(campaign.pk)}).data)


def _plain(figures: Figures) -> dict[str, dict[str, Any]]:
    return {
        "metrics": {name: int(figure.value or 0) for name, figure in figures.counts.items()},
        "rates": {name: figure.value for name, figure in figures.rates.items()},
    }


def _midnight(request: Any, name: str) -> datetime | None:
    """The beginning of a day in the query; none when it is not given."""
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        day: date | None = parse_date(text)
    except ValueError:
        day = None
    if day is None or not 1970 <= day.year <= 9998:
        raise Invalid(FieldError(f"/{name}", "Write the day as 2026-06-30."))
    return datetime.combine(day, time.min, UTC)
