"""Who may do what: default deny. An endpoint names the scope of each of its methods, or nobody may use it."""

from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission

from config.api.scopes import SCOPES

PUBLIC = "public"


class HasScope(BasePermission):
    """The key must have the scope (or one of several), and its owner every permission that it stands for."""

    def has_permission(self, request: Any, view: Any) -> bool:
        scope = getattr(view, "scopes", {}).get("GET" if request.method == "HEAD" else request.method)
        if scope is None:
            # without a handler the answer is 405, with one it is no
            return getattr(view, request.method.lower(), None) is None
        if scope == PUBLIC:
            return True
        scopes = (scope,) if isinstance(scope, str) else scope
        self.message = f"This needs the scope {' or '.join(scopes)}: the key or its owner's role does not have it."
        return any(may(request, one) for one in scopes)


def may(request: Any, scope: str) -> bool:
    """Whether the caller has a scope by both the key and the owner's roles."""
    return bool(request.auth) and scope in request.auth.scopes and request.user.has_perms(SCOPES[scope])


def require(request: Any, scope: str) -> None:
    """For what a body asks beyond its endpoint. Raises PermissionDenied."""
    if not may(request, scope):
        raise PermissionDenied(f"This needs the scope {scope}: the key or its owner's role does not have it.")
