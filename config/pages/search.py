"""The search over everything: each app brings a source (settings.SEARCH_SOURCES)."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config.lib.registry import Registry
from config.pages.access import SIGNED_IN, allows
from config.pages.rail import pages_for
from config.pages.views import Page

EACH = 5
_LONGEST = 200


@dataclass(frozen=True)
class Hit:
    """Something found: its words, where it is, and a quiet word beside it."""

    label: str
    url: str
    detail: str = ""


class SearchSource(ABC):
    """One kind of thing that can be found. `need`: what one needs to see any of it.

    `personal`: its words may be an address, which must not stand in the address of a page; asked only by POST.
    """

    kind: ClassVar[str]
    label: ClassVar[Promise]
    icon: ClassVar[str] = "search"
    need: ClassVar[str | tuple[str, ...]]
    personal: ClassVar[bool] = False

    @abstractmethod
    def find(self, words: str, limit: int) -> Sequence[Hit]:
        """The best few. Called at each letter, so it answers from an index."""


SOURCES: Registry[SearchSource] = Registry("SEARCH_SOURCES", SearchSource)  # type: ignore[type-abstract]


class Search(Page):
    """What was found, as the list in the dialog."""

    needs = {"GET": SIGNED_IN, "POST": SIGNED_IN}
    template_name = "pages/search_hits.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._answer(request.GET.get("q", ""), persons=False)

    def post(self, request: HttpRequest) -> HttpResponse:
        """The same, and people."""
        return self._answer(request.POST.get("q", ""), persons=True)

    def _answer(self, words: str, *, persons: bool) -> HttpResponse:
        words = words.replace("\x00", "").strip()[:_LONGEST]
        return self.render(groups=list(found(self.request.user, words, persons=persons)), words=words)


def found(user: Any, words: str, *, persons: bool) -> Iterator[tuple[Promise, str, Sequence[Hit]]]:
    """(label, icon, hits) of each kind with a hit that somebody may see. Without words: the pages."""
    for source in SOURCES if words else ():
        if source.personal and not persons:
            continue
        if allows(user, source.need) and (hits := source().find(words, EACH)):
            yield source.label, source.icon, hits
    pages = [Hit(label, url) for label, url in pages_for(user) if words.casefold() in label.casefold()]
    if pages:
        yield _("Pages"), "link", pages if not words else pages[:EACH]
