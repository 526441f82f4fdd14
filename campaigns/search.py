"""Campaigns in the search over everything."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from campaigns.views.places import url_of
from config.pages.search import Hit, SearchSource
from config.pages.states import tone_and_word


class CampaignSearch(SearchSource):
    kind = "campaigns"
    label = _("Campaigns")
    icon = "campaigns"
    need = "campaigns:read"

    def find(self, words: str, limit: int) -> Sequence[Hit]:
        rows = Campaign.objects.filter(archived_at=None, name__icontains=words).order_by("-updated_at")[:limit]
        return [Hit(row.name, url_of(row), tone_and_word(row.state)[1]) for row in rows]
