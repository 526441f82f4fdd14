"""Exports: asked for, written by whichever worker comes, fetched by a link that ends, deleted after a day."""

import csv
import io
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook
from pytest_django import Settings

from analytics import downloads, exporting, exports, selectors, tasks
from analytics.models import Export
from compliance.models import AuditEntry, Reason, Scope
from compliance.services.suppressions import suppress_email
from config.celery_settings import beat_schedule
from config.lib import public_ids
from config.lib.errors import NotFound
from config.lib.leases import MAX_ATTEMPTS
from config.lib.tokens import InvalidToken
from segments.selectors import size_and_sample
from segments.services.segments import create_segment
from tests.conftest import CommittedDb
from tests.factories import analytics as make
from tests.factories import campaigns as campaigns_factory
from tests.factories import segments as people
from tests.factories.api import Caller, caller, person

RULE = {"logic": "AND", "conditions": [{"field": "first_name", "operator": "equals", "value": "Ana"}]}


@pytest.fixture(autouse=True)
def _media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def anas() -> Any:
    """A segment of three, one of whom is suppressed, and somebody beside it."""
    for number in range(3):
        people.contact(email=f"ana{number}@example.test", first_name="Ana", last_name="=1+1")
    people.contact(first_name="Ben")
    suppress_email(
        "ana1@example.test", scope=Scope.GLOBAL, scope_id=0, reason=Reason.BOUNCED, source="test", at=timezone.now()
    )
    return create_segment(name="Anas", criteria=RULE, by=None)


def ordered(by: User | None = None, **changes: Any) -> Export:
    """An export of a segment, unless another kind is named."""
    asked: dict[str, Any] = {"kind": "segment", "format": "csv", "by_id": (by or person()).pk, **changes}
    if "object_id" not in asked:
        asked["object_id"] = anas().pk
    return exports.order(**asked)


def written(**changes: Any) -> Export:
    return exports.carry_out(ordered(**changes).pk, at=timezone.now())


def content(export: Export) -> bytes:
    with export.file.open() as file:
        return bytes(file.read())


def as_rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def sheet_rows(data: bytes) -> list[Any]:
    sheet: Any = load_workbook(io.BytesIO(data)).active
    return list(sheet.iter_rows(min_row=2))


def fetched(program: Caller, url: str) -> Any:
    """As whoever has the link: without any key."""
    return program.client.get(url.partition("127.0.0.1:8000")[2] or url)


@pytest.mark.django_db
@pytest.mark.parametrize("format_", ["csv", "json", "jsonl", "xlsx"])
def test_an_export_has_as_many_rows_as_its_segment_has_people(format_: str) -> None:
    export = written(format=format_)
    data = content(export)
    readers = {"csv": as_rows, "json": orjson.loads, "jsonl": json_lines, "xlsx": sheet_rows}
    rows = readers[format_](data)
    assert (export.state, export.rows, len(rows)) == ("completed", 3, size_and_sample(RULE).size)
    assert exporting.people_now("segment", export.object_id, at=timezone.now()) == 3


def json_lines(data: bytes) -> list[Any]:
    return [orjson.loads(line) for line in data.splitlines()]


@pytest.mark.django_db
def test_the_page_says_how_many_people_it_is_now(admin_client: Client) -> None:
    one = public_ids.encode("segment", anas().pk)
    assert "3 people now." in admin_client.get(f"/results/exports/new/segment/{one}").content.decode()


@pytest.mark.django_db
def test_people_are_marked_when_suppressed_and_cells_start_no_formula() -> None:
    rows = as_rows(content(written()))
    assert [row["suppressed"] for row in rows] == ["false", "true", "false"]
    assert {row["last_name"] for row in rows} == {"'=1+1"}


