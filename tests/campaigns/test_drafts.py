"""Campaigns in the making."""

import pytest
from django.contrib.auth.models import User

from campaigns import services
from campaigns.errors import IllegalMove
from campaigns.models import Campaign
from tests.factories import campaigns as make

pytestmark = pytest.mark.django_db
S = Campaign.State


def test_a_draft_may_lack_everything_but_a_name() -> None:
    ana = User.objects.create_user("ana")
    campaign = services.create(by=ana, name="Spring")
    campaign.refresh_from_db()
    assert (campaign.name, campaign.state, campaign.created_by) == ("Spring", S.DRAFT, ana)


def test_an_edit_changes_what_it_names_and_leaves_the_rest() -> None:
    campaign = make.campaign()
    before = campaign.lists.get()
    other = make.listed([])
    services.edit(campaign, by=None, name="New", excluded_lists=[other])
    campaign.refresh_from_db()
    assert (campaign.name, campaign.lists.get(), campaign.excluded_lists.get()) == ("New", before, other)


@pytest.mark.parametrize("state", [state for state in S.values if state != S.DRAFT])
def test_only_a_draft_can_be_edited(state: str) -> None:
    campaign = make.campaign()
    Campaign.objects.filter(pk=campaign.pk).update(state=state, scheduled_at=make.AT)
    with pytest.raises(IllegalMove, match="cannot be edited"):
        services.edit(campaign, by=None, name="New", lists=[])
    campaign.refresh_from_db()
    assert campaign.name != "New"
    assert campaign.lists.exists()


def test_a_clone_is_a_draft_with_the_same_plan_and_no_past() -> None:
    run = make.launched(late_policy="send", late_after_minutes=5, excluded_lists=[make.listed([])])
    services.cancel(run.campaign, by=None)
    clone = services.clone(run.campaign, by=None)
    original = run.campaign
    assert (clone.state, clone.launched_at, clone.runs.count()) == (S.DRAFT, None, 0)
    assert clone.name == f"{original.name} (copy)"
    for field in ("brand", "sender", "template", "purpose", "late_policy", "late_after_minutes"):
        assert getattr(clone, field) == getattr(original, field)
    assert list(clone.lists.all()) == list(original.lists.all())
    assert list(clone.excluded_lists.all()) == list(original.excluded_lists.all())


def test_what_is_archived_cannot_be_used_until_it_is_cloned() -> None:
    campaign = make.campaign()
    services.archive(campaign, by=None, at=make.AT)
    with pytest.raises(IllegalMove, match="archived") as caught:
        services.launch(campaign, by=None, at=make.AT)
    assert caught.value.allowed == ("clone",)
    assert services.clone(campaign, by=None).archived_at is None


def test_what_is_live_cannot_be_archived() -> None:
    with pytest.raises(IllegalMove):
        services.archive(make.launched().campaign, by=None, at=make.AT)
