"""The counters worked out from the log in plain Python, and what writes random logs."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from analytics.models import CampaignStat, LinkStat, StreamMark

Key = tuple[object, ...]
Counts = dict[Key, tuple[int, int, int, int]]
_COLUMNS = ("total", "unique", "human_total", "human_unique")


def log() -> list[dict[str, object]]:
    """Every event of the log with the step of its order, in the order in which it is counted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.xid::text::bigint AS xid, e.id, e.at, e.kind, e.message_id, e.campaign_id, e.channel, e.reason,"
            " e.detail, coalesce(o.step_id, 0) AS step_id"
            " FROM delivery_deliveryevent e LEFT JOIN delivery_sendorder o ON o.id = e.order_id"
        )
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return sorted(rows, key=lambda row: (row["xid"], row["id"]))


def recount(events: Iterable[dict[str, object]]) -> tuple[Counts, Counts]:
    """(campaign stats, link stats) of these events, which come in the order of the log."""
    stats: dict[Key, Counter[str]] = defaultdict(Counter)
    links: dict[Key, Counter[str]] = defaultdict(Counter)
    seen: set[Key] = set()
    events = list(events)
    verdicts = {
        (event["message_id"], event["detail"]): event["reason"] for event in events if event["kind"] == "rejudged"
    }
    for event in events:
        if not event["campaign_id"]:
            continue  # a test send
        kind, message, at = event["kind"], event["message_id"], event["at"]
        assert isinstance(at, datetime)
        whose = (event["campaign_id"], event["step_id"], event["channel"])
        hour = at.replace(minute=0, second=0, microsecond=0)
        hit = f"{kind} {event['detail'] or '-'} {at:%Y-%m-%dT%H:%M:%SZ}"
        human = kind not in ("opened", "clicked") or verdicts.get((message, hit), event["reason"]) == ""
        other = {"sent": "bounced", "bounced": "sent"}.get(str(kind))
        if other and (message, kind) not in seen and (message, other) in seen:
            stats[(*whose, "returned", hour)].update(_COLUMNS)
        _count(stats[(*whose, kind, hour)], seen, (message, kind), human=human)
        if kind == "clicked" and str(event["detail"]).isdecimal():
            link = int(str(event["detail"]))
            _count(links[(*whose, link, hour)], seen, (message, "link", link), human=human)
    return _plain(stats), _plain(links)


def _count(counts: Counter[str], seen: set[Key], key: Key, *, human: bool) -> None:
    counts["total"] += 1
    counts["unique"] += key not in seen
    counts["human_total"] += human
    counts["human_unique"] += human and (*key, "human") not in seen
    seen.add(key)
    if human:
        seen.add((*key, "human"))


def _plain(counted: dict[Key, Counter[str]]) -> Counts:
    return {
        key: (counts["total"], counts["unique"], counts["human_total"], counts["human_unique"])
        for key, counts in counted.items()
    }


def counted() -> tuple[Counts, Counts]:
    """What the live counters say."""
    return _rows(CampaignStat, "kind"), _rows(LinkStat, "link_id")


def _rows(model: type[CampaignStat] | type[LinkStat], what: str) -> Counts:
    rows = model._default_manager.filter(mark__state=StreamMark.State.LIVE).values_list(
        "campaign_id", "step_id", "channel", what, "hour", *_COLUMNS
    )
    return {row[:5]: row[5:] for row in rows}
