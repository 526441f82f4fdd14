"""What is audited beyond the API: sign-ins, and every write in the admin (Django's own log of it goes along)."""

from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db.models.signals import post_save
from structlog.contextvars import get_contextvars

from compliance.services.audit import record
from config.api.throttles import address_of

_VERBS = {ADDITION: "created", CHANGE: "changed", DELETION: "deleted"}


def connect() -> None:
    """Once, when the apps are ready."""
    post_save.connect(_admin_write, sender=LogEntry, dispatch_uid="compliance.audit_admin")
    user_logged_in.connect(_signed_in, dispatch_uid="compliance.audit_sign_in")
    user_login_failed.connect(_sign_in_failed, dispatch_uid="compliance.audit_failed_sign_in")


def _admin_write(sender: Any, instance: LogEntry, created: bool, **_: Any) -> None:
    """Not Django's words for what changed: they name the row, which may be a person."""
    if not created:
        return
    kind = instance.content_type.model if instance.content_type else "unknown"
    text = str(instance.object_id or "")
    record(
        actor_id=instance.user_id, action=f"{kind}_{_VERBS[instance.action_flag]}"[:60], object_kind=kind[:30],
        object_id=int(text) if text.isdigit() else None, request_id=_request_id(), changes={"through": "admin"},
    )  # fmt: skip


def _signed_in(sender: Any, request: Any, user: Any, **_: Any) -> None:
    record(
        actor_id=user.pk, action="signed_in", object_kind="user", object_id=user.pk, request_id=_request_id(),
        ip=address_of(request) if request else None,
    )  # fmt: skip


def _sign_in_failed(sender: Any, request: Any = None, **_: Any) -> None:
    """Not the name that was tried: people type passwords there."""
    record(
        action="sign_in_failed", object_kind="user", request_id=_request_id(),
        ip=address_of(request) if request else None,
    )  # fmt: skip


def _request_id() -> str:
    return str(get_contextvars().get("request_id", ""))
