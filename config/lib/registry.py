"""Plug-ins: one settings line of dotted paths each, loaded once, loud when wrong.

A lower floor reads its plug-ins through a Registry, so an upper floor can serve it
without being imported by it.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Generic, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

T = TypeVar("T")


class Registry(Generic[T]):
    """The classes named in one setting, by their explicit `kind`.

    Raises ImproperlyConfigured on a path that does not import, a class that is not of
    the expected base, a missing kind, or a kind given twice.
    """

    def __init__(self, setting: str, base: type[T]) -> None:
        self.setting = setting
        self.base = base

    @cached_property
    def _by_kind(self) -> dict[str, type[T]]:
        found: dict[str, type[T]] = {}
        for path in getattr(settings, self.setting):
            try:
                plugin = import_string(path)
            except ImportError as error:
                raise ImproperlyConfigured(f"{self.setting}: cannot import {path!r}: {error}") from error
            kind = getattr(plugin, "kind", "")
            if not (isinstance(plugin, type) and issubclass(plugin, self.base) and kind):
                raise ImproperlyConfigured(f"{self.setting}: {path!r} is not a {self.base.__name__} with a kind")
            if kind in found:
                raise ImproperlyConfigured(f"{self.setting}: kind {kind!r} is given twice ({path!r})")
            found[kind] = plugin
        return found

    def __iter__(self) -> Iterator[type[T]]:
        return iter(self._by_kind.values())

    def __contains__(self, kind: object) -> bool:
        return kind in self._by_kind

    def kinds(self) -> list[str]:
        return list(self._by_kind)

    def get(self, kind: str) -> type[T]:
        """The class of this kind. Raises KeyError with the known kinds."""
        try:
            return self._by_kind[kind]
        except KeyError:
            raise KeyError(f"{kind!r} is not one of {', '.join(self._by_kind)} ({self.setting})") from None
