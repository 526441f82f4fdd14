"""Idempotency-Key: carried out once, answered as often as asked."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from compliance.models import IdempotencyRecord
from compliance.services import replays as store
from segments.api.views import lists as views
from segments.models import Contact, ContactList
from segments.services import lists
from tests.conftest import CommittedDb
from tests.factories.api import caller


@pytest.mark.django_db
def test_a_repeated_request_gets_the_first_answer_and_does_nothing() -> None:
    program = caller()
    first = program.post("lists", {"name": "News"}, Idempotency_Key="k1")
    again = program.post("lists", {"name": "News"}, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Location"] == first["Location"]
    assert again["Idempotent-Replayed"] == "true"
    assert ContactList.objects.count() == 1
    assert program.post("lists", {"name": "News"}, Idempotency_Key="k2").status_code == 422  # the name is taken
    assert caller().post("lists", {"name": "News"}, Idempotency_Key="k1").status_code == 422  # another key's own


@pytest.mark.django_db
def test_a_refusal_is_replayed_as_it_was() -> None:
    program = caller()
    first = program.post("lists", {}, Idempotency_Key="k1")
    again = program.post("lists", {}, Idempotency_Key="k1")
    assert again.status_code == first.status_code == 422
    assert again.json()["errors"] == first.json()["errors"]
    assert again["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_the_same_key_with_another_body_is_refused() -> None:
    program = caller()
    program.post("lists", {"name": "News"}, Idempotency_Key="k1")
    response = program.post("lists", {"name": "Other"}, Idempotency_Key="k1")
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert not ContactList.objects.filter(name="Other").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_cannot_be_kept_is_refused(key: str) -> None:
    assert caller().post("lists", {"name": "News"}, Idempotency_Key=key).status_code == 422
    assert not ContactList.objects.exists()


@pytest.mark.django_db
def test_what_is_kept_is_sealed_and_forgotten_after_a_day() -> None:
    program = caller()
    program.post("contacts", {"email": "ana@example.test"}, Idempotency_Key="k1")
    record = IdempotencyRecord.objects.get()
    assert b"ana@" not in bytes(record.sealed_answer or b"")
    assert timedelta(hours=23) < record.expires_at - timezone.now() <= store.KEPT
    IdempotencyRecord.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    program.post("contacts", {"email": "ben@example.test"}, Idempotency_Key="k2")
    assert IdempotencyRecord.objects.get().key == "k2"


@pytest.mark.django_db
def test_a_key_whose_worker_was_lost_is_taken_up_again() -> None:
    program = caller()
    program.post("lists", {"name": "News"}, Idempotency_Key="k1")
    IdempotencyRecord.objects.update(status=None, sealed_answer=None)
    assert program.post("lists", {"name": "News"}, Idempotency_Key="k1").json()["code"] == "idempotency_in_progress"
    IdempotencyRecord.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert program.post("lists", {"name": "News"}, Idempotency_Key="k1").status_code == 422  # carried out: name taken


@pytest.mark.django_db
def test_a_defect_does_not_use_up_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    program = caller()

    def broken(**_: Any) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(views, "create_list", broken)
    assert program.post("lists", {"name": "News"}, Idempotency_Key="k1").status_code == 500
    monkeypatch.setattr(views, "create_list", lists.create_list)
    assert program.post("lists", {"name": "News"}, Idempotency_Key="k1").status_code == 201


def test_of_many_at_once_one_is_carried_out(committed_db: CommittedDb) -> None:
    program, answers = caller(), []

    def ask() -> None:
        try:
            answers.append(program.post("contacts", {"external_id": "x"}, Idempotency_Key="k1").status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {201, 409}
    assert 201 in answers
    assert Contact.objects.count() == 1
