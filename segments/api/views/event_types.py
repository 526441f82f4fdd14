"""Event types: what may be told, and what its properties look like."""

from typing import Any

from django.db import transaction
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from config.api.auditing import audit
from config.api.endpoints import Endpoint, shown
from config.lib.errors import NotFound
from segments.api.serializers_events import EventTypeBody, EventTypeShown, EventTypeVersionShown, SchemaBody
from segments.models import EventType
from segments.services.event_types import add_version, register_event_type

_NAME = OpenApiParameter("name", OpenApiTypes.STR, OpenApiParameter.PATH, description="order_completed")


class EventTypes(Endpoint):
    scopes = {"GET": "events:read", "POST": "event_types:write"}

    @extend_schema(operation_id="list_event_types", responses=EventTypeShown(many=True))
    def get(self, request: Any) -> Response:
        """All event types, the newest first."""
        return self.page(EventType.objects.select_related("current").filter(current__isnull=False), EventTypeShown)

    @extend_schema(operation_id="register_event_type", request=EventTypeBody, responses={201: EventTypeShown})
    def post(self, request: Any) -> Response:
        """Register an event type. From then on its events are let in and counted."""
        body = self.body(EventTypeBody)
        with transaction.atomic():
            made = register_event_type(**body, by=request.user)
            audit(request, "event_type_registered", "event_type", made.pk, {"name": made.name})
        return shown(EventTypeShown(made).data, status=201, location=f"/api/v1/event-types/{made.name}")


class OneEventType(Endpoint):
    scopes = {"GET": "events:read"}

    @extend_schema(operation_id="get_event_type", parameters=[_NAME], responses=EventTypeShown)
    def get(self, request: Any, name: str) -> Response:
        """One event type."""
        return shown(EventTypeShown(_find(name)).data)


class EventTypeVersions(Endpoint):
    scopes = {"GET": "events:read", "POST": "event_types:write"}

    @extend_schema(
        operation_id="list_event_type_versions", parameters=[_NAME], responses=EventTypeVersionShown(many=True)
    )
    def get(self, request: Any, name: str) -> Response:
        """All versions, the newest first."""
        return self.page(_find(name).versions.all(), EventTypeVersionShown)

    @extend_schema(
        operation_id="add_event_type_version",
        parameters=[_NAME],
        request=SchemaBody,
        responses={201: EventTypeVersionShown},
    )
    def post(self, request: Any, name: str) -> Response:
        """What the properties look like from now on. What is in the log stays; the same schema is no new version."""
        body, event_type = self.body(SchemaBody), _find(name)
        with transaction.atomic():
            version = add_version(event_type, schema=body["schema"], by=request.user)
            audit(request, "event_type_changed", "event_type", event_type.pk, {"version": version.number})
        return shown(EventTypeVersionShown(version).data, status=201)


def _find(name: str) -> EventType:
    found = EventType.objects.select_related("current").filter(name=name, current__isnull=False).first()
    if found is None:
        raise NotFound
    return found
