"""Query and path parameters as the schema shows them."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter


def text(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, description=description)


def flag(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.BOOL, description=description)


def choice(name: str, description: str, choices: list[str]) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, description=description, enum=choices)


def ident(name: str = "public_id") -> OpenApiParameter:
    """The opaque id in the path."""
    return OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.PATH, description="The opaque id of the object")
