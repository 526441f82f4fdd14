"""Callers of the API, by role."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import count
from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client

from compliance.models import ApiKey
from compliance.roles import ROLES, make_roles
from compliance.services.keys import create_key

_numbers = count(1)


@dataclass(frozen=True)
class Caller:
    """A program with a key. Verbs give Django's test response; its body is `.json()`."""

    key: ApiKey
    text: str
    client: Client

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.send("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.send("DELETE", path, **headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """`If_Match="…"` becomes the header If-Match."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent: Any = {"content_type": "application/json"} | ({} if body is None else {"data": body})
        verb = getattr(self.client, method.lower())
        return verb(f"/api/v1/{path}", headers={"Authorization": f"Bearer {self.text}", **given}, **sent)


def person(role: str = "admin") -> User:
    """Somebody with one role; `nobody` has none."""
    made = User.objects.create_user(f"{role}-{next(_numbers)}", is_staff=True)
    if role != "nobody":
        make_roles(using="default")
        made.groups.add(Group.objects.get(name=role))
    return made


def caller(role: str = "admin", scopes: Collection[str] = ROLES["admin"]) -> Caller:
    """A program with a role; its key has all scopes, so that the role decides, unless fewer are given."""
    key, text = create_key(name="test", owner=person(role), scopes=scopes)
    return Caller(key, text, Client(raise_request_exception=False))
