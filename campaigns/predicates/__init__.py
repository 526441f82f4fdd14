"""Conditions of segments that know campaigns (settings.SEGMENT_PREDICATES)."""

from campaigns.models import Campaign
from segments.predicates.types import Reference

CAMPAIGNS = Reference(
    "campaign", Campaign, "was in the audience of the campaign", "was not in the audience of the campaign"
)
