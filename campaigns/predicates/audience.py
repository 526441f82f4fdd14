"""Conditions on having been in the audience of a campaign."""

from collections.abc import Mapping

from django.db.models import Q

from campaigns.predicates import CAMPAIGNS
from config.lib import public_ids
from segments.predicates.base import Leaf, Predicate, Scope
from segments.predicates.having import asked_of_log, once_themselves
from segments.predicates.types import ValueType

# an audience is one when it is frozen
_ENROLLED = (
    "SELECT e.contact_id FROM campaigns_enrolment e WHERE e.run_id IN"
    " (SELECT id FROM campaigns_run WHERE campaign_id = ANY(%s) AND state <> 'freezing')"
)


class InAudience(Predicate):
    """In the frozen audience of any of these campaigns, whether or not a message was sent."""

    kind = "campaign_audience"

    def fields(self) -> Mapping[str, ValueType]:
        return {"campaign": CAMPAIGNS}

    def to_q(self, leaf: Leaf, scope: Scope) -> Q:
        return self._q(leaf, scope, negated=False)

    def complement(self, leaf: Leaf, scope: Scope) -> Q:
        return self._q(leaf, scope, negated=True)

    @staticmethod
    def _q(leaf: Leaf, scope: Scope, *, negated: bool) -> Q:
        campaigns = [public_ids.decode("campaign", text) for text in leaf.value]
        among, ids = asked_of_log("e.contact_id", scope.among)
        return once_themselves(_ENROLLED + among, [campaigns, *ids], negated=negated)
