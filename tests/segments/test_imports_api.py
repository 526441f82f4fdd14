"""Imports through the API: upload, dry run, start."""

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from config.lib import public_ids
from segments.models import Contact, ContactList, Import
from segments.services.imports import carry_on
from tests.factories.api import Caller, caller

pytestmark = pytest.mark.django_db
CSV = "email,first_name\nana@example.test,Ana\nno address,Ben\n"


def upload(program: Caller, text: str = CSV, **headers: str) -> Any:
    given = {"Authorization": f"Bearer {program.text}", **headers}
    return program.client.post("/api/v1/imports?name=people.csv", text.encode(), "text/csv", headers=given)


def work() -> None:
    """What a worker does."""
    for pk in Import.objects.values_list("pk", flat=True):
        carry_on(pk, at=timezone.now())


def test_a_file_becomes_people_in_three_steps() -> None:
    program, news = caller("author"), ContactList.objects.create(name="News")
    made = upload(program)
    assert made.status_code == 201, made.json()
    assert (made.json()["state"], made.json()["columns"]) == ("uploaded", ["email", "first_name"])
    path = f"imports/{made.json()['import_id']}"
    checked = program.post(f"{path}/check", {"list_id": public_ids.encode("list", news.pk)})
    assert (checked.status_code, checked.json()["state"]) == (202, "staging")
    work()
    assert program.get(path).json()["counts"]["new"] == 1
    assert not Contact.objects.exists()
    assert program.post(f"{path}/start").status_code == 202
    work()
    done = program.get(path).json()
    assert (done["state"], done["results"]["new"], done["progress"]) == ("completed", 1, 1.0)
    assert news.memberships.get().contact.first_name == "Ana"
    (problem,) = program.get(f"{path}/problems").json()["results"]
    assert (problem["line"], problem["outcome"]) == (3, "invalid")
    assert program.post(f"{path}/start").json()["code"] == "import_busy"


def test_a_repeated_upload_with_the_same_key_is_one_import() -> None:
    program = caller()
    one = [upload(program, **{"Idempotency-Key": "k2"}).json()["import_id"] for _ in range(2)]
    assert one[0] == one[1]
    assert upload(program, CSV + "x\n", **{"Idempotency-Key": "k2"}).json()["code"] == "idempotency_key_reused"


def test_what_is_no_file_is_refused() -> None:
    program = caller()
    assert program.post("imports", {}).status_code == 415
    assert upload(program, "").status_code == 415
    assert upload(program, "\n").json()["code"] == "unreadable_file"
    made = upload(program).json()
    wrong = program.post(f"imports/{made['import_id']}/check", {"mapping": {"email": "nonsense"}})
    assert wrong.status_code == 422


def test_a_list_takes_the_same_queries_however_long(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    program = caller()
    program.get("imports")
    for _ in range(3):
        upload(program)
    with django_assert_num_queries(4):
        assert len(program.get("imports").json()["results"]) == 3
