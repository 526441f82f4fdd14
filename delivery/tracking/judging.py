"""The judge: takes hits off its queue, rules on each, and tells the delivery log. History can be judged again.

A hit leaves the queue, gets its judgement and its delivery event in one transaction: exactly once. It waits a moment
first, so that what belongs to one burst is all there.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from config.lib.sql import queries
from delivery.models import Hit
from delivery.tracking import rules
from delivery.tracking.rules import Activity, Ruling, Seen

CHUNK = 1000
Row = tuple[Any, ...]


def judge(*, at: datetime, limit: int = CHUNK) -> int:
    """Rule on hits that have waited long enough by `at`; how many. Several judges may be at it."""
    with transaction.atomic():
        taken = _run("take", before=at - timedelta(seconds=settings.TRACKING_JUDGE_AFTER_S), limit=limit)
        hits = _run("hits", ids=[row[0] for row in taken], ats=[row[1] for row in taken])
        rulings = _rule(hits)
        _write("judge", rulings)
        # whoever takes the bait did not only do so from then on
        baited = {hit[2] for hit in hits if hit[3] == Hit.Kind.BAITED}
        if baited:
            _run("alone")
            _judge_again(_run("judged_of_messages", messages=list(baited), limit=CHUNK))
    return len(taken)


def rejudge(*, since: datetime, limit: int = CHUNK) -> int:
    """Rule again on hits since then, by the rules of today; how many verdicts changed.

    Only where all evidence is left: who asked is forgotten after TRACKING_AGENT_DAYS.
    """
    changed, after = 0, 0
    while True:
        with transaction.atomic():
            _run("alone")
            hits = _run("judged_since", since=since, after=after, limit=limit)
            if not hits:
                return changed
            changed += _judge_again(hits)
        after = hits[-1][0]


def _judge_again(hits: Sequence[Row]) -> int:
    """Hits with their newest verdict; what is different now is added, and told to the delivery log."""
    before = {hit[0]: hit[-1] for hit in hits}
    changed = {hit_id: ruling for hit_id, ruling in _rule(hits).items() if ruling.verdict != before[hit_id]}
    _write("judge_again", changed)
    return len(changed)


def _rule(hits: Sequence[Row]) -> dict[int, Ruling]:
    """The ruling on each hit by its id."""
    around: dict[int, list[Activity]] = defaultdict(list)
    if hits:
        messages = list({hit[2] for hit in hits})
        begin, end = min(hit[1] for hit in hits), max(hit[1] for hit in hits)
        window = {"begin": begin - rules.BAIT_WINDOW, "end": end + rules.BAIT_WINDOW}
        for message_id, kind, link, target, network, first_at, last_at in _run("around", messages=messages, **window):
            around[message_id].append(Activity(kind, (link, target), network, first_at, last_at))
    return {
        hit_id: rules.rule_on(Seen(kind, (link, target), network, agent, at), around[message_id])
        for hit_id, at, message_id, kind, link, target, network, agent, *_ in hits
    }


def _write(name: str, rulings: dict[int, Ruling]) -> None:
    if rulings:
        _run(
            name, ids=list(rulings), verdicts=[str(ruling.verdict) for ruling in rulings.values()],
            rules=[ruling.rule for ruling in rulings.values()], version=rules.VERSION,
        )  # fmt: skip


def forget_agents(*, before: datetime) -> None:
    """Forget the words of browsers first seen before then; who still comes with them is written down anew."""
    _run("forget_agents", before=before)


def _run(name: str, **values: Any) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(queries("delivery", "judging")[name], values)
        rows: list[Row] = cursor.fetchall() if cursor.description else []
        return rows
