"""Who may do what on pages: the scopes of the API and the permissions behind them; what is not named is denied."""

from typing import Any

from config.api.scopes import SCOPES

SIGNED_IN = "signed-in"  # everybody with an account


def allows(user: Any, need: str | tuple[str, ...]) -> bool:
    """Whether somebody has a need: a scope (config/api/scopes.py), a permission (`app.codename`), or one of several."""
    if isinstance(need, tuple):
        return any(allows(user, one) for one in need)
    if need == SIGNED_IN:
        return bool(user.is_authenticated)
    return bool(user.has_perms(SCOPES[need]) if need in SCOPES else user.has_perm(need))
