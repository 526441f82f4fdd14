"""What campaigns stand on (SEGMENT_USES): the segments of those that are not over."""

from collections.abc import Iterable

from django.db.models import Q

from campaigns.models import Campaign
from campaigns.states import CANCEL
from config.lib import public_ids
from segments.uses import SegmentUse, Use


class CampaignSegments(SegmentUse):
    kind = "campaign"

    def uses(self, segment_id: int) -> Iterable[Use]:
        named = Q(segments=segment_id) | Q(excluded_segments=segment_id)
        live = Campaign.objects.filter(named, state__in=CANCEL.sources, archived_at=None)
        for pk, name in live.order_by("name", "pk").distinct().values_list("pk", "name"):
            yield Use(self.kind, name, public_ids.encode(self.kind, pk))
