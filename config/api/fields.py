"""Fields and serializers that all bodies are made of."""

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.lib import public_ids
from config.lib.errors import NotFound


@extend_schema_field({"type": "string", "pattern": "^[1-9A-HJ-NP-Za-km-z]{11}$"})
class PublicId(serializers.Field):
    """The opaque id of one kind of object; row numbers never leave the house."""

    def __init__(self, kind: str, **options: Any) -> None:
        self.kind = kind
        super().__init__(**options)

    def to_representation(self, value: int) -> str | None:
        return public_ids.encode(self.kind, value) if value else None  # 0: a test belongs to no campaign

    def to_internal_value(self, data: Any) -> int:
        try:
            return public_ids.decode(self.kind, data if isinstance(data, str) else "")
        except NotFound:
            raise serializers.ValidationError(f"This is no id of a {self.kind}.", code="unknown") from None


class Body(serializers.Serializer):
    """What a request may hold, and nothing else: an unknown field is refused, never dropped.

    `later` names the fields that a later part of the product brings.
    """

    later: ClassVar[tuple[str, ...]] = ()

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = {name: self._refusal(name) for name in data if name not in self.fields}
            if unknown:
                raise serializers.ValidationError(unknown)
        return super().to_internal_value(data)

    def _refusal(self, name: str) -> serializers.ErrorDetail:
        if name in self.later:
            return serializers.ErrorDetail("This is not available yet.", code="not_available_yet")
        return serializers.ErrorDetail(f"There is no field {name!r} here.", code="unknown")


@extend_schema_field(OpenApiTypes.OBJECT)
class JsonObject(serializers.JSONField):
    """Any JSON; what it must look like is checked by the service it goes to."""


class ProblemField(serializers.Serializer):
    pointer = serializers.CharField(allow_blank=True, help_text="JSON pointer to the field at fault")
    code = serializers.CharField()
    detail = serializers.CharField()
