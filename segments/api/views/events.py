"""Events: facts that programs tell us."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.generics import GenericAPIView
from rest_framework.parsers import BaseParser
from rest_framework.response import Response

from config.api.endpoints import Endpoint
from config.api.permissions import HasScope
from config.api.throttles import KeyRate
from segments.api import receiving
from segments.api.serializers_events import EventBatch, EventBody, Taken
from segments.models import Source, WriteKey
from segments.services.quarantine import Sender

_BODY = PolymorphicProxySerializer("Events", [EventBody, EventBatch], resource_type_field_name=None)


class AnyBytes(BaseParser):
    """The body as it is: what is wrong with one event must not be wrong with all."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> bytes:
        return receiving.body_of(stream)


class WithWriteKey(BaseAuthentication):
    """A write key, as Bearer or as the user name of Basic: request.auth is the key, of nobody in particular."""

    def authenticate(self, request: Any) -> tuple[Any, WriteKey] | None:
        text = receiving.key_text(request, {})
        if not text.startswith("pw_"):
            return None
        try:
            return AnonymousUser(), receiving.find_key(text, at=timezone.now())
        except receiving.UnknownWriteKey as error:
            raise AuthenticationFailed(error.detail) from None

    def authenticate_header(self, request: Any) -> str:
        return 'Bearer realm="api"'


class WriteKeyScheme(OpenApiAuthenticationExtension):
    target_class = WithWriteKey
    name = "write_key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key made by `manage.py write_key create`"}


class WithScope(HasScope):
    """A write key may do this and nothing else; other keys need the scope."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return isinstance(request.auth, WriteKey) or super().has_permission(request, view)


class RequestRate(KeyRate):
    """Write keys have a limit of their own, which counts events."""

    def allow_request(self, request: Any, view: Any) -> bool:
        return isinstance(request.auth, WriteKey) or super().allow_request(request, view)


class Events(Endpoint):
    scopes = {"POST": "events:write"}
    authentication_classes = [WithWriteKey, *GenericAPIView.authentication_classes]
    permission_classes = [WithScope]
    throttle_classes = [RequestRate]
    parser_classes = [AnyBytes]

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        """Without Idempotency-Key: each event has an id of its own, and sent again it is told as a duplicate."""
        super(Endpoint, self).initial(request, *args, **kwargs)

    @extend_schema(operation_id="send_events", request=_BODY, responses={202: Taken})
    def post(self, request: Any) -> Response:
        """Events, one or up to 500 kB of them, each answered for itself; one that is wrong does not harm the others."""
        at, key = timezone.now(), request.auth if isinstance(request.auth, WriteKey) else None
        sender = receiving.sender_of(key) if key else Sender(Source.SERVER)
        # where there is no body at all, no parser is asked and the data is an empty dict
        delivery = receiving.read_body(request.data or b"", sender, at=at)
        if key:
            try:
                receiving.admit(key, len(delivery.items))
            except receiving.TooManyEvents as error:
                raise Throttled(error.wait) from None
        return Response(receiving.deliver(delivery.items, sender, at=at), status=202)
