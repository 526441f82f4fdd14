"""An address that is suppressed in a scope that covers the message."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection

from compliance.gate import Action, Candidate, Rule, Verdict
from compliance.models import Reason, Scope
from config.lib.sql import queries

# An unsubscribe or a complaint ends marketing; it never blocks a password reset (STANDARDS A1.23, A12.2).
BLOCKS_TRANSACTIONAL = frozenset({Reason.BOUNCED, Reason.MANUAL, Reason.ERASED})


class NotSuppressed(Rule):
    kind = "suppression"

    def verdicts(self, candidates: Sequence[Candidate], *, at: datetime) -> dict[int, Verdict]:
        by_channel: dict[str, list[Candidate]] = defaultdict(list)
        for candidate in candidates:
            by_channel[candidate.channel].append(candidate)
        return {
            message_id: verdict
            for channel, group in by_channel.items()
            for message_id, verdict in self._of_channel(channel, group).items()
        }

    def _of_channel(self, channel: str, candidates: Sequence[Candidate]) -> dict[int, Verdict]:
        keys = [address.key for candidate in candidates for address in candidate.addresses]
        suppressions: dict[bytes, list[tuple[str, int, str]]] = defaultdict(list)
        with connection.cursor() as cursor:
            cursor.execute(queries("compliance", "suppressions")["of_keys"], [channel, keys])
            for _, digest, scope, scope_id, reason in cursor.fetchall():
                suppressions[bytes(digest)].append((scope, scope_id, reason))
        if not suppressions:
            return {}
        return {
            candidate.message_id: Verdict(Action.SKIP, reason)
            for candidate in candidates
            if (reason := _reason(candidate, suppressions))
        }


def _reason(candidate: Candidate, suppressions: dict[bytes, list[tuple[str, int, str]]]) -> str:
    for address in candidate.addresses:
        for scope, scope_id, reason in suppressions.get(address.digest, ()):
            if candidate.purpose == "transactional" and reason not in BLOCKS_TRANSACTIONAL:
                continue
            if covers(scope, scope_id, brand_id=candidate.brand_id, list_ids=candidate.list_ids):
                return reason
    return ""


def covers(scope: str, scope_id: int, *, brand_id: int, list_ids: Collection[int]) -> bool:
    """Whether a suppression of this scope reaches a message of this brand and these lists."""
    if scope == Scope.GLOBAL:
        return True
    return scope_id == brand_id if scope == Scope.BRAND else scope_id in list_ids
