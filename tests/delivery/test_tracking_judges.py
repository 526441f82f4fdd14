"""Several judges at once, on committed rows: each hit is ruled on and told exactly once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from delivery.models import DeliveryEvent, Hit, Judgement, Unjudged
from delivery.tracking import judging
from delivery.tracking.hits import Client, record
from tests.conftest import CommittedDb
from tests.support.tracked import BROWSER, mail


def _judge_all() -> int:
    total = 0
    try:
        while taken := judging.judge(at=timezone.now() + timedelta(minutes=1), limit=7):
            total += taken
    finally:
        connection.close()
    return total


def _rejudge() -> int:
    try:
        return judging.rejudge(since=timezone.now() - timedelta(days=1), limit=9)
    finally:
        connection.close()


def test_many_judges_tell_of_each_hit_once(committed_db: CommittedDb) -> None:
    sent = mail()
    hits = 60
    for number in range(hits):
        record(Hit.Kind.OPENED, message_id=sent.message.pk, client=Client.of(BROWSER, f"203.0.{number}.1"))
    with ThreadPoolExecutor(4) as pool:
        taken = sum(pool.map(lambda _: _judge_all(), range(4)))
    assert taken == hits == DeliveryEvent.objects.filter(kind="opened", reason="").count()
    assert Counter(Judgement.objects.values_list("hit_id", flat=True)).most_common(1)[0][1] == 1
    assert not Unjudged.objects.exists()


def test_two_that_judge_history_again_tell_of_a_change_once(committed_db: CommittedDb) -> None:
    sent = mail()
    for _ in range(20):
        record(Hit.Kind.OPENED, message_id=sent.message.pk, client=Client.of(BROWSER, "203.0.113.1"))
    _judge_all()
    # the rules of that time took them for machines
    for hit_id in Hit.objects.values_list("pk", flat=True):
        Judgement.objects.create(hit_id=hit_id, verdict="scanner", rule="agent", rules_version=0)
    with ThreadPoolExecutor(3) as pool:
        changed = sum(pool.map(lambda _: _rejudge(), range(3)))
    assert changed == DeliveryEvent.objects.filter(kind="rejudged", reason="").count()
    assert changed == 20
