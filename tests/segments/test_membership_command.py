"""`manage.py segment` about members, and the tick that keeps them up."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from segments.models import MembershipChange, Segment, SegmentUpkeep
from segments.services import membership_passes, upkeep
from segments.services.contacts import edit_contact
from segments.services.segments import create_segment
from segments.tasks import refresh_segment, tick_memberships
from tests.conftest import CommittedDb
from tests.factories.segments import contact
from tests.segments.membership_worlds import matching, members, rule

GERMAN = rule("country", "equals", "DE")


def _run(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("segment", *arguments, stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def germans(committed_db: CommittedDb) -> Segment:
    contact(country="DE", first_name="Ana"), contact(country="DE"), contact(country="FR", first_name="Ben")
    return create_segment(name="germans", criteria=GERMAN)


def test_an_operator_refreshes_and_asks(germans: Segment) -> None:
    with pytest.raises(CommandError, match="nobody keeps it up yet"):
        _run("members", "germans")
    shown = _run("refresh", "germans", "--every", "2")
    assert shown[0] == "members: 2 (complete)"
    kept = SegmentUpkeep.objects.get()
    assert kept.every is not None
    assert kept.every.total_seconds() == 7200
    assert len(_run("changes", "germans")) == 2
    yes = _run("was-in", "germans", "Ana")
    assert yes[0].startswith("yes")
    assert yes[-1].split() == ["holds", "country", "is", "“DE”"]
    before = (timezone.now() - timedelta(days=2)).date().isoformat()
    assert _run("was-in", "germans", "Ana", "--on", before)[0] == f"no, at {before} 23:59:59"
    assert _run("was-in", "germans", "Ben")[-1].split()[:3] == ["does", "not", "country"]
    with pytest.raises(CommandError, match="nobody is called"):
        _run("was-in", "germans", "Zoe")
    with pytest.raises(CommandError, match="write the day"):
        _run("was-in", "germans", "Ana", "--on", "monday")
    _run("freeze", "germans")
    assert not Segment.objects.get().dynamic


def test_a_tick_looks_at_who_is_touched_and_a_slice_of_work_passes(germans: Segment) -> None:
    for _ in range(2):
        upkeep.plan(at=timezone.now())
    assert membership_passes.waiting(at=timezone.now()) == [germans.pk]
    refresh_segment(germans.pk)
    assert len(members(germans)) == 2
    ben = contact(country="FR")
    edit_contact(ben, {"country": "DE"})
    tick_memberships()
    assert members(germans) == matching(germans)
    assert MembershipChange.objects.filter(contact_id=ben.pk).count() == 1
