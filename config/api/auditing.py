"""The one way an endpoint writes to the audit log, which a floor above keeps (settings.AUDIT_LOG)."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from config.api.throttles import address_of


def audit(request: Any, action: str, kind: str, pk: int | None, changes: Mapping[str, Any] | None = None) -> None:
    """One write, in the caller's transaction. `changes` must hold no value of a person: give field names for those."""
    key = getattr(request, "auth", None)  # pages have none
    import_string(settings.AUDIT_LOG)(
        actor_id=request.user.pk,
        api_key_id=key.pk if key else None,
        action=action,
        object_kind=kind,
        object_id=pk,
        changes=dict(changes or {}),
        request_id=request.request_id,
        ip=address_of(request),
    )


def writer(request: Any) -> tuple[str, str]:
    """Who asks, in words: ("api", name of the key) or ("person", name of the user)."""
    key = getattr(request, "auth", None)
    return ("api", key.name) if key else ("person", str(request.user))


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """{field: [before, after]} of the fields that differ."""
    return {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
