"""Bearer keys."""

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from compliance.models import ApiKey
from compliance.services.keys import digest_of

_NOTED_EVERY = timedelta(minutes=1)


class BearerKey(BaseAuthentication):
    """`Authorization: Bearer pr_…`: request.user is the key's owner, request.auth the key."""

    def authenticate(self, request: Any) -> tuple[Any, ApiKey] | None:
        word, _, text = get_authorization_header(request).partition(b" ")
        if word.lower() != b"bearer":
            return None
        at = timezone.now()
        key = ApiKey.objects.select_related("owner").filter(digest=digest_of(text.strip().decode("latin-1"))).first()
        if key is None or not key.is_live(at=at) or not key.owner.is_active:
            raise AuthenticationFailed("This key is not known, has expired or was revoked.")
        stale = Q(last_used_at=None) | Q(last_used_at__lt=at - _NOTED_EVERY)
        if key.last_used_at is None or key.last_used_at < at - _NOTED_EVERY:
            ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=at)
        return key.owner, key

    def authenticate_header(self, request: Any) -> str:
        return 'Bearer realm="api"'


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = BearerKey
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key made by `manage.py api_key create`"}
