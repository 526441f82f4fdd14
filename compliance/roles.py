"""The four roles, as Django groups: what each may do, by the scopes it grants (config/api/scopes.py)."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from config.api.scopes import SCOPES

_READ = {scope for scope in SCOPES if scope.endswith(":read")} - {"audit:read"}
_AUTHOR = _READ | {
    "contacts:write", "contacts:export", "segments:write", "imports:write", "templates:write", "campaigns:write",
    "messages:test", "events:write", "event_types:write",
}  # fmt: skip

ROLES: dict[str, frozenset[str]] = {
    "viewer": frozenset(_READ),
    "author": frozenset(_AUTHOR),
    "approver": frozenset(_READ | {"campaigns:launch", "messages:test", "suppressions:write"}),
    "admin": frozenset(SCOPES),
}
# What only the admin pages ask for, beyond any scope
_PAGES = {
    "admin": [
        "auth.*", "compliance.*", "segments.*", "templates.*", "delivery.*", "campaigns.*", "analytics.*",
        "django_celery_beat.*", "admin.view_logentry",
    ],
}  # fmt: skip


def permissions_of(role: str) -> set[str]:
    """The permissions of a role; `app.*` stands for all of an app."""
    return {name for scope in ROLES[role] for name in SCOPES[scope]} | set(_PAGES.get(role, []))


def make_roles(sender: AppConfig | None = None, using: str = "owner", **_: Any) -> None:
    """After each app's migrations: its permissions to the groups. What an operator gave a group beyond that stays."""
    for role in ROLES:
        group, _new = Group.objects.using(using).get_or_create(name=role)
        wanted = _permissions(permissions_of(role), sender.label if sender else None)
        if wanted is not None:
            group.permissions.add(*Permission.objects.using(using).filter(wanted))


def _permissions(names: set[str], label: str | None) -> Q | None:
    chosen = [Q(content_type__app_label=app, **({} if codename == "*" else {"codename": codename}))
              for app, codename in (name.split(".") for name in sorted(names)) if label in (None, app)]  # fmt: skip
    return Q(*chosen, _connector=Q.OR) if chosen else None
