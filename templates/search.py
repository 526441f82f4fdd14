"""Message templates in the search over everything."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from config.pages.search import Hit, SearchSource
from templates.models import MessageTemplate
from templates.views.templates import url_of


class TemplateSearch(SearchSource):
    kind = "templates"
    label = _("Templates")
    icon = "content"
    need = "templates:read"

    def find(self, words: str, limit: int) -> Sequence[Hit]:
        rows = MessageTemplate.objects.filter(archived_at=None, name__icontains=words).order_by("name")[:limit]
        return [Hit(row.name, url_of(row)) for row in rows]
