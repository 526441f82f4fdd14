"""Segments in the search over everything."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from config.pages.search import Hit, SearchSource
from segments.models import Segment
from segments.views.segments import url_of


class SegmentSearch(SearchSource):
    kind = "segments"
    label = _("Segments")
    icon = "segment"
    need = "segments:read"

    def find(self, words: str, limit: int) -> Sequence[Hit]:
        rows = Segment.objects.filter(archived_at=None, name__icontains=words).order_by("name")[:limit]
        return [Hit(row.name, url_of(row)) for row in rows]
