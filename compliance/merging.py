"""Two contacts become one: what one of them refused, the person refused."""

from collections.abc import Iterable, Mapping

from compliance.models import Reason, Scope, Suppression
from compliance.services.suppressions import suppress
from config.lib.addresses import address_hashes
from segments.merge_effects import Merge, MergeEffect

# What a person wants. That an address bounced says nothing of another address, and an erasure has left no contact.
_WISHES = (Reason.UNSUBSCRIBED, Reason.COMPLAINED, Reason.MANUAL)


class KeepOptOuts(MergeEffect):
    """Opt-outs of the address that is given up hold for the one that stays; its own hold anyway."""

    kind = "keep_opt_outs"

    def apply(self, merge: Merge) -> Mapping[str, int]:
        """In the merge's transaction: nobody waits for this answer, and no dispatch after the commit misses it."""
        if not merge.email or not merge.given_up:
            return {}
        return {"opt_outs": sum(self._keep(wish, merge) for wish in _wishes(merge.given_up))}

    def _keep(self, wish: Suppression, merge: Merge) -> bool:
        assert merge.email
        return suppress(
            addresses=address_hashes(merge.email), scope=Scope(wish.scope), scope_id=wish.scope_id,
            reason=Reason(wish.reason), channel=wish.channel, source="merge", at=merge.at,
            contact_id=merge.kept_id, actor_id=merge.actor_id, wait=False,
        )  # fmt: skip


def _wishes(email: str) -> Iterable[Suppression]:
    hashes = address_hashes(email)
    known = {(one.key, one.digest) for one in hashes}
    rows = Suppression.objects.filter(address_key__in=[one.key for one in hashes], reason__in=_WISHES)
    return [row for row in rows if (row.address_key, bytes(row.address_digest)) in known]
