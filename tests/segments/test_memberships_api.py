"""Memberships through the API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from config.lib import public_ids
from segments.models import Membership, MembershipChange, SegmentUpkeep
from segments.services.hand_kept import freeze
from segments.services.segments import create_segment
from tests.conftest import CommittedDb
from tests.factories.api import caller
from tests.factories.segments import contact
from tests.segments.membership_worlds import keep_up, rule

GERMAN = rule("country", "equals", "DE")


def _id(kind: str, pk: int) -> str:
    return public_ids.encode(kind, pk)


def test_members_are_read_added_and_removed(committed_db: CommittedDb) -> None:
    ana, ben = contact(country="DE"), contact()
    segment = create_segment(name="guests", criteria=GERMAN)
    keep_up()
    program = caller("author")
    path = f"segments/{_id('segment', segment.pk)}"
    [one] = program.get(f"{path}/members").json()["results"]
    assert (one["contact_id"], one["email"], one["how"]) == (_id("contact", ana.pk), ana.email, "rule")
    refused = program.post(f"{path}/members", {"contact_ids": [_id("contact", ben.pk)]})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_frozen")
    freeze(segment)
    keep_up()
    assert program.post(f"{path}/members", {"contact_ids": [_id("contact", ben.pk)]}).json() == {"added": 1}
    assert program.post(f"{path}/members/remove", {"contact_ids": [_id("contact", ana.pk)]}).json() == {"removed": 1}
    assert [row["how"] for row in program.get(f"{path}/members").json()["results"]] == ["hand"]
    changes = program.get("segments/changes").json()
    assert [(row["kind"], row["how"]) for row in changes["results"]] == [
        ("entered", "rule"), ("entered", "hand"), ("left", "hand")
    ]  # fmt: skip
    assert program.get(f"segments/changes?after={changes['place']}").json() == {
        "results": [], "place": changes["place"],
    }  # fmt: skip
    [today] = program.get(f"{path}/days").json()["days"]
    assert (today["size"], today["entered"], today["left"]) == (1, 1, 1)
    assert program.post(f"{path}/refresh").status_code == 202


@pytest.mark.django_db
def test_who_was_in_it_and_why() -> None:
    ana = contact(country="FR")
    segment = create_segment(name="germans", criteria=GERMAN)
    now = timezone.now()
    one = {"segment_id": segment.pk, "contact_id": ana.pk, "version_id": segment.current_id}
    since, until = now - timedelta(days=3), now - timedelta(days=1)
    MembershipChange.objects.create(**one, at=until, kind="left", how="fields", since=since)
    Membership.objects.create(**one, how="fields", added_at=now)
    program = caller("author")
    path = f"segments/{_id('segment', segment.pk)}/members"
    then = (now - timedelta(days=2)).isoformat().replace("+00:00", "Z")
    told = program.get(f"{path}/{_id('contact', ana.pk)}?at={then}").json()
    assert told["was_in"] is True
    assert told["version"] is None  # the rule is younger
    assert [stay["left_how"] for stay in told["stays"]] == ["", "fields"]
    told = program.get(f"{path}/{_id('contact', ana.pk)}").json()
    assert (told["was_in"], told["version"]) == (True, 1)
    assert [(one["depth"], one["holds_now"]) for one in told["conditions"]] == [(0, False), (1, False)]
    assert program.get(f"{path}?at={then}").json()["results"][0]["since"] is None
    assert program.get(f"{path}?at=yesterday").status_code == 422
    assert program.get("segments/changes?after=x").status_code == 422


@pytest.mark.django_db
def test_a_pass_is_asked_for() -> None:
    segment = create_segment(name="germans", criteria=GERMAN)
    SegmentUpkeep.objects.create(
        segment=segment, reads=[], moves="never", stands_on=[], rules=[], version_id=1, how="clock"
    )
    assert caller("author").post(f"segments/{_id('segment', segment.pk)}/refresh").status_code == 202
    assert SegmentUpkeep.objects.get().due_at
