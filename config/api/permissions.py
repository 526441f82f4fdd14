"""Who may do what: default deny. An endpoint names the scope of each of its methods, or nobody may use it."""

from typing import Any

from rest_framework.permissions import BasePermission

from config.api.scopes import SCOPES

PUBLIC = "public"


class HasScope(BasePermission):
    """The key must have the scope, and its owner every permission that the scope stands for."""

    message = "This needs a scope that the key, or a role that its owner, does not have."

    def has_permission(self, request: Any, view: Any) -> bool:
        scope = getattr(view, "scopes", {}).get("GET" if request.method == "HEAD" else request.method)
        if scope is None:
            # without a handler the answer is 405, with one it is no
            return getattr(view, request.method.lower(), None) is None
        if scope == PUBLIC:
            return True
        self.message = f"This needs the scope {scope}: the key or its owner's role does not have it."
        return bool(request.auth) and scope in request.auth.scopes and request.user.has_perms(SCOPES[scope])
