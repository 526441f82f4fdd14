"""Who may do what through the API: default deny, role by role and endpoint by endpoint."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from compliance.models import ApiKey, AuditEntry
from compliance.roles import ROLES
from compliance.services.keys import create_key, revoke_key
from config.api.permissions import PUBLIC
from config.api.scopes import SCOPES
from tests.factories.api import Caller, caller, person

pytestmark = pytest.mark.django_db

V, AU, AP, AD = "viewer", "author", "approver", "admin"
READ, WRITE, DECIDE = {V, AU, AP, AD}, {AU, AD}, {AP, AD}

# The whole API: an endpoint that is not here fails the test, and so does one that is gone.
TABLE: dict[str, set[str]] = {
    "GET bulk-jobs": READ,
    "POST bulk-jobs": READ,  # each action has a need of its own
    "GET bulk-jobs/<str:public_id>": READ,
    "POST bulk-jobs/<str:public_id>/cancel": READ,
    "POST bulk-jobs/<str:public_id>/undo": READ,
    "GET contacts": READ,
    "POST contacts": WRITE,
    "POST contacts/batch": WRITE,
    "PUT contacts/batch": WRITE,
    "GET contacts/<str:public_id>": READ,
    "PATCH contacts/<str:public_id>": WRITE,
    "POST contacts/<str:public_id>/merge": WRITE,
    "GET contacts/<str:public_id>/identity": READ,
    "GET event-types": READ,
    "POST event-types": WRITE,
    "GET event-types/<str:name>": READ,
    "GET event-types/<str:name>/versions": READ,
    "POST event-types/<str:name>/versions": WRITE,
    "POST events": WRITE,
    "GET events/quarantine": READ,
    "POST events/quarantine/<str:public_id>/accept": WRITE,
    "POST events/quarantine/<str:public_id>/drop": WRITE,
    "POST events/quarantine/<str:public_id>/replay": WRITE,
    "GET imports": READ,
    "POST imports": WRITE,
    "GET imports/<str:public_id>": READ,
    "POST imports/<str:public_id>/check": WRITE,
    "POST imports/<str:public_id>/start": WRITE,
    "GET imports/<str:public_id>/problems": READ,
    "GET lists": READ,
    "POST lists": WRITE,
    "GET lists/<str:public_id>": READ,
    "DELETE lists/<str:public_id>": WRITE,
    "POST lists/<str:public_id>/restore": WRITE,
    "GET lists/<str:public_id>/contacts": READ,
    "POST lists/<str:public_id>/contacts": WRITE,
    "POST lists/<str:public_id>/contacts/remove": WRITE,
    "GET rfm": READ,
    "POST rfm": WRITE,
    "GET rfm/snapshots": READ,
    "GET segments": READ,
    "POST segments": WRITE,
    "POST segments/estimate": READ,
    "GET segments/<str:public_id>": READ,
    "PATCH segments/<str:public_id>": WRITE,
    "DELETE segments/<str:public_id>": WRITE,
    "POST segments/<str:public_id>/restore": WRITE,
    "GET segments/changes": READ,
    "GET segments/<str:public_id>/members": READ,
    "POST segments/<str:public_id>/members": WRITE,
    "POST segments/<str:public_id>/members/remove": WRITE,
    "GET segments/<str:public_id>/members/<str:contact_id>": READ,
    "GET segments/<str:public_id>/days": READ,
    "POST segments/<str:public_id>/refresh": WRITE,
    "GET brands": READ,
    "GET suppressions": READ,
    "POST suppressions": DECIDE,
    "POST unsubscribe": READ,  # whoever has the link's token; see PUBLIC
    "GET users/<str:public_id>/preferences": READ,
    "PATCH users/<str:public_id>/preferences": DECIDE,
    "GET assets": READ,
    "POST assets": WRITE,
    "GET assets/<str:public_id>": READ,
    "PATCH assets/<str:public_id>": WRITE,
    "DELETE assets/<str:public_id>": WRITE,
    "POST assets/<str:public_id>/restore": WRITE,
    "GET templates": READ,
    "POST templates": WRITE,
    "POST templates/lint": READ,
    "GET templates/<str:public_id>": READ,
    "DELETE templates/<str:public_id>": WRITE,
    "POST templates/<str:public_id>/restore": WRITE,
    "GET templates/<str:public_id>/lint": READ,
    "POST templates/<str:public_id>/preview": READ,
    "GET templates/<str:public_id>/versions": READ,
    "POST templates/<str:public_id>/versions": WRITE,
    "POST templates/<str:public_id>/versions/<int:number>/roll-back": WRITE,
    "GET messages": READ,
    "POST messages/test": {AU, AP, AD},
    "GET messages/<str:public_id>": READ,
    "GET provider-accounts": READ,
    "POST provider-accounts": {AD},
    "GET provider-accounts/<str:public_id>": READ,
    "PATCH provider-accounts/<str:public_id>": {AD},
    "POST provider-accounts/<str:public_id>/close-breaker": {AD},
    "GET mailbox-providers": READ,
    "POST mailbox-providers": {AD},
    "GET mailbox-providers/<str:public_id>": READ,
    "PATCH mailbox-providers/<str:public_id>": {AD},
    "DELETE mailbox-providers/<str:public_id>": {AD},
    "POST mailbox-providers/<str:public_id>/end-slowdown": {AD},
    "GET throttles": READ,
    "GET campaigns": READ,
    "POST campaigns": WRITE,
    "GET campaigns/<str:public_id>": READ,
    "PATCH campaigns/<str:public_id>": WRITE,  # of its plan; a change of status is DECIDE
    "DELETE campaigns/<str:public_id>": WRITE,
    "POST campaigns/<str:public_id>/launch": DECIDE,
    "POST campaigns/<str:public_id>/schedule": DECIDE,
    "POST campaigns/<str:public_id>/unschedule": DECIDE,
    "POST campaigns/<str:public_id>/pause": DECIDE,
    "POST campaigns/<str:public_id>/resume": DECIDE,
    "POST campaigns/<str:public_id>/approve": DECIDE,
    "POST campaigns/<str:public_id>/cancel": DECIDE,
    "POST campaigns/<str:public_id>/clone": WRITE,
    "GET campaigns/<str:public_id>/readiness": READ,
    "GET campaigns/<str:public_id>/explain": READ,
    "POST campaigns/<str:public_id>/dead-letters/replay": DECIDE,
    "POST campaigns/<str:public_id>/dead-letters/drop": DECIDE,
    "POST campaigns/<str:public_id>/unknown/send-again": DECIDE,
    "POST campaigns/<str:public_id>/unknown/mark-sent": DECIDE,
    "GET dead-letters": READ,
    "GET dashboard/realtime": READ,
    "POST campaigns/<str:public_id>/export": READ,
    "POST segments/<str:public_id>/export": WRITE,
    "POST lists/<str:public_id>/export": WRITE,
    "GET exports/<str:public_id>": READ,  # only who asked for it
    "GET exports/<str:public_id>/download": READ,  # whoever has the link's token; see PUBLIC
    "GET campaigns/<str:public_id>/analytics": READ,
    "GET campaigns/<str:public_id>/analytics/links": READ,
}
METHODS = ("get", "post", "patch", "put", "delete")


def _below(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, type]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _below(pattern, route)
        elif isinstance(pattern, URLPattern) and hasattr(pattern.callback, "view_class"):
            yield route, pattern.callback.view_class


def _endpoints() -> dict[str, Any]:
    """`METHOD route` -> the scope it needs, or several of which one is enough."""
    views = [(route, view) for route, view in _below(get_resolver()) if route.startswith("api/v1/")]
    return {
        f"{method.upper()} {route.removeprefix('api/v1/')}": getattr(view, "scopes", {}).get(method.upper())
        for route, view in views
        for method in METHODS
        if hasattr(view, method)
    }


def test_the_table_names_every_endpoint() -> None:
    assert set(_endpoints()) == set(TABLE)


def test_every_method_of_every_endpoint_names_a_scope() -> None:
    known = {*SCOPES, PUBLIC}
    named = {endpoint: (scope,) if isinstance(scope, str) else scope for endpoint, scope in _endpoints().items()}
    assert {endpoint for endpoint, scopes in named.items() if not scopes or not set(scopes) <= known} == set()


@pytest.mark.parametrize("role", [*ROLES, "nobody"])
def test_a_role_may_do_what_the_table_says_and_nothing_else(role: str) -> None:
    program = caller(role)
    allowed = {endpoint for endpoint in TABLE if _answer(program, endpoint) not in (401, 403)}
    public = {endpoint for endpoint, scope in _endpoints().items() if scope == PUBLIC}
    assert allowed == {endpoint for endpoint, roles in TABLE.items() if role in roles} | public


def _answer(program: Caller, endpoint: str) -> int:
    method, _, route = endpoint.partition(" ")
    return int(program.send(method, _path(route), {} if method in ("POST", "PATCH", "PUT") else None).status_code)


def _path(route: str) -> str:
    return route.replace("<str:public_id>", "1" * 11).replace("<int:number>", "1")


def test_without_a_key_nothing_answers(client: Client) -> None:
    for endpoint, scope in _endpoints().items():
        if scope == PUBLIC:
            continue
        method, _, route = endpoint.partition(" ")
        response = getattr(client, method.lower())(f"/api/v1/{_path(route)}")
        assert response.status_code == 401, endpoint
        assert response["WWW-Authenticate"] == 'Bearer realm="api"'
        assert response["Content-Type"] == "application/problem+json"


def test_a_key_is_narrowed_to_its_scopes() -> None:
    program = caller("admin", ["contacts:read"])
    response = program.get("segments")
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert "segments:read" in response.json()["detail"]


@pytest.mark.parametrize("how", ["revoked", "expired", "inactive", "unknown"])
def test_a_dead_key_opens_nothing(how: str) -> None:
    program = caller()
    if how == "revoked":
        revoke_key(program.key, at=timezone.now())
    elif how == "expired":
        ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif how == "inactive":
        program.key.owner.is_active = False
        program.key.owner.save()
    else:
        ApiKey.objects.all().delete()
    assert program.get("segments").status_code == 401


def test_only_the_hash_of_a_key_is_kept_and_its_use_is_noted() -> None:
    key, text = create_key(name="CRM", owner=person(), scopes=["segments:read"])
    assert text.startswith(key.prefix)
    assert text not in str(ApiKey.objects.values().get())
    assert len(key.prefix) < len(text) / 3
    Caller(key, text, Client()).get("segments")
    key.refresh_from_db()
    assert key.last_used_at


def test_a_superuser_key_keeps_to_its_scopes() -> None:
    owner = person("nobody")
    owner.is_superuser = True
    owner.save()
    key, text = create_key(name="root", owner=owner, scopes=["segments:read"])
    root = Caller(key, text, Client())
    assert root.get("segments").status_code == 200
    assert root.post("segments", {}).status_code == 403


def test_a_write_is_in_the_audit_log_with_its_request() -> None:
    program = caller()
    rule = {"conditions": [{"field": "email", "operator": "exists"}], "logic": "AND"}
    response = program.post("segments", {"name": "All", "criteria": rule}, X_Request_Id="abc-1")
    assert response.status_code == 201, response.json()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_kind, entry.actor_id) == ("segment_created", "segment", program.key.owner_id)
    assert (entry.api_key_id, entry.request_id, entry.ip) == (program.key.pk, "abc-1", "127.0.0.1")
    assert entry.changes == {"name": [None, "All"]}
    assert response["X-Request-Id"] == "abc-1"
