"""Provider accounts as the recipe uses them: which one a message goes through, and whether that one works."""

from delivery.accounts.breakers import report, rests
from delivery.accounts.opened import Account, close_all
from delivery.accounts.routing import Routes, choose_account, routes
from delivery.accounts.seals import open_secret, seal_secret

__all__ = [
    "Account", "Routes", "choose_account", "close_all", "open_secret", "report", "rests", "routes", "seal_secret",
]  # fmt: skip
