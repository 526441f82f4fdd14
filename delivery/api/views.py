"""Messages: what became of each, and tests of templates."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from compliance.models import Sender
from config.api.auditing import audit
from config.api.endpoints import Endpoint, find
from config.api.parameters import choice, ident, text
from config.lib import public_ids
from config.lib.addresses import InvalidAddress, normalise_email
from config.lib.errors import FieldError, Invalid, NotFound
from delivery.api.serializers import MessageDetail, MessageShown, TestBody, Tested
from delivery.models import Message
from delivery.selectors import ledger
from delivery.services.test_sends import send_test
from templates import selectors as templates
from templates.models import MessageTemplate, TemplateVersion

_LARGE = "Give contact_id or campaign_id: the ledger of all is too large to page through."


class Messages(Endpoint):
    scopes = {"GET": "messages:read"}

    @extend_schema(
        operation_id="list_messages",
        parameters=[
            text("contact_id", "To whom"),
            text("campaign_id", "Of which campaign"),
            choice("status", "Where it stands", Message.State.values),
        ],
        responses=MessageShown(many=True),
    )
    def get(self, request: Any) -> Response:
        """The messages of a contact or a campaign, the newest first."""
        rows = _of(request.query_params)
        if status := self.choices(status=Message.State.values).get("status"):
            rows = rows.filter(state=status)
        return self.page(rows.select_related("order"), MessageShown)


class OneMessage(Endpoint):
    scopes = {"GET": "messages:read"}

    @extend_schema(operation_id="get_message", parameters=[ident()], responses=MessageDetail)
    def get(self, request: Any, public_id: str) -> Response:
        """One message with all that happened to it."""
        message: Any = find(Message.objects.select_related("order"), "message", public_id)
        history = ledger.history(message.contact_id, message.order.campaign_id)
        message.events = [event for event in history if event.message_id == message.pk]
        return Response(MessageDetail(message).data)


class TestSend(Endpoint):
    scopes = {"POST": "messages:test"}

    @extend_schema(operation_id="send_test", request=TestBody, responses={201: Tested})
    def post(self, request: Any) -> Response:
        """Send a template as one contact would get it to somebody who works here. Never counted, always gated."""
        body = self.body(TestBody)
        sender = Sender.objects.select_related("brand").filter(pk=body["sender_id"]).first()
        if sender is None:
            raise Invalid(FieldError("/sender_id", "There is no sender with this id.", "unknown"))
        receipt = send_test(
            version=_version(body), brand=sender.brand, sender=sender, to=_normal(body["to"]),
            contact_id=body.get("contact_id"), account_id=body.get("provider_account_id"), at=timezone.now(),
        )  # fmt: skip
        audit(request, "test_sent", "template", body["template_id"])
        return Response(Tested({"message_id": receipt.message_id, "sent": True}).data, status=201)


def _of(wanted: Any) -> QuerySet[Message]:
    if not {"contact_id", "campaign_id"} & set(wanted):
        raise Invalid(FieldError("/contact_id", _LARGE, "required"))
    rows = Message.objects.all()
    for name, field in (("contact_id", "contact_id"), ("campaign_id", "order__campaign_id")):
        if name in wanted:
            try:
                rows = rows.filter(**{field: public_ids.decode(name.removesuffix("_id"), wanted[name])})
            except NotFound:
                raise Invalid(FieldError(f"/{name}", "This is no such id.", "unknown")) from None
    return rows


def _version(body: dict[str, Any]) -> TemplateVersion:
    template = MessageTemplate.objects.select_related("current").filter(pk=body["template_id"]).first()
    if template is None:
        raise Invalid(FieldError("/template_id", "There is no template with this id.", "unknown"))
    return templates.version(template, body["version"]) if "version" in body else templates.current_version(template)


def _normal(email: str) -> str:
    try:
        return normalise_email(email)
    except InvalidAddress as error:
        raise Invalid(FieldError("/to", error.detail, error.code)) from None
