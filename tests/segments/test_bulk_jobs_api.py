"""Bulk jobs through the API."""

import pytest
from django.utils import timezone

from compliance.models import AuditEntry
from config.lib import public_ids
from segments.models import BulkJob, Contact
from segments.services import bulk
from segments.services.attributes import register_attribute
from tests.factories import segments as make
from tests.factories.api import caller

pytestmark = pytest.mark.django_db


def work() -> None:
    for pk in bulk.waiting_jobs(at=timezone.now()):
        bulk.carry_on(pk, at=timezone.now())


def test_a_job_is_ordered_watched_and_undone() -> None:
    register_attribute(name="plan", type="string")
    make.contact(country="PT")
    program = caller("author")
    body = {"action": "attribute", "given": {"attribute": "plan", "value": "pro"}, "filters": {"country": "PT"}}
    made = program.post("bulk-jobs", body)
    assert (made.status_code, made.json()["state"]) == (202, "choosing"), made.content
    path = made["Location"].removeprefix("/api/v1/")
    work()
    told = program.get(path).json()
    assert (told["state"], told["total"], told["changed"]) == ("completed", 1, 1)
    back = program.post(f"{path}/undo")
    assert (back.status_code, back.json()["undoes"]) == (202, told["bulk_job_id"])
    work()
    assert Contact.objects.get().attributes == {}
    assert program.post(f"{path}/undo").json()["code"] == "not_undoable"
    assert program.post(f"{path}/cancel").json()["code"] == "job_over"
    assert [one["changed"] for one in program.get("bulk-jobs").json()["results"]] == [1, 1]
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {"bulk_job_ordered", "bulk_job_undone"}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"action": "explode"}, "/action"),
        ({"filters": {"contry": "PT"}}, "/filters/contry"),
        ({"filters": {"contacts": "1"}}, "/filters/contacts"),
        ({"contact_ids": ["nonsense"], "filters": None}, "/contact_ids/0"),
        ({"filters": None}, "/contact_ids"),
        ({"given": {"attribute": "nothing"}}, "/attribute"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_begun(change: dict[str, object], pointer: str) -> None:
    body = {"action": "attribute", "given": {}, "filters": {}, **change}
    answer = caller("author").post("bulk-jobs", {name: value for name, value in body.items() if value is not None})
    assert answer.status_code in (400, 422), answer.content
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert not BulkJob.objects.exists()


def test_an_action_needs_its_own_scope() -> None:
    one = public_ids.encode("contact", make.contact().pk)
    body = {"action": "suppress", "given": {"note": "asked"}, "contact_ids": [one]}
    assert caller("author").post("bulk-jobs", body).status_code == 403
    assert caller("approver").post("bulk-jobs", body).status_code == 202
    assert caller("viewer").post("bulk-jobs", {"action": "export", "contact_ids": [one]}).status_code == 403
