"""Segments and contacts in the search over everything."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from config.lib import public_ids
from config.pages.search import Hit, SearchSource
from segments.errors import SegmentTooSlow
from segments.models import Contact, Segment
from segments.selectors.contacts import first_found
from segments.selectors.limits import time_limit
from segments.views.segments import url_of

_LEAST, _SECONDS = 2, 0.5


class SegmentSearch(SearchSource):
    kind = "segments"
    label = _("Segments")
    icon = "segment"
    need = "segments:read"

    def find(self, words: str, limit: int) -> Sequence[Hit]:
        rows = Segment.objects.filter(archived_at=None, name__icontains=words).order_by("name")[:limit]
        return [Hit(row.name, url_of(row)) for row in rows]


class ContactSearch(SearchSource):
    kind = "contacts"
    label = _("Contacts")
    icon = "user"
    need = "contacts:read"
    personal = True

    def find(self, words: str, limit: int) -> Sequence[Hit]:
        """By the beginning of a name or address; of what one letter begins there are too many to say whom is meant."""
        if len(words) < _LEAST:
            return []
        try:
            with time_limit(_SECONDS):
                found = list(Contact.objects.filter(pk__in=first_found(words, limit)).order_by("-pk"))
        except SegmentTooSlow:
            return []
        return [Hit(str(one), reverse("audience:contact", args=[public_ids.encode("contact", one.pk)]), _beside(one))
                for one in found]  # fmt: skip


def _beside(contact: Contact) -> str:
    known = contact.email or contact.external_id or ""
    return "" if known == str(contact) else known
