"""The dashboard of right now."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from analytics.dashboard import dashboard
from config.api.endpoints import Endpoint
from config.api.fields import PublicId


class TopCampaign(serializers.Serializer[Any]):
    campaign_id = PublicId("campaign")
    name = serializers.CharField()
    sent = serializers.IntegerField()
    opened = serializers.IntegerField()
    clicked = serializers.IntegerField()


class RealtimeDashboard(serializers.Serializer[Any]):
    active_campaigns = serializers.IntegerField()
    messages_sent_today = serializers.IntegerField()
    messages_sending_now = serializers.IntegerField()
    current_qps = serializers.FloatField()
    top_campaigns = TopCampaign(many=True)
    as_of = serializers.DateTimeField(allow_null=True)


class Realtime(Endpoint):
    scopes = {"GET": "campaigns:read"}

    @extend_schema(operation_id="get_realtime_dashboard", responses=RealtimeDashboard)
    def get(self, request: Any) -> Response:
        """What is going on now: active campaigns, what was sent today and is due, messages a second."""
        return Response(RealtimeDashboard(dashboard(at=timezone.now())).data)