def test_the_hours_of_a_campaign_add_up_to_its_figures(committed_db: CommittedDb) -> None:
    campaign = campaigns_factory.campaign()
    make.events("sent", "opened", campaign=campaign.pk, message=1)
    make.events("sent", campaign=campaign.pk, message=2, at=make.AT + timedelta(hours=3))
    make.events("sent", campaign=campaign.pk + 1, message=3)
    make.count_all()
    export = written(kind="campaign", object_id=campaign.pk, metrics=["sent", "opened", "delivered"])
    rows = as_rows(content(export))
    assert [row["hour"] for row in rows] == ["2026-03-02T09:00:00Z", "2026-03-02T12:00:00Z"]
    assert {row["channel"] for row in rows} == {"email"}
    counts = selectors.campaign_figures(campaign.pk).counts
    assert all(sum(int(row[name]) for row in rows) == counts[name].value for name in export.metrics)
    assert (export.rows, counts["sent"].value) == (2, 2)


@pytest.mark.django_db
def test_a_tick_finds_what_waits_and_what_a_dead_worker_left() -> None:
    export, now = ordered(), timezone.now()
    assert exports.waiting(at=now) == [export.pk]
    Export.objects.update(lease_until=now + timedelta(seconds=5))
    assert exports.waiting(at=now) == []
    assert exports.carry_out(export.pk, at=now).state == "processing"
    assert exports.waiting(at=now + timedelta(seconds=6)) == [export.pk]
    Export.objects.update(lease_until=now - timedelta(seconds=1))
    tasks.carry_out_export(export.pk)
    assert exports.waiting(at=now + timedelta(hours=1)) == []
    assert Export.objects.get().attempts == 1
    assert {"analytics.tick_exports", "analytics.forget_export_files"} <= {
        one["task"] for one in beat_schedule.values()
    }


@pytest.mark.django_db
def test_a_worker_that_lost_its_lease_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def overtaken(*args: Any, **options: Any) -> exporting.Table:
        Export.objects.update(lease_until=timezone.now() + timedelta(minutes=9))
        return table(*args, **options)

    table = exporting.table
    monkeypatch.setattr(exports, "table", overtaken)
    assert written().state == "processing"
    assert list(tmp_path.rglob("*.csv")) == []


@pytest.mark.django_db
def test_an_export_fails_with_a_reason_and_is_not_tried_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "SHEET_ROWS", 2)
    export = written(format="xlsx")
    assert (export.state, export.error) == ("failed", "A workbook has at most 1,048,575 rows: choose csv or json.")
    Export.objects.update(state="processing", attempts=MAX_ATTEMPTS)
    assert "stopped five times" in exports.carry_out(export.pk, at=timezone.now()).error


@pytest.mark.django_db
def test_files_are_deleted_after_a_day_also_those_a_dying_worker_left(tmp_path: Path) -> None:
    export, now = written(), timezone.now()
    orphan = tmp_path / "exports" / "orphan.csv"
    orphan.write_text("")
    assert exports.forget_files(at=now + timedelta(hours=23)) == 0
    old = (now - timedelta(hours=25)).timestamp()
    for path in (orphan, Path(export.file.path)):
        os.utime(path, (old, old))
    assert exports.forget_files(at=now) == 1  # the other's export is not a day old
    Export.objects.update(finished_at=now - timedelta(hours=25))
    assert exports.forget_files(at=now) == 1
    assert list((tmp_path / "exports").iterdir()) == []
    assert Export.objects.get().state == "expired"


@pytest.fixture
def link() -> tuple[Export, str]:
    export = written(by=person("author"))
    url = downloads.link(export, at=timezone.now())
    assert url
    return export, url


def opened(export: Export, url: str, **after: float) -> Export:
    token = url.partition("token=")[2]
    return downloads.opened(public_ids.encode("export", export.pk), token, at=timezone.now() + timedelta(**after))


