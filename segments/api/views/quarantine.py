"""The quarantine: events that were not let in, and what is done about them."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from config.api.auditing import audit
from config.api.endpoints import Endpoint, find, shown
from config.api.parameters import choice, ident
from segments.api.serializers_events import QuarantinedShown, Repaired
from segments.models import QuarantinedEvent
from segments.services import repairs

_KIND = "quarantined_event"


class Quarantine(Endpoint):
    scopes = {"GET": "events:read"}

    @extend_schema(
        operation_id="list_quarantined_events",
        parameters=[choice("state", "Left out: those that wait", list(QuarantinedEvent.State.values))],
        responses=QuarantinedShown(many=True),
    )
    def get(self, request: Any) -> Response:
        """Events that were not let in, the newest first, with where each is wrong and nothing of what it said."""
        state = self.choices(state=QuarantinedEvent.State.values).get("state", QuarantinedEvent.State.WAITING)
        return self.page(QuarantinedEvent.objects.filter(state=state).defer("sealed"), QuarantinedShown)


class _Repair(Endpoint):
    scopes = {"POST": "event_types:write"}

    def done(self, request: Any, public_id: str, verb: str) -> Response:
        kept = find(QuarantinedEvent.objects, _KIND, public_id)
        with transaction.atomic():
            kept = self.repair(request, kept)
            audit(request, f"event_{verb}", _KIND, kept.pk)
        return shown(Repaired(kept).data)

    def repair(self, request: Any, kept: QuarantinedEvent) -> QuarantinedEvent:
        raise NotImplementedError


class Replay(_Repair):
    @extend_schema(operation_id="replay_quarantined_event", parameters=[ident()], request=None, responses=Repaired)
    def post(self, request: Any, public_id: str) -> Response:
        """Judge it again by the registry as it is now. `waiting` says that it is still not let in."""
        return self.done(request, public_id, "replayed")

    def repair(self, request: Any, kept: QuarantinedEvent) -> QuarantinedEvent:
        return repairs.replay(kept, at=timezone.now())


class Accept(_Repair):
    @extend_schema(operation_id="accept_quarantined_event", parameters=[ident()], request=None, responses=Repaired)
    def post(self, request: Any, public_id: str) -> Response:
        """Accept its properties as a new version of its event type, or as a new event type, and let it in."""
        return self.done(request, public_id, "accepted")

    def repair(self, request: Any, kept: QuarantinedEvent) -> QuarantinedEvent:
        return repairs.accept(kept, by=request.user, at=timezone.now())


class Drop(_Repair):
    @extend_schema(operation_id="drop_quarantined_event", parameters=[ident()], request=None, responses=Repaired)
    def post(self, request: Any, public_id: str) -> Response:
        """Give it up: what it said is removed."""
        return self.done(request, public_id, "dropped")

    def repair(self, request: Any, kept: QuarantinedEvent) -> QuarantinedEvent:
        repairs.drop([kept], at=timezone.now())
        kept.refresh_from_db()
        return kept
