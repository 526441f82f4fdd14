"""Bulk jobs: one thing done to many contacts by a worker, watched, stopped, undone."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from compliance.models import AuditEntry, Suppression
from config.celery_settings import beat_schedule
from config.lib import public_ids
from config.lib.errors import DomainError, Invalid
from config.lib.leases import MAX_ATTEMPTS
from segments import deeds, tasks
from segments.models import BulkJob, BulkTarget, Contact, ContactList, ListMembership
from segments.selectors.choosing import sealed
from segments.services import bulk
from segments.services.attributes import register_attribute
from tests.factories import api
from tests.factories import segments as make

pytestmark = pytest.mark.django_db


def ident(kind: str, row: Any) -> str:
    return public_ids.encode(kind, row.pk)


def done(action: str, choice: dict[str, Any], **asked: Any) -> BulkJob:
    return bulk.carry_on(bulk.order_job(action=action, asked=asked, choice=choice, by=None).pk, at=timezone.now())


def undone(job: BulkJob) -> BulkJob:
    return bulk.carry_on(bulk.undo_job(job, by=None, at=timezone.now()).pk, at=timezone.now())


def values(name: str) -> list[Any]:
    return [one.attributes.get(name) for one in Contact.objects.order_by("pk")]


@pytest.fixture
def people() -> list[Contact]:
    register_attribute(name="plan", type="string")
    register_attribute(name="tags", type="list")
    plans: tuple[dict[str, Any], ...] = ({}, {"plan": "free"}, {"plan": "pro", "tags": ["a"]}, {"tags": ["a", "b"]})
    return [make.contact(country="PT", attributes=plan) for plan in plans]


def test_a_job_goes_through_all_whom_a_filter_means_in_stretches(
    people: Sequence[Contact], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "STRETCH", 2)
    news = make.contact_list("News", people[:1])
    make.contact(country="ES")
    job = done("list", {"country": "PT"}, to_list=ident("list", news))
    assert (job.state, job.total, job.done, job.changed) == ("completed", 4, 4, 3)
    assert set(news.memberships.values_list("contact_id", flat=True)) == {one.pk for one in people}
    assert bulk.said(job) == "3 added to News; 1 were on it already."


def test_undo_takes_off_only_those_it_put_on_and_only_once(people: Sequence[Contact]) -> None:
    news = make.contact_list("News", people[:1])
    job = done("list", {"country": "PT"}, to_list=ident("list", news))
    back = undone(job)
    assert (back.state, back.changed) == ("completed", 3)
    assert [one.contact_id for one in news.memberships.all()] == [people[0].pk]
    with pytest.raises(bulk.NotUndoable):
        bulk.undo_job(job, by=None, at=timezone.now())
    with pytest.raises(bulk.NotUndoable):
        bulk.undo_job(back, by=None, at=timezone.now())


def test_who_was_taken_off_a_list_comes_back_since_when_they_were_on_it(people: Sequence[Contact]) -> None:
    news = make.contact_list("News", people[:3])
    before = dict(ListMembership.objects.values_list("contact_id", "added_at"))
    job = done("off", {"list": ident("list", news)}, to_list=ident("list", news))
    assert (job.changed, news.memberships.count()) == (3, 0)
    before.pop(people[0].pk)
    people[0].delete()
    undone(job)
    assert dict(ListMembership.objects.values_list("contact_id", "added_at")) == before


@pytest.mark.parametrize(
    ("asked", "after"),
    [
        ({"attribute": "plan", "verb": "set", "value": "pro"}, ["pro"] * 4),
        ({"attribute": "plan", "verb": "clear"}, [None] * 4),
        ({"attribute": "tags", "verb": "set", "value": "x\ny\n"}, [["x", "y"]] * 4),
        ({"attribute": "tags", "verb": "add", "value": "b"}, [["b"], ["b"], ["a", "b"], ["a", "b"]]),
        ({"attribute": "tags", "verb": "remove", "value": "a"}, [None, None, None, ["b"]]),
    ],
)
def test_an_attribute_is_changed_and_put_back(
    people: Sequence[Contact], asked: dict[str, str], after: list[Any]
) -> None:
    name = asked["attribute"]
    before, stamps = values(name), dict(Contact.objects.values_list("pk", "updated_at"))
    job = done("attribute", {"contacts": [one.pk for one in people]}, **asked)
    assert values(name) == after
    assert job.changed == sum(one != other for one, other in zip(before, after, strict=True))
    touched = [pk for pk, at in Contact.objects.values_list("pk", "updated_at") if at != stamps[pk]]
    assert len(touched) <= job.changed  # who had it so is not written
    assert undone(job).changed == job.changed
    assert [sorted(one) if isinstance(one, list) else one for one in values(name)] == before


def test_what_somebody_changed_since_is_not_undone(people: Sequence[Contact]) -> None:
    job = done("attribute", {"country": "PT"}, attribute="plan", value="team")
    Contact.objects.filter(pk=people[1].pk).update(attributes={"plan": "special"})
    back = undone(job)
    assert values("plan") == [None, "special", "pro", None]
    assert bulk.said(back) == "3 of 4 undone; the others were changed again since."


@pytest.mark.parametrize(
    "asked",
    [
        {"attribute": "nothing", "value": "x"},
        {"attribute": "plan", "verb": "add", "value": "x"},
        {"attribute": "plan", "verb": "explode"},
        {"attribute": "plan", "value": ""},
        {"attribute": "tags", "verb": "add", "value": " "},
    ],
)
def test_nothing_is_begun_with_what_cannot_be(people: Sequence[Contact], asked: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        deeds.ChangeAttribute().read(asked)
    with pytest.raises(DomainError):
        bulk.order_job(action="attribute", asked=asked, choice={"country": "PT"}, by=None)
    assert not BulkJob.objects.exists()


def test_a_filter_nobody_knows_is_refused_and_one_that_is_gone_fits_nobody(people: Sequence[Contact]) -> None:
    with pytest.raises(Invalid):
        done("attribute", {"contry": "PT"}, attribute="plan", verb="clear")
    job = done("attribute", {"list": public_ids.encode("list", 999)}, attribute="plan", verb="clear")
    assert (job.total, values("plan")[1]) == (0, "free")


def test_words_that_are_searched_for_are_sealed_in_the_job(people: Sequence[Contact]) -> None:
    make.contact(first_name="Zelda")
    job = done("attribute", {"q": sealed("zel")}, attribute="plan", value="x")
    assert job.total == 1
    assert "zel" not in str(job.choice).lower().replace(sealed("zel").lower(), "")


def test_a_job_that_is_stopped_keeps_what_it_did_and_can_be_undone(
    people: Sequence[Contact], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "STRETCH", 1)
    job = bulk.order_job(
        action="attribute", asked={"attribute": "plan", "value": "x"}, choice={"country": "PT"}, by=None
    )
    carry_out = deeds.ChangeAttribute.carry_out

    def stopping(self: Any, ids: Sequence[int], order: Any) -> Any:
        if ids[0] == people[2].pk:
            bulk.cancel_job(BulkJob.objects.get(), at=timezone.now())
        return carry_out(self, ids, order)

    monkeypatch.setattr(deeds.ChangeAttribute, "carry_out", stopping)
    stopped = bulk.carry_on(job.pk, at=timezone.now())
    # the cancellation was inside the stretch that was rolled back with it, as a worker's would not be: say it again
    assert stopped.done == 2
    BulkJob.objects.filter(pk=job.pk).update(state="cancelled", finished_at=timezone.now())
    monkeypatch.undo()
    stopped.refresh_from_db()
    assert values("plan") == ["x", "x", "pro", None]
    assert bulk.carry_on(job.pk, at=timezone.now()).done == 2
    undone(stopped)
    assert values("plan") == [None, "free", "pro", None]


def test_an_error_leaves_it_to_the_next_worker_but_not_for_ever(
    people: Sequence[Contact], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bulk.order_job(
        action="attribute", asked={"attribute": "plan", "value": "x"}, choice={"country": "PT"}, by=None
    )

    def crash(*args: Any) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(deeds.ChangeAttribute, "carry_out", crash)
    for _ in range(MAX_ATTEMPTS + 1):  # choosing the people was progress
        assert bulk.waiting_jobs(at=timezone.now()) == [job.pk]
        with pytest.raises(RuntimeError):
            bulk.carry_on(job.pk, at=timezone.now())
    failed = bulk.carry_on(job.pk, at=timezone.now())
    assert (failed.state, "without progress" in failed.error) == ("failed", True)
    monkeypatch.undo()
    bulk.resume_job(failed)
    tasks.carry_on_job(job.pk)
    assert values("plan") == ["x"] * 4
    assert {"segments.tick_jobs", "segments.forget_targets"} <= {one["task"] for one in beat_schedule.values()}


def test_targets_are_forgotten_in_time_and_with_them_the_way_back(people: Sequence[Contact]) -> None:
    job = done("attribute", {"country": "PT"}, attribute="plan", value="x")
    later = timezone.now() + bulk.KEPT
    assert bulk.forget_targets(before=job.created_at) == 0
    assert bulk.forget_targets(before=later) == 1
    assert not BulkTarget.objects.exists()
    with pytest.raises(bulk.NotUndoable):
        bulk.undo_job(job, by=None, at=later)


# on the page


def test_all_on_other_pages_become_a_job_that_is_watched_and_undone(admin_client: Client, people: Any) -> None:
    news = make.contact_list("News")
    asked = {"action": "list", "everything": "4", "to_list": ident("list", news)}
    page = admin_client.post("/audience/contacts?country=PT", asked, follow=True)
    job = BulkJob.objects.get()
    assert (job.state, job.choice) == ("choosing", {"country": "PT"})
    assert "Finding the people" in page.content.decode()
    bulk.carry_on(job.pk, at=timezone.now())
    place = f"/audience/jobs/{ident('bulk_job', job)}"
    page = admin_client.get(place, headers={"HX-Request": "true"})
    assert "4 added to News; 0 were on it already." in page.content.decode()
    assert "data-poll" not in page.content.decode()
    admin_client.post(f"{place}/undo")
    bulk.carry_on(BulkJob.objects.latest("pk").pk, at=timezone.now())
    assert not news.memberships.exists()
    assert "It was undone." in admin_client.get(place).content.decode()
    assert "Undo: Add to list: News" in admin_client.get("/audience/jobs").content.decode()
    actions = list(AuditEntry.objects.filter(object_kind="bulk_job").order_by("pk").values_list("action", "changes"))
    assert actions == [("bulk_job_ordered", {"action": "list", "of": ["country"]}), ("bulk_job_undone", {})]


def test_all_of_a_list_means_the_list_and_what_narrows_a_page_that_is_gone_means_nobody(
    admin_client: Client, people: Sequence[Contact]
) -> None:
    news = make.contact_list("News", people[:2])
    admin_client.post(f"/audience/lists/{ident('list', news)}", {"action": "off", "everything": "2"})
    job = bulk.carry_on(BulkJob.objects.get().pk, at=timezone.now())
    assert (job.changed, ContactList.objects.get().memberships.count()) == (2, 0)


def test_who_may_not_do_it_may_not_order_stop_or_undo_it(client: Client, people: Sequence[Contact]) -> None:
    job = done("attribute", {"country": "PT"}, attribute="plan", value="x")
    client.force_login(api.person("viewer"))
    place = f"/audience/jobs/{ident('bulk_job', job)}"
    assert client.post("/audience/contacts", {"action": "attribute", "everything": "1"}).status_code == 404
    client.post(f"{place}/undo")
    page = client.get(place).content.decode()
    assert "plan is changed for 4 contacts; 0 had it so." in page
    assert "Undo it" not in page
    assert BulkJob.objects.count() == 1


def test_many_addresses_are_suppressed_and_said_apart_from_those_without(admin_client: Client) -> None:
    known = [make.contact() for _ in range(3)] + [make.contact(email=None)]
    asked = {"action": "suppress", "row": [ident("contact", one) for one in known], "note": "asked"}
    page = admin_client.post("/audience/contacts", asked, follow=True).content.decode()
    assert "3 addresses are suppressed. 1 were so already, or have no mail address." in page
    assert Suppression.objects.filter(reason="manual").count() == 3
    page = admin_client.post("/audience/contacts", asked, follow=True).content.decode()
    assert "0 addresses are suppressed. 4 were so already" in page
