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
    """One kind of thing that can be found. `need`: what one needs to see any of it."""

    kind: ClassVar[str]
    label: ClassVar[Promise]
    icon: ClassVar[str] = "search"
    need: ClassVar[str | tuple[str, ...]]

    @abstractmethod
    def find(self, words: str, limit: int) -> Sequence[Hit]:
        """The best few. Called at each letter, so it answers from an index."""


SOURCES: Registry[SearchSource] = Registry("SEARCH_SOURCES", SearchSource)  # type: ignore[type-abstract]


class Search(Page):
    """What was found, as the list in the dialog."""

    needs = {"GET": SIGNED_IN}
    template_name = "pages/search_hits.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        words = request.GET.get("q", "").replace("\x00", "").strip()[:_LONGEST]
        return self.render(groups=list(found(request.user, words)), words=words)


def found(user: Any, words: str) -> Iterator[tuple[Promise, str, Sequence[Hit]]]:
    """(label, icon, hits) of each kind with a hit that somebody may see. Without words: the pages."""
    for source in SOURCES if words else ():
        if allows(user, source.need) and (hits := source().find(words, EACH)):
            yield source.label, source.icon, hits
    pages = [Hit(label, url) for label, url in pages_for(user) if words.casefold() in label.casefold()]
    if pages:
        yield _("Pages"), "link", pages if not words else pages[:EACH]
