"""Pages of who is in a segment: the members, the days, the question why, and keeping it by hand."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from config.lib import public_ids
from segments.models import BulkJob, Contact, Membership, MembershipChange, Segment, SegmentDay, SegmentUpkeep
from segments.services import bulk
from segments.services.hand_kept import NotFrozen
from segments.services.segments import create_segment
from segments.views.jobs import url_of as url_of_job
from tests.factories.segments import contact, contact_list
from tests.segments.membership_worlds import rule

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def ana() -> Contact:
    return contact(first_name="Ana", country="DE")


@pytest.fixture
def germans(admin_user: User, ana: Contact) -> Segment:
    """Kept up: Ana came ten days ago by what she changed."""
    segment = create_segment(name="Germans", criteria=rule("country", "equals", "DE"), by=admin_user)
    assert segment.current_id
    one = {"segment_id": segment.pk, "version_id": segment.current_id}
    Membership.objects.create(**one, contact_id=ana.pk, how="fields", added_at=NOW - timedelta(days=10))
    SegmentUpkeep.objects.create(
        segment=segment, reads=["fields", "people"], moves="never", stands_on=[segment.pk], rules=[],
        version_id=segment.current_id, how="clock", size=1, passed_at=NOW,
    )  # fmt: skip
    SegmentDay.objects.create(segment_id=segment.pk, day=NOW.date() - timedelta(days=10), size=1, entered=1, left=0)
    MembershipChange.objects.create(
        **one, contact_id=ana.pk, kind="entered", how="fields", at=NOW - timedelta(days=10)
    )  # fmt: skip
    return segment


def _url(segment: Segment, page: str) -> str:
    return f"/audience/segments/{public_ids.encode('segment', segment.pk)}/{page}"


def test_members_are_listed_with_since_when_and_why(
    admin_client: Client, germans: Segment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert germans.current_id
    for _ in range(30):
        one = contact(country="DE")
        Membership.objects.create(
            segment_id=germans.pk, contact_id=one.pk, version_id=germans.current_id, how="people", added_at=NOW
        )
    # session, person, time limit (3), segment, rows, upkeep, touches, memberships of the rows; what to act with
    with django_assert_num_queries(13):
        page = admin_client.get(_url(germans, "members"))
    words = page.content.decode()
    assert "the contact’s own fields changed" in words or "own fields changed" in words
    assert "the contact came, went or was merged" in words


def test_members_of_a_day_are_those_of_its_end(admin_client: Client, germans: Segment, ana: Contact) -> None:
    def shown(days: int) -> list[Contact]:
        page = admin_client.get(_url(germans, "members"), {"on": (NOW - timedelta(days=days)).date().isoformat()})
        return [line.row for line in page.context["lines"]]

    assert shown(3) == [ana]
    assert shown(12) == []


def test_sizes_and_changes_over_time(
    admin_client: Client, germans: Segment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # session, person, segment, upkeep, touches, days before and of the chart, changes, their people
    with django_assert_num_queries(9):
        page = admin_client.get(_url(germans, "over-time"))
    assert page.context["size"].series[0].values == [1] * 11
    assert (page.context["came"], page.context["went"]) == (1, 0)
    assert "Ana" in page.content.decode()


def test_was_somebody_in_it_and_why(admin_client: Client, germans: Segment, ana: Contact) -> None:
    ana.country = "FR"
    ana.save()
    url = _url(germans, "was-in")
    assert admin_client.get(url).status_code == 200
    page = admin_client.post(url, {"who": ana.email, "on": NOW.date().isoformat()})
    words = page.content.decode()
    assert "Yes: Ana was in Germans." in words
    assert "own fields changed" in words
    assert [one.holds for one in page.context["found"].conditions] == [False, False]
    before = (NOW - timedelta(days=20)).date().isoformat()
    assert "No: Ana was not in Germans." in admin_client.post(url, {"who": ana.email, "on": before}).content.decode()
    assert "Nobody is called that." in admin_client.post(url, {"who": "Zoe", "on": before}).content.decode()


def test_a_segment_is_frozen_and_changed_by_hand(admin_client: Client, germans: Segment, ana: Contact) -> None:
    ben, carl = contact(first_name="Ben"), contact(first_name="Carl")
    assert "being frozen" in admin_client.post(_url(germans, "freeze"), follow=True).content.decode()
    germans.refresh_from_db()
    assert not germans.dynamic
    add = _url(germans, "members/add")
    refused = admin_client.post(add, {"who": ben.email})
    assert "Only a frozen segment" in refused.content.decode()
    Segment.objects.update(frozen_at=NOW)
    nothing = admin_client.post(add, {})
    assert nothing.status_code == 422
    listed = public_ids.encode("list", contact_list("guests", [carl, ben]).pk)
    assert admin_client.post(add, {"who": ben.email, "list": listed}).status_code in (302, 303)
    assert _members(germans) == {ana.pk, ben.pk, carl.pk}
    out = {"action": "out", "row": [public_ids.encode("contact", ana.pk)]}
    said = admin_client.post(_url(germans, "members"), out, follow=True).content.decode()
    assert "1 person is out of Germans." in said
    assert _members(germans) == {ben.pk, carl.pk}
    everybody = admin_client.post(_url(germans, "members"), {"action": "out", "everything": "2"})
    job = BulkJob.objects.latest("pk")
    assert (everybody["Location"], job.state) == (url_of_job(job), "choosing")
    job = bulk.carry_on(job.pk, at=timezone.now())
    assert _members(germans) == set()
    back = bulk.undo_job(job, by=None, at=timezone.now())
    bulk.carry_on(back.pk, at=timezone.now())
    assert _members(germans) == {ben.pk, carl.pk}


def _members(segment: Segment) -> set[int]:
    return set(Membership.objects.filter(segment_id=segment.pk).values_list("contact_id", flat=True))


def test_only_a_frozen_segment_offers_to_take_people_out(admin_client: Client, germans: Segment) -> None:
    page = admin_client.get(_url(germans, "members"))
    assert "Take out" not in page.content.decode()
    with pytest.raises(NotFrozen):
        bulk.order_job(
            action="out", asked={"from_segment": public_ids.encode("segment", germans.pk)}, choice={}, by=None
        )
    assert "Take out" not in admin_client.get("/audience/contacts").content.decode()


def test_a_pass_is_asked_for(admin_client: Client, germans: Segment) -> None:
    admin_client.post(_url(germans, "refresh"))
    assert SegmentUpkeep.objects.get(pk=germans.pk).due_at


def test_a_contact_s_past_tells_of_segments(admin_client: Client, germans: Segment, ana: Contact) -> None:
    page = admin_client.get(f"/audience/contacts/{public_ids.encode('contact', ana.pk)}")
    words = page.content.decode()
    assert "Came into the segment Germans" in words
