"""Campaigns on the command line."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import Campaign
from config.lib.errors import DomainError
from delivery.models import DeliveryEvent
from delivery.selectors import ledger
from tests.factories import campaigns as make
from tests.factories.compliance import make_brand, make_sender
from tests.factories.delivery import make_people

pytestmark = pytest.mark.django_db


def _run(command: str, *arguments: Any) -> str:
    out = StringIO()
    call_command(command, *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def number() -> int:
    """A campaign made on the command line, by names."""
    people = make_people(3)
    make.listed(people, name="Readers")
    make.listed(people[:1], name="Staff")
    make_sender(make_brand("Kestrel"))
    template = make.template()
    created = _run(
        "campaign", "create", "--name", "Spring", "--brand", "Kestrel", "--template", template.pk,
        "--list", "Readers", "--exclude-list", "Staff", "--unsubscribe-from", "Readers",
    )  # fmt: skip
    return int(created)


def test_create_takes_names_and_numbers(number: int) -> None:
    campaign = Campaign.objects.get(pk=number)
    assert (campaign.name, campaign.state, str(campaign.brand)) == ("Spring", "draft", "Kestrel")
    assert [str(one) for one in (*campaign.lists.all(), *campaign.excluded_lists.all())] == ["Readers", "Staff"]
    assert (str(campaign.list), campaign.sender is not None) == ("Readers", True)


def test_a_wrong_name_is_one_clear_line() -> None:
    with pytest.raises(CommandError, match=r"There is no Brand 'Nobody'\."):
        _run("campaign", "create", "--name", "X", "--brand", "Nobody", "--template", "1")
    with pytest.raises(CommandError, match=r"There is no campaign 999\."):
        _run("campaign", "show", 999)
    with pytest.raises(CommandError, match=r"There is no contact 'x'\."):
        _run("explain", "--contact", "x", "--campaign", make.campaign().pk)
    with pytest.raises(CommandError, match=r"There is no campaign 999\."):
        _run("explain", "--contact", "x", "--campaign", 999)


def test_a_brand_with_several_senders_needs_one_named(number: int) -> None:
    brand = Campaign.objects.get(pk=number).brand
    assert brand is not None
    second = make_sender(brand, from_email="second@acme.example")
    arguments = ["--name", "X", "--brand", "Kestrel", "--template", make.template().name]
    with pytest.raises(CommandError, match="Name one sender"):
        _run("campaign", "create", *arguments)
    for named in ("second@acme.example", second.pk):
        created = _run("campaign", "create", *arguments, "--sender", named)
        assert Campaign.objects.get(pk=int(created)).sender == second


def test_check_counts_the_people_or_lists_what_is_missing(number: int) -> None:
    assert _run("campaign", "check", number) == "Ready: 2 people as things are now.\n"
    Campaign.objects.filter(pk=number).update(brand=None, template=None)
    with pytest.raises(CommandError) as caught:
        _run("campaign", "check", number)
    assert str(caught.value).count("\n") == 1
    assert "(/brand)" in str(caught.value)


def test_launch_pause_resume_cancel_show_where_it_stands(number: int) -> None:
    assert "It is active; its audience is being frozen" in _run("campaign", "launch", number)
    assert "It is paused" in _run("campaign", "pause", number)
    assert "It is active" in _run("campaign", "resume", number)
    assert "It is active" in _run("campaign", "show", number)
    assert "It was cancelled" in _run("campaign", "cancel", number)
    with pytest.raises(DomainError, match="cannot be resumed"):
        _run("campaign", "resume", number)
    assert ledger.is_settled(number)


def test_schedule_says_the_instant_and_unschedule_takes_it_back(number: int) -> None:
    said = _run("campaign", "schedule", number, "--local", "2099-07-01T09:00", "--zone", "Asia/Kathmandu")
    assert said == "It launches at 2099-07-01 03:15:00 UTC.\n"
    assert "2099-07-01 09:00:00 in Asia/Kathmandu" in _run("campaign", "show", number)
    assert "draft" in _run("campaign", "unschedule", number)
    with pytest.raises(CommandError, match="not a time zone"):
        _run("campaign", "schedule", number, "--local", "2099-07-01T09:00", "--zone", "Mars")


def test_a_held_schedule_is_released(number: int) -> None:
    _run("campaign", "schedule", number, "--local", "2099-07-01T09:00", "--zone", "UTC")
    Campaign.objects.filter(pk=number).update(held_reason="It was late.")
    assert "It is scheduled and waits for a person. It was late." in _run("campaign", "show", number)
    assert "being frozen" in _run("campaign", "release", number)


def test_explain_finds_a_person_by_address_external_id_or_number(number: int) -> None:
    ana = make_people(1)[0]
    ana.external_id = "crm-7"
    ana.save()
    for known_as in (f" {ana.email.upper()} ", "crm-7", ana.pk):  # type: ignore[union-attr]
        said = _run("explain", "--contact", known_as, "--campaign", number)
        assert said.startswith("No: the campaign has not been launched")


def test_explain_tells_what_happened_in_order(number: int) -> None:
    campaign = Campaign.objects.get(pk=number)
    ana = campaign.lists.get().memberships.earliest("pk").contact
    for kind in ("deferred", "bounced"):
        DeliveryEvent.objects.create(
            kind=kind, message_id=1, contact_id=ana.pk, campaign_id=number, order_id=1, channel="email"
        )
    lines = _run("explain", "--contact", ana.pk, "--campaign", number).splitlines()
    assert [line.split("UTC  ")[1] for line in lines[1:]] == ["Message deferred.", "Message bounced."]
