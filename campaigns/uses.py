"""What campaigns stand on (SEGMENT_USES): the segments of those that are not over."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from django.db.models import Q, QuerySet

from campaigns.models import Campaign
from campaigns.states import CANCEL
from config.lib import public_ids
from segments.uses import SegmentUse, Use


class CampaignSegments(SegmentUse):
    kind = "campaign"

    def uses(self, segment_id: int) -> Iterable[Use]:
        named = Q(segments=segment_id) | Q(excluded_segments=segment_id)
        live = _live().filter(named)
        for pk, name in live.order_by("name", "pk").distinct().values_list("pk", "name"):
            yield Use(self.kind, name, public_ids.encode(self.kind, pk))

    def counts(self, segment_ids: Collection[int]) -> Mapping[int, int]:
        """One query for each side: those written to, and those left out."""
        wanted = set(segment_ids)
        pairs = {
            (segment, campaign)
            for side in ("segments", "excluded_segments")
            for segment, campaign in _live().filter(**{f"{side}__in": wanted}).values_list(side, "pk")
        }
        return Counter(segment for segment, _campaign in pairs)


def _live() -> QuerySet[Campaign]:
    return Campaign.objects.filter(state__in=CANCEL.sources, archived_at=None)
