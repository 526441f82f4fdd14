"""What became of messages, as SQL: sent by the ledger, all else by the delivery log.

An opening that was judged again later is what the newest judgement says, which the hits tell; messages with such are
few. Everything else of the log stands as it was written, so that no hit has to be looked at.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import Q

from segments.predicates.comparing import Condition, amount_sql
from segments.predicates.dates import Window
from segments.predicates.having import asked_of_log, once_themselves

OF_PEOPLE = frozenset({"opened", "clicked"})

_SENT = (
    "SELECT m.contact_id, m.id AS message_id FROM delivery_message m JOIN delivery_sendorder o ON o.id = m.order_id"
    " WHERE m.state = 'sent'"
)
_LOGGED = "SELECT e.contact_id, e.message_id FROM delivery_deliveryevent e WHERE e.kind = %s"
_REJUDGED = "SELECT r.message_id FROM delivery_deliveryevent r WHERE r.kind = 'rejudged'"
_HITS = (
    f"SELECT h.contact_id, h.message_id FROM delivery_hit h WHERE h.kind = %s AND h.message_id IN ({_REJUDGED})"  # noqa: S608 - of constants
    " AND (SELECT j.verdict FROM delivery_judgement j WHERE j.hit_id = h.id ORDER BY j.id DESC LIMIT 1) = 'human'"
)


def engaged(
    kind: str, *, campaigns: Sequence[int], window: Window, machines: bool, counted: Mapping[str, Any] | None,
    turned: bool, negated: bool, among: Collection[int] | None,
) -> Q:  # fmt: skip
    """The contacts of whose messages it holds, or exactly the others. `turned`: that the count is the opposite."""

    def part(sql: str, params: list[Any], table: str, campaign: str, at: str) -> Condition:
        wheres: list[Condition] = [
            (f" AND {campaign} = ANY(%s)", [list(campaigns)]) if campaigns else (f" AND {campaign} <> 0", []),
            *[(f" AND {at} {sign} %s", [bound]) for sign, bound in zip((">=", "<"), window, strict=True) if bound],
            asked_of_log(f"{table}.contact_id", among),
        ]
        return sql + "".join(where for where, _ in wheres), [*params, *(one for _, values in wheres for one in values)]

    if kind == "sent":
        sql, params = part(_SENT, [], "m", "o.campaign_id", "m.settled_at")
    else:
        human = kind in OF_PEOPLE and not machines
        spared = f" AND e.reason = '' AND NOT EXISTS ({_REJUDGED} AND r.message_id = e.message_id)" if human else ""
        sql, params = part(_LOGGED + spared, [kind], "e", "e.campaign_id", "e.at")
        if human:
            hits, of_hits = part(_HITS, [kind], "h", "h.campaign_id", "h.at")
            sql, params = f"{sql} UNION ALL {hits}", [*params, *of_hits]
    having = amount_sql("count(DISTINCT logged.message_id)", counted, turned=turned) if counted else ("", [])
    return once_themselves(sql, params, negated=negated, having=having)
