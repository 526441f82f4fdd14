"""Four eyes: many people get nothing on one person's word, and a yes is to exactly what was seen."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from pytest_django import Settings

from campaigns import engine, selectors, services
from campaigns.errors import IllegalMove, NotReady
from campaigns.models import Approval, Campaign
from campaigns.services.approving import OwnCampaign
from segments.services.segments import create_segment, save_criteria
from tests.factories.campaigns import AT, campaign, template

pytestmark = pytest.mark.django_db


def _person(name: str, *, launches: bool = True) -> User:
    person = User.objects.create_user(name)
    if launches:
        person.user_permissions.add(Permission.objects.get(codename="launch_campaign"))
    return User.objects.get(pk=person.pk)


@pytest.fixture
def ann() -> User:
    return _person("ann")


@pytest.fixture
def bob() -> User:
    return _person("bob")


@pytest.fixture
def mine(ann: User, settings: Settings) -> Campaign:
    """A campaign of Ann's to three people, where two are many."""
    settings.APPROVAL_ABOVE = 2
    made = campaign()
    Campaign.objects.filter(pk=made.pk).update(created_by=ann)
    made.refresh_from_db()
    return made


def _codes(one: Campaign, by: User | None) -> set[str]:
    return {problem.code for problem in selectors.readiness(selectors.with_plan(one.pk), by=by)}


def test_the_author_alone_cannot_launch_to_many(mine: Campaign, ann: User) -> None:
    with pytest.raises(NotReady, match="somebody other than its author"):
        services.launch(mine, by=ann, at=AT)
    with pytest.raises(NotReady):
        services.launch(mine, by=None, at=AT)


def test_to_few_people_the_author_may(mine: Campaign, ann: User, settings: Settings) -> None:
    settings.APPROVAL_ABOVE = 3
    services.launch(mine, by=ann, at=AT)


def test_after_a_second_persons_yes_the_author_may(mine: Campaign, ann: User, bob: User) -> None:
    services.approve(mine, by=bob, at=AT)
    services.launch(mine, by=ann, at=AT)


def test_a_second_person_who_launches_says_yes_by_it(mine: Campaign, bob: User) -> None:
    services.launch(mine, by=bob, at=AT)
    assert Approval.objects.get().by == bob


def test_nobody_approves_their_own(mine: Campaign, ann: User) -> None:
    with pytest.raises(OwnCampaign):
        services.approve(mine, by=ann, at=AT)


def test_who_may_not_launch_may_not_approve(mine: Campaign) -> None:
    with pytest.raises(OwnCampaign):
        services.approve(mine, by=_person("eve", launches=False), at=AT)
    assert "needs_approval" in _codes(mine, _person("eva", launches=False))


def test_any_edit_voids_a_yes(mine: Campaign, ann: User, bob: User) -> None:
    services.approve(mine, by=bob, at=AT)
    services.edit(mine, by=ann, template=template())
    assert _codes(mine, ann) == {"needs_approval"}


def test_a_changed_sender_voids_a_yes(mine: Campaign, ann: User, bob: User) -> None:
    services.approve(mine, by=bob, at=AT)
    assert mine.sender is not None
    mine.sender.from_name = "Somebody else"
    mine.sender.save()
    assert _codes(mine, ann) == {"needs_approval"}


def test_a_changed_rule_of_a_segment_voids_a_yes(mine: Campaign, ann: User, bob: User) -> None:
    everybody = {"logic": "AND", "conditions": [{"field": "created_at", "operator": "exists"}]}
    segment = create_segment(name="All", criteria=everybody, by=None)
    services.edit(mine, by=ann, segments=[segment])
    services.approve(mine, by=bob, at=AT)
    assert _codes(mine, ann) == set()
    with_mail = {"logic": "AND", "conditions": [{"field": "email", "operator": "exists"}]}
    save_criteria(segment, with_mail, by=None)
    assert _codes(mine, ann) == {"needs_approval"}


def test_a_schedule_of_a_second_person_is_launched_by_the_system(mine: Campaign, bob: User) -> None:
    local = datetime(2026, 3, 2, 12)  # noqa: DTZ001 (a time on the wall of a zone)
    services.schedule(mine, local=local, zone="UTC", by=bob, at=AT)
    engine.launch_due(at=AT + timedelta(hours=3, seconds=1))
    mine.refresh_from_db()
    assert mine.state == Campaign.State.ACTIVE


def test_what_is_under_way_is_not_approved(mine: Campaign, bob: User) -> None:
    services.launch(mine, by=bob, at=AT)
    with pytest.raises(IllegalMove, match="cannot be approved"):
        services.approve(mine, by=bob, at=AT)


def test_the_command(mine: Campaign, bob: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("campaign", "approve", str(mine.pk), "--by", "bob")
    assert "an edit voids it" in capsys.readouterr().out
    call_command("campaign", "launch", str(mine.pk))
