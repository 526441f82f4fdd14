"""People who sign in, and their roles."""

import secrets
from collections.abc import Collection

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import QuerySet

from compliance.roles import ROLES
from compliance.services.audit import record
from config.lib.errors import Conflict, FieldError, Invalid

PROGRAMS = "api:"  # how names of programs begin: they have keys and never sign in


class LastAdmin(Conflict):
    """Nobody else could give roles any more: make somebody else an admin first."""

    code = "last_admin"


@transaction.atomic
def add_person(
    *, username: str, email: str, first_name: str = "", last_name: str = "", roles: Collection[str], by: int | None
) -> tuple[User, str]:
    """Somebody new, and the first password, which can never be read again. Raises Invalid for a name that is taken."""
    if User.objects.filter(username__iexact=username).exists() or username.startswith(PROGRAMS):
        raise Invalid(FieldError("/username", "Somebody has this name already: choose another.", "taken"))
    password = secrets.token_urlsafe(12)
    person = User.objects.create_user(
        username, email, password, first_name=first_name, last_name=last_name, is_staff=True
    )
    person.groups.set(_groups(roles))
    record(
        actor_id=by, action="person_added", object_kind="user", object_id=person.pk, changes={"roles": sorted(roles)}
    )
    return person, password


@transaction.atomic
def change_person(
    person: User,
    *,
    email: str,
    first_name: str,
    last_name: str,
    roles: Collection[str],
    is_active: bool,
    by: int | None,
) -> None:
    """Raises LastAdmin when nobody could give roles afterwards."""
    before = sorted(person.groups.values_list("name", flat=True))
    person.email, person.first_name, person.last_name, person.is_active = email, first_name, last_name, is_active
    person.save(update_fields=["email", "first_name", "last_name", "is_active"])
    person.groups.set([*_groups(roles), *person.groups.exclude(name__in=ROLES)])
    if not _admins().exists():
        raise LastAdmin
    changes = {"roles": [before, sorted(roles)], "active": is_active}
    record(actor_id=by, action="person_changed", object_kind="user", object_id=person.pk, changes=changes)


@transaction.atomic
def new_password(person: User, *, by: int | None) -> str:
    """A new first password; it ends the sessions of the old one."""
    password = secrets.token_urlsafe(12)
    person.set_password(password)
    person.save(update_fields=["password"])
    record(actor_id=by, action="password_reset", object_kind="user", object_id=person.pk)
    return password


def _groups(roles: Collection[str]) -> list[Group]:
    return list(Group.objects.filter(name__in=[role for role in roles if role in ROLES]))


def _admins() -> QuerySet[User]:
    active = User.objects.filter(is_active=True)
    return active.filter(is_superuser=True) | active.filter(groups__name="admin")
