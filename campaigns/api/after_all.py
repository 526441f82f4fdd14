"""What ended badly, through the API: dead letters replayed or dropped, unknowns sent again or marked as sent."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from campaigns import services
from campaigns.models import Campaign
from campaigns.selectors.reasons import in_words
from campaigns.services.after_all import Done, Note
from config.api.auditing import audit
from config.api.endpoints import Endpoint, find
from config.api.fields import Body, PublicId
from config.api.parameters import choice, ident, text
from config.lib import public_ids
from config.lib.errors import FieldError, Invalid, NotFound
from delivery.dispositions import Choice, Unknowns
from delivery.models import DeadLetter
from delivery.selectors.dead_letters import dead_letters

_MOST = 1000
_DECIDES = {"POST": "campaigns:launch"}
_OPEN = "open"


class DeadLetterShown(serializers.Serializer):
    dead_letter_id = PublicId("dead_letter", source="pk")
    message_id = PublicId("message")
    campaign_id = PublicId("campaign")
    contact_id = PublicId("contact")
    at = serializers.DateTimeField()
    reason = serializers.CharField()
    reason_in_words = serializers.SerializerMethodField()
    error = serializers.CharField(help_text="What went wrong, without addresses")
    fingerprint = serializers.CharField(help_text="The same for the same fault")
    attempts = serializers.IntegerField()
    resolution = serializers.CharField(help_text="replayed, dropped, or blank while it is open")
    resolved_at = serializers.DateTimeField(allow_null=True)

    def get_reason_in_words(self, letter: DeadLetter) -> str:
        return in_words(letter.reason)


class DeadLetterChoice(Body):
    """Those that fit all that is given; nothing given: all open dead letters of the campaign."""

    dead_letter_ids = serializers.ListField(
        child=PublicId("dead_letter"), min_length=1, max_length=_MOST, required=False
    )
    reason = serializers.CharField(required=False, max_length=60)
    fingerprint = serializers.CharField(required=False, max_length=16)


class UnknownChoice(Body):
    """Those that fit all that is given; nothing given: all unknown messages of the campaign."""

    message_ids = serializers.ListField(child=PublicId("message"), min_length=1, max_length=_MOST, required=False)
    reason = serializers.CharField(required=False, max_length=60)


class SendAgainChoice(UnknownChoice):
    may_arrive_twice = serializers.BooleanField(help_text="Must be true: who got it gets it twice")

    def validate_may_arrive_twice(self, value: bool) -> bool:
        if not value:
            raise serializers.ValidationError("Some of these may have arrived: say true when that may be.")
        return value


class AfterAll(serializers.Serializer):
    messages = serializers.IntegerField(source="count", help_text="How many it was done to")
    more = serializers.BooleanField(help_text="It took too long for one request: send it again for the rest")


class DeadLetters(Endpoint):
    scopes = {"GET": "messages:read"}

    @extend_schema(
        operation_id="list_dead_letters",
        parameters=[
            text("campaign_id", "Of which campaign"),
            text("reason", "Why they were given up"),
            text("fingerprint", "Of the same fault"),
            choice("resolution", "What was done about them", [_OPEN, *DeadLetter.Resolution.values]),
        ],
        responses=DeadLetterShown(many=True),
    )
    def get(self, request: Any) -> Response:
        """Messages given up because of a fault of ours or of a provider, the newest first."""
        rows = dead_letters()
        for name in ("reason", "fingerprint"):
            if given := request.query_params.get(name):
                rows = rows.filter(**{name: given})
        if "campaign_id" in request.query_params:
            rows = rows.filter(campaign_id=_campaign_id(request.query_params["campaign_id"]))
        if wanted := self.choices(resolution=[_OPEN, *DeadLetter.Resolution.values]).get("resolution"):
            rows = rows.filter(resolution="" if wanted == _OPEN else wanted)
        return self.page(rows, DeadLetterShown)


class ReplayDeadLetters(Endpoint):
    scopes = _DECIDES

    @extend_schema(
        operation_id="replay_dead_letters", parameters=[ident()], request=DeadLetterChoice, responses=AfterAll
    )
    def post(self, request: Any, public_id: str) -> Response:
        """Send dead letters after all. Suppressions and expiry are asked anew; a completed campaign reopens."""
        campaign, body = find(Campaign.objects, "campaign", public_id), self.body(DeadLetterChoice)
        note = _note(request, "dead_letters_replayed", campaign, body)
        return _answer(services.replay(campaign, _letters(campaign, body), by=request.user, note=note))


class DropDeadLetters(Endpoint):
    scopes = _DECIDES

    @extend_schema(operation_id="drop_dead_letters", parameters=[ident()], request=DeadLetterChoice, responses=AfterAll)
    def post(self, request: Any, public_id: str) -> Response:
        """Leave dead letters failed and take them off the list."""
        campaign, body = find(Campaign.objects, "campaign", public_id), self.body(DeadLetterChoice)
        note = _note(request, "dead_letters_dropped", campaign, body)
        return _answer(services.drop(_letters(campaign, body), by=request.user, note=note))


class SendUnknownAgain(Endpoint):
    scopes = _DECIDES

    @extend_schema(operation_id="send_unknown_again", parameters=[ident()], request=SendAgainChoice, responses=AfterAll)
    def post(self, request: Any, public_id: str) -> Response:
        """Send to the rest: what nobody knows of goes out (again). Who got it gets it twice."""
        campaign, body = find(Campaign.objects, "campaign", public_id), self.body(SendAgainChoice)
        note = _note(request, "unknown_sent_again", campaign, body)
        return _answer(services.send_again(campaign, _unknowns(campaign, body), by=request.user, note=note))


class MarkUnknownSent(Endpoint):
    scopes = _DECIDES

    @extend_schema(operation_id="mark_unknown_sent", parameters=[ident()], request=UnknownChoice, responses=AfterAll)
    def post(self, request: Any, public_id: str) -> Response:
        """Let what nobody knows of count as sent."""
        campaign, body = find(Campaign.objects, "campaign", public_id), self.body(UnknownChoice)
        note = _note(request, "unknown_marked_sent", campaign, body)
        return _answer(services.mark_sent(_unknowns(campaign, body), note=note))


def _letters(campaign: Campaign, body: dict[str, Any]) -> Choice:
    return Choice(campaign.pk, body.get("dead_letter_ids"), body.get("reason", ""), body.get("fingerprint", ""))


def _unknowns(campaign: Campaign, body: dict[str, Any]) -> Unknowns:
    return Unknowns(campaign.pk, body.get("message_ids"), body.get("reason", ""))


def _note(request: Any, action: str, campaign: Campaign, body: dict[str, Any]) -> Note:
    chosen: dict[str, Any] = {name: body[name] for name in ("reason", "fingerprint") if name in body}
    return lambda count: audit(request, action, "campaign", campaign.pk, {"messages": count, **chosen})


def _answer(done: Done) -> Response:
    return Response(AfterAll(done).data)


def _campaign_id(text: str) -> int:
    try:
        return public_ids.decode("campaign", text)
    except NotFound:
        raise Invalid(FieldError("/campaign_id", "This is no such id.", "unknown")) from None
