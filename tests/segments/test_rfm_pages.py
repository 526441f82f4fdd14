"""RFM on its page, through the API and by command."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from compliance.models import AuditEntry
from segments import rfm
from segments.compiler import contacts_matching
from segments.models import ActivityTotal, Contact, Metric, RfmSnapshot, Segment
from segments.selectors.rfm import by_cell, grid
from segments.services.rfm import take
from tests.factories.api import caller, person

pytestmark = pytest.mark.django_db
AT = datetime(2026, 5, 1, 3, tzinfo=UTC)
PAGE = "/audience/rfm"


@pytest.fixture
def snapshot() -> RfmSnapshot:
    metric = Metric.objects.get(name=settings.PURCHASE_METRIC)
    for day in range(5):
        for often in range(1, 6):
            one = Contact.objects.create()
            when = AT - timedelta(days=day)
            ActivityTotal.objects.create(metric_id=metric.pk, contact_id=one.pk, count=often, total=Decimal("10.50"),
                                         first_at=when, last_at=when)  # fmt: skip
    return take(at=AT)


def _client(role: str) -> Client:
    client = Client()
    client.force_login(person(role))
    return client


def test_every_square_shows_people_money_and_its_name(
    snapshot: RfmSnapshot, django_assert_max_num_queries: Any
) -> None:
    client = _client("viewer")
    with django_assert_max_num_queries(25):
        text = client.get(PAGE).content.decode()
    assert text.count('class="rfm-square"') == 25
    assert all(str(cell.label) in text for cell in rfm.CELLS)
    assert "What divides the scores" in text
    assert "Make a segment" not in text


def test_squares_and_cells_add_up_to_all_buyers(snapshot: RfmSnapshot) -> None:
    squares = grid(snapshot)
    assert sum(one.tally.people for row in squares for one in row) == snapshot.people == 25
    cells = by_cell(squares)
    assert sum(one.people for one in cells.values()) == 25
    assert sum(one.money for one in cells.values()) == snapshot.money == Decimal("262.50")
    assert {one.heat for row in squares for one in row} == {5}


def test_a_cell_becomes_an_ordinary_segment_once(snapshot: RfmSnapshot) -> None:
    client = _client("author")
    answer = client.post(f"{PAGE}/champions/segment", follow=True)
    assert "RFM: Champions is made." in answer.content.decode()
    segment = Segment.objects.get()
    assert segment.current
    assert contacts_matching(segment.current.criteria).count() == by_cell(grid(snapshot))["champions"].people == 4
    client.post(f"{PAGE}/champions/segment")
    assert Segment.objects.count() == 1
    assert AuditEntry.objects.filter(action="segment_created").count() == 1
    assert "Its segment" in client.get(PAGE).content.decode()


def test_only_who_may_write_segments_makes_one(snapshot: RfmSnapshot) -> None:
    assert _client("viewer").post(f"{PAGE}/champions/segment").status_code == 403
    assert _client("author").post(f"{PAGE}/nobody/segment").status_code == 404
    assert not Segment.objects.exists()


def test_before_the_first_purchase_the_page_says_what_it_waits_for() -> None:
    assert "Nobody has bought yet" in _client("viewer").get(PAGE).content.decode()
    take(at=AT)
    assert "Nobody has bought yet" in _client("viewer").get(PAGE).content.decode()


def test_the_api_gives_thresholds_cells_and_grid(snapshot: RfmSnapshot) -> None:
    told = caller("viewer").get("rfm").json()
    assert told["snapshot"]["recency_thresholds"] == snapshot.recency_thresholds
    assert sum(one["people"] for one in told["grid"]) == told["snapshot"]["people"] == 25
    assert [one["name"] for one in told["cells"]] == [cell.name for cell in rfm.CELLS]
    assert told["snapshot"]["money"] == "262.50"
    (listed,) = caller("viewer").get("rfm/snapshots").json()["results"]
    assert listed == told["snapshot"]


def test_a_snapshot_is_asked_for_by_page_and_api_and_said_in_the_log() -> None:
    assert _client("author").post(f"{PAGE}/take").status_code == 302
    assert caller("author").post("rfm").status_code == 202
    assert _client("viewer").post(f"{PAGE}/take").status_code == 403
    assert AuditEntry.objects.filter(action="rfm_asked").count() == 2


def test_there_is_nothing_to_give_before_the_first() -> None:
    assert caller("viewer").get("rfm").status_code == 404


def test_the_command_takes_shows_and_explains(snapshot: RfmSnapshot, capsys: Any) -> None:
    call_command("rfm", "show")
    assert "25 buyers, 262.50 spent" in capsys.readouterr().out
    call_command("rfm", "cells")
    assert len(capsys.readouterr().out.splitlines()) == len(rfm.CELLS)
    RfmSnapshot.objects.all().delete()
    with pytest.raises(CommandError):
        call_command("rfm", "show")
    call_command("rfm", "take")
    assert "25 buyers" in capsys.readouterr().out
