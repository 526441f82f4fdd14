"""Rebuilding beside the live counters, restores, and freshness."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.utils import timezone

from analytics import selectors, services, stream, tasks
from analytics.models import CampaignStat, Freshness, LinkStat, StreamMark
from config.celery_settings import beat_schedule
from delivery import ledger
from delivery.models import DeliveryEvent, Message
from tests.analytics import oracle
from tests.conftest import CommittedDb
from tests.factories import analytics as make
from tests.factories.delivery import make_order, make_people, plan
from tests.support.waiting import wait_for_horizon


def test_the_tick_counts_each_second_and_says_how_far_it_is(committed_db: CommittedDb) -> None:
    make.events("sent")
    wait_for_horizon()
    before = timezone.now()
    tasks.count()
    assert beat_schedule["count"]["schedule"] == 1.0
    assert CampaignStat.objects.get().total == 1
    assert Freshness.objects.get(pk="campaign_stats").last_success_at >= before - timedelta(seconds=1)  # type: ignore[operator]


def test_what_the_ledger_settles_is_counted_under_the_step_of_its_order(committed_db: CommittedDb) -> None:
    order = make_order(campaign_id=7)
    messages = plan(order, make_people(3))
    Message.objects.update(state=Message.State.DISPATCHING, attempt=1)
    sent_one, refused, _ = messages
    ledger.settle(
        [
            ledger.Settlement(sent_one.pk, 1, Message.State.SENT, DeliveryEvent.Kind.SENT),
            ledger.Settlement(refused.pk, 1, Message.State.FAILED, DeliveryEvent.Kind.BOUNCED, "address_permanent"),
        ]
    )
    make.count_all()
    counts = selectors.campaign_figures(7, step_id=order.step_id).counts
    assert (counts["sent"].value, counts["attempted"].value, counts["delivered"].value) == (1, 2, 1)


def sent(campaign: int = 1) -> float | None:
    return selectors.campaign_figures(campaign).counts["sent"].value


def test_a_rebuild_counts_beside_the_live_counters_and_takes_over_when_it_is_as_far(committed_db: CommittedDb) -> None:
    for message in range(1, 6):
        make.events("sent", "opened", message=message)
    make.count_all()
    CampaignStat.objects.update(total=77, unique=77)  # something went wrong
    services.start_rebuild()
    building = StreamMark.objects.get(state=StreamMark.State.BUILDING)
    assert stream.count_chunk(building.pk, limit=3) == 3
    assert sent() == 77  # nobody sees half of it
    assert services.build_chunk() is False
    assert sent() == 5
    assert services._live().pk == building.pk
    assert stream.differences() == []
    services.count(seconds=1)
    services.count(seconds=1)
    assert set(CampaignStat.objects.values_list("mark_id", flat=True)) == {building.pk}
    assert StreamMark.objects.count() == 1


def test_a_rebuild_that_is_behind_does_not_take_over(committed_db: CommittedDb) -> None:
    make.events("sent", "opened")
    make.count_all()
    services.start_rebuild()
    building = StreamMark.objects.get(state=StreamMark.State.BUILDING)
    stream.count_chunk(building.pk, limit=1)
    assert services._take_over(building.pk, caught_up=True) is False
    assert services._live().pk != building.pk


def test_only_one_rebuild_is_under_way_and_ticks_finish_it(committed_db: CommittedDb) -> None:
    make.events("sent")
    make.count_all()
    before = services._live().pk
    services.start_rebuild()
    services.start_rebuild()
    assert StreamMark.objects.filter(state=StreamMark.State.BUILDING).count() == 1
    tasks.count()
    assert services._live().pk != before
    assert sent() == 1


def test_what_came_while_it_was_built_is_counted_once(committed_db: CommittedDb) -> None:
    make.events("sent", message=1)
    make.count_all()
    services.start_rebuild()
    make.events("sent", "clicked", message=2, detail="9")
    wait_for_horizon()
    tasks.count()
    make.count_all()
    assert oracle.counted() == oracle.recount(oracle.log())
    assert LinkStat.objects.filter(mark=services._live()).count() == 1


def restore_from_another_cluster(ahead: int) -> None:
    """What a dump and its restore leave: every event so far has ids of transactions that are yet to come here."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE delivery_deliveryevent DISABLE TRIGGER no_change")
        cursor.execute("UPDATE delivery_deliveryevent SET xid = (xid::text::bigint + %s)::text::xid8", [ahead])
        cursor.execute("ALTER TABLE delivery_deliveryevent ENABLE TRIGGER no_change")
    StreamMark.objects.update(system_identifier=1)


def test_after_a_restore_everything_is_counted_again_beside_the_old_figures(committed_db: CommittedDb) -> None:
    for message in range(1, 4):
        make.events("sent", "opened", message=message)
    make.count_all()
    make.events("sent", message=4)  # logged, not counted when the dump was made
    restore_from_another_cluster(ahead=1_000_000)
    make.events("sent", "opened", message=5)
    make.events("opened", message=1, at=make.AT + timedelta(days=1))
    wait_for_horizon()
    for _ in range(3):
        services.count(seconds=1)
    figures = selectors.campaign_figures(1).counts
    assert (figures["sent"].value, figures["opened"].value, figures["opens"].value) == (5, 4, 5)
    make.events("sent", message=6)
    make.count_all()
    assert sent() == 6
    assert stream.differences() == []


def test_a_recovery_to_a_point_in_time_goes_on_where_it_is(committed_db: CommittedDb) -> None:
    make.events("sent")
    make.count_all()
    live = services._live().pk
    StreamMark.objects.update(timeline=99)
    make.events("sent", message=2)
    make.count_all()
    assert (services._live().pk, services._live().timeline, sent()) == (live, stream.cluster().timeline, 2)


def test_a_month_that_retention_dropped_keeps_its_figures_until_a_rebuild(committed_db: CommittedDb) -> None:
    make.events("sent", message=1, at=timezone.now())
    make.events("sent", message=2)  # a month without a partition of its own
    make.count_all()
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE delivery_deliveryevent DETACH PARTITION delivery_deliveryevent_default")
    make.events("sent", message=3, at=timezone.now())
    make.count_all()
    assert sent() == 3
    services.rebuild()
    assert sent() == 2


def test_stats_verify_is_silent_when_equal_and_fails_with_the_difference(
    committed_db: CommittedDb, capsys: pytest.CaptureFixture[str]
) -> None:
    make.events("sent", "clicked", detail="7")
    make.count_all()
    call_command("stats", "verify")
    assert "equal" in capsys.readouterr().out
    LinkStat.objects.update(human_total=9)
    with pytest.raises(CommandError, match="differ"):
        call_command("stats", "verify")
    call_command("stats", "rebuild")
    call_command("stats", "verify")


def test_the_counters_are_written_in_less_than_the_time_a_write_may_take(committed_db: CommittedDb) -> None:
    """Nobody's transaction writes for more than two seconds: that would hold back the horizon of all."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO delivery_deliveryevent (kind, message_id, contact_id, campaign_id, order_id, channel)"
            " SELECT 'sent', n, n, n %% 100, 1, 'email' FROM generate_series(1, %s) n",
            [stream.CHUNK],
        )
    wait_for_horizon()
    live = services._live()
    begun = timezone.now()
    assert stream.count_chunk(live.pk) == stream.CHUNK
    assert timezone.now() - begun < timedelta(seconds=2)