@pytest.mark.django_db
def test_a_link_ends_after_a_quarter_of_an_hour_and_is_for_one_export(link: tuple[Export, str]) -> None:
    export, url = link
    assert opened(export, url, minutes=14) == export
    with pytest.raises(downloads.LinkExpired):
        opened(export, url, minutes=15)
    with pytest.raises(downloads.LinkExpired):
        opened(written(object_id=export.object_id), url)
    with pytest.raises(InvalidToken):
        opened(export, url[:-2] + "xx")


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["inactive", "no role"])
def test_a_link_is_dead_when_its_owner_may_no_longer_have_it(link: tuple[Export, str], how: str) -> None:
    export, url = link
    owner = User.objects.get(pk=export.created_by_id or 0)
    if how == "inactive":
        owner.is_active = False
        owner.save()
    else:
        owner.groups.clear()
    with pytest.raises(NotFound):
        opened(export, url)


@pytest.mark.django_db
def test_through_the_api_an_export_is_asked_for_shown_and_fetched() -> None:
    program, segment = caller("author"), anas()
    answer = program.post(f"segments/{public_ids.encode('segment', segment.pk)}/export", {"format": "csv"})
    found = answer.json()
    assert (answer.status_code, found["status"], found["download_url"]) == (202, "processing", None)
    tasks.carry_out_export(Export.objects.get().pk)
    found = program.get(f"exports/{found['export_id']}").json()
    assert (found["status"], found["rows"]) == ("completed", 3)
    file = fetched(program, found["download_url"])
    assert (file.status_code, file["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert "attachment" in file["Content-Disposition"]
    assert len(as_rows(b"".join(file.streaming_content))) == 3
    assert [(entry.action, entry.actor_id) for entry in AuditEntry.objects.order_by("pk")] == [
        ("export_requested", program.key.owner_id), ("export_downloaded", program.key.owner_id),
    ]  # fmt: skip
    assert "ana" not in str(list(AuditEntry.objects.values("changes")))
    Export.objects.update(finished_at=timezone.now() - timedelta(days=2))
    found = program.get(f"exports/{found['export_id']}").json()
    assert (found["status"], found["download_url"]) == ("expired", None)


@pytest.mark.django_db
def test_an_export_is_nobody_elses_and_needs_its_scope() -> None:
    owner, other = caller("author"), caller("admin")
    one_list = people.contact_list(people=[people.contact()])
    path = f"lists/{public_ids.encode('list', one_list.pk)}/export"
    found = owner.post(path, {}).json()
    assert owner.get(f"exports/{found['export_id']}").status_code == 200
    assert other.get(f"exports/{found['export_id']}").status_code == 404
    assert exports.carry_out(Export.objects.get().pk, at=timezone.now()).rows == 1
    assert caller("viewer").post(path, {}).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"metrics": ["sent", "converted"]}, "/metrics/1", "not_available_yet"),
        ({"metrics": ["sent", "luck"]}, "/metrics/1", "invalid_choice"),
        ({"metrics": []}, "/metrics", "min_length"),
        ({"format": "pdf"}, "/format", "invalid_choice"),
        ({"rows": 3}, "/rows", "unknown"),
    ],
)
def test_what_cannot_be_exported_is_named(body: dict[str, Any], pointer: str, code: str) -> None:
    path = f"campaigns/{public_ids.encode('campaign', campaigns_factory.campaign().pk)}/export"
    answer = caller("viewer").post(path, body)
    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]
    assert not Export.objects.exists()


def test_a_lease_is_renewed_while_people_stream_out_without_a_transaction(
    committed_db: CommittedDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "RENEW_EVERY", 1)
    export = written()
    assert (export.state, export.rows, export.lease_until) == ("completed", 3, None)


@pytest.mark.django_db
def test_the_admin_shows_what_was_taken_out_but_not_the_file(client: Client) -> None:
    export = written()
    client.force_login(person("admin"))
    assert client.get("/admin/analytics/export/").status_code == 200
    page = client.get(f"/admin/analytics/export/{export.pk}/change/")
    assert page.status_code == 200
    assert str(export.file) not in page.content.decode()
