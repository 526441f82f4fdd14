"""The pages of campaigns: list, calendar, builder, review and launch, the page of one."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from campaigns import services
from campaigns.models import Campaign
from compliance.models import AuditEntry
from config.api.endpoints import etag
from config.lib import public_ids
from delivery.models import DeadLetter
from segments.models import Contact
from segments.services.segments import create_segment
from tests.factories import campaigns
from tests.factories.api import person
from tests.factories.delivery import make_people

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def ana(client: Client) -> User:
    made = person("admin")
    client.force_login(made)
    return made


def _at(campaign: Campaign, page: str = "") -> str:
    return f"/campaigns/{public_ids.encode('campaign', campaign.pk)}{page}"


def _schedule(campaign: Campaign, **given: Any) -> dict[str, Any]:
    return {"version": etag(campaign), "when": "now", "late_policy": "hold", "late_after_minutes": 30, **given}


def _now(campaign: Campaign) -> Campaign:
    return Campaign.objects.get(pk=campaign.pk)


def test_the_list_takes_the_same_few_queries_however_long_it_is(
    client: Client, ana: User, django_assert_num_queries: Any
) -> None:
    for _ in range(12):
        campaigns.campaign([])
    client.get("/campaigns")
    with django_assert_num_queries(6):  # session, user, two for what they may, rows, count
        page = client.get("/campaigns").content.decode()
    assert page.count("data-open") == 12


def test_the_list_is_narrowed_by_state_and_words(client: Client, ana: User) -> None:
    held = campaigns.campaign([])
    Campaign.objects.filter(pk=held.pk).update(state="scheduled", scheduled_at=timezone.now(), held_reason="late")
    campaigns.campaign([], name="Spring sale")
    assert "Spring sale" not in client.get("/campaigns?state=held").content.decode()
    assert held.name in client.get("/campaigns?state=held").content.decode()
    assert held.name not in client.get("/campaigns?q=spring").content.decode()


def test_what_is_still_going_out_is_not_archived_with_the_rest(client: Client, ana: User) -> None:
    draft, live = campaigns.campaign([]), campaigns.campaign()
    services.launch(live, by=None, at=timezone.now())
    rows = [public_ids.encode("campaign", one.pk) for one in (draft, live)]
    client.post("/campaigns", {"action": "archive", "row": rows})
    assert (_now(draft).archived_at is None, _now(live).archived_at is None) == (False, True)


@pytest.mark.parametrize("month", ["", "2026-12", "0000-00", "x" * 5000, "9999-12"])
def test_the_calendar_shows_a_month_for_whatever_is_asked(client: Client, ana: User, month: str) -> None:
    campaign = campaigns.campaign([], name="Advent")
    due = timezone.now().replace(day=15)
    Campaign.objects.filter(pk=campaign.pk).update(scheduled_at=due)
    page = client.get("/campaigns/calendar", {"month": month}).content.decode()
    assert ("Advent" in page) == (month != "2026-12" or due.strftime("%Y-%m") == "2026-12")


def test_each_change_is_saved_and_can_be_taken_back_and_made_again(client: Client, ana: User) -> None:
    campaign = campaigns.campaign([])
    other = campaigns.listed(make_people(2))
    before = campaign.lists.get()
    answer = client.post(_at(campaign, "/audience"), {"version": etag(campaign), "lists": [other.pk]}, headers=HTMX)
    assert "Saved at" in answer.content.decode()
    assert list(campaign.lists.all()) == [other]
    client.post(_at(campaign, "/take-back/undo"), {"version": etag(_now(campaign)), "here": "audience"})
    assert list(campaign.lists.all()) == [before]
    client.post(_at(campaign, "/take-back/redo"), {"version": etag(_now(campaign)), "here": "audience"})
    assert list(campaign.lists.all()) == [other]
    assert AuditEntry.objects.filter(action="campaign_changed", object_id=campaign.pk).count() == 3


def test_a_second_tab_is_told_and_overwrites_nothing(client: Client, ana: User) -> None:
    campaign = campaigns.campaign([])
    seen = etag(campaign)
    services.edit(campaign, by=None, budget=Decimal(5))
    answer = client.post(_at(campaign, "/schedule"), _schedule(campaign, version=seen, budget="7"), headers=HTMX)
    assert answer.status_code == 409
    assert "another tab" in answer.content.decode()
    assert _now(campaign).budget == 5


def test_nonsense_in_every_field_is_told_beside_it_and_kept(client: Client, ana: User) -> None:
    campaign = campaigns.campaign([])
    nonsense = dict.fromkeys(("when", "late_policy", "late_after_minutes", "rate_per_minute", "budget",
                              "expires_after_hours", "scheduled_local", "scheduled_zone"), "ﷺ\x00nonsense")  # fmt: skip
    answer = client.post(_at(campaign, "/schedule"), {"version": etag(campaign), **nonsense})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count('class="field-error"') == len(nonsense)
    assert page.count("nonsense") >= 5
    for step in ("audience", "content"):
        fields = dict.fromkeys(("lists", "segments", "sender", "template", "purpose", "list"), "x" * 100_000)
        assert client.post(_at(campaign, f"/{step}"), {"version": etag(campaign), **fields}).status_code == 422


@pytest.mark.parametrize(
    ("local", "zone", "words"),
    [("2020-01-01T09:00", "Europe/Berlin", "past"), ("2099-01-01T09:00", "Europe", "is not a time zone"),
     ("soon", "Europe/Berlin", "is not a local time"), ("", "", "Say when"), ("9999-12-31T23:59", "Etc/GMT+12", "")],
)  # fmt: skip
def test_a_time_that_cannot_be_meant_is_told(client: Client, ana: User, local: str, zone: str, words: str) -> None:
    campaign = campaigns.campaign([])
    given = _schedule(campaign, when="at", scheduled_local=local, scheduled_zone=zone)
    answer = client.post(_at(campaign, "/schedule"), given)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert _now(campaign).scheduled_at is None


def test_the_review_says_who_gets_it_and_the_button_says_how_many(client: Client, ana: User) -> None:
    people = [*make_people(3), *Contact.objects.bulk_create([Contact(external_id="no mail")])]
    page = client.get(_at(campaigns.campaign(people), "/review/facts")).content.decode()
    assert "Send to 3 people" in page
    assert "They have no mail address" in page


def test_the_review_names_what_blocks_with_the_place_to_mend_it(client: Client, ana: User) -> None:
    campaign = campaigns.campaign(lists=[], sender=None)
    page = client.get(_at(campaign, "/review/facts")).content.decode()
    assert "Send to" not in page
    for step in ("audience", "content"):
        assert f'href="{_at(campaign, f"/{step}")}"' in page
    client.post(_at(campaign, "/launch"), {"version": etag(campaign)})
    assert _now(campaign).state == "draft"


def test_a_launch_can_be_taken_back_before_it_goes_out(client: Client, ana: User) -> None:
    campaign = campaigns.campaign()
    page = client.post(_at(campaign, "/launch"), {"version": etag(campaign)}, follow=True).content.decode()
    launched = _now(campaign)
    assert launched.state == "scheduled"
    assert launched.scheduled_at
    assert timedelta(seconds=5) < launched.scheduled_at - timezone.now() < timedelta(seconds=12)
    assert _at(campaign, "/take-back") in page
    client.post(_at(campaign, "/take-back"))
    assert (_now(campaign).state, _now(campaign).scheduled_at) == ("draft", None)


def test_a_schedule_taken_back_keeps_its_time(client: Client, ana: User) -> None:
    campaign = campaigns.campaign()
    given = _schedule(campaign, when="at", scheduled_local="2098-05-01T09:00", scheduled_zone="Europe/Berlin")
    client.post(_at(campaign, "/schedule"), given)
    client.post(_at(campaign, "/launch"), {"version": etag(_now(campaign))})
    assert _now(campaign).state == "scheduled"
    client.post(_at(campaign, "/take-back"))
    kept = _now(campaign)
    assert (kept.state, kept.scheduled_local, kept.scheduled_zone) == ("draft", "2098-05-01T09:00:00", "Europe/Berlin")


def test_what_was_changed_since_the_review_is_not_launched(client: Client, ana: User) -> None:
    campaign = campaigns.campaign()
    seen = etag(campaign)
    services.edit(campaign, by=None, budget=Decimal(5))
    client.post(_at(campaign, "/launch"), {"version": seen})
    assert _now(campaign).state == "draft"


def test_acts_do_what_they_say_and_are_written_down(client: Client, ana: User) -> None:
    campaign = campaigns.campaign()
    services.launch(campaign, by=None, at=timezone.now())
    for act, state in (("pause", "paused"), ("resume", "active"), ("cancel", "cancelled")):
        client.post(_at(campaign, f"/do/{act}"))
        assert _now(campaign).state == state
    page = client.get(_at(campaign, "/timeline")).content.decode()
    assert "cancelled it" in page
    assert ana.username in page


def test_limits_are_changed_under_way(client: Client, ana: User) -> None:
    campaign = campaigns.campaign()
    services.launch(campaign, by=None, at=timezone.now())
    client.post(_at(campaign, "/adjust"), {"rate_per_minute": "120", "budget": ""})
    assert _now(campaign).rate_per_minute == 120
    client.post(_at(campaign, "/adjust"), {"rate_per_minute": "-1"})
    assert _now(campaign).rate_per_minute == 120


def test_the_page_of_one_takes_few_queries(client: Client, ana: User, django_assert_max_num_queries: Any) -> None:
    campaign = campaigns.campaign()
    services.launch(campaign, by=None, at=timezone.now())
    client.get(_at(campaign))
    with django_assert_max_num_queries(20):
        assert client.get(_at(campaign)).status_code == 200


def test_the_segments_that_ask_for_its_audience_are_named(client: Client, ana: User) -> None:
    campaign = campaigns.campaign()
    services.launch(campaign, by=None, at=timezone.now())
    asked = {"field": "campaign", "operator": "in", "value": [public_ids.encode("campaign", campaign.pk)]}
    create_segment(name="Got the spring letter", criteria={"conditions": [asked]}, by=None)
    assert "Got the spring letter" in client.get(_at(campaign)).content.decode()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("x", "email address"),
        ("nobody@example.com", "There is no contact"),
        ("\x00", "Null characters"),
        ("", "required"),
    ],
)
def test_why_somebody_got_nothing_is_asked_by_post(client: Client, ana: User, asked: str, words: str) -> None:
    campaign = campaigns.campaign()
    services.launch(campaign, by=None, at=timezone.now())
    answer = client.post(_at(campaign), {"contact": asked}, headers=HTMX)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    known = Contact.objects.order_by("pk")[0]
    assert "Not yet" in client.post(_at(campaign), {"contact": known.email}, headers=HTMX).content.decode()


def test_dead_letters_are_told_by_reason_in_words_and_sent_after_all(client: Client, ana: User) -> None:
    run = campaigns.launched()
    letter = DeadLetter.objects.create(
        message_id=1, order_id=1, campaign_id=run.campaign_id, contact_id=1, reason="render_error", fingerprint="f",
        error="no such filter", attempts=1,
    )  # fmt: skip
    page = client.get(_at(run.campaign, "/problems")).content.decode()
    assert "The template could not be filled in for them" in page
    client.post(_at(run.campaign, "/after-all/drop"), {"reason": "render_error", "fingerprint": "f"})
    letter.refresh_from_db()
    assert letter.resolution == "dropped"


@pytest.mark.parametrize("page", ["/launch", "/do/pause", "/do/archive", "/clone", "/take-back", "/after-all/replay"])
def test_who_may_only_look_changes_nothing(client: Client, page: str) -> None:
    client.force_login(person("viewer"))
    campaign = campaigns.campaign()
    assert client.post(_at(campaign, page)).status_code == 403
    assert client.get(_at(campaign, "/audience")).status_code == 200
    assert _now(campaign).archived_at is None


def test_the_figures_of_a_campaign_are_a_part_of_its_page(client: Client, ana: User) -> None:
    page = client.get(_at(campaigns.launched().campaign, "/figures")).content.decode()
    assert "Opened by people" in page


def test_what_blocks_is_mended_where_it_is(client: Client, ana: User) -> None:
    """The brand and the template have pages of their own."""
    campaign = campaigns.campaign(template=campaigns.template("<p>{{ nobody_knows }}</p>"))
    assert campaign.brand
    campaign.brand.legal_name = ""
    campaign.brand.save()
    page = client.get(_at(campaign, "/review/facts")).content.decode()
    assert f"/settings/brands/{public_ids.encode('brand', campaign.brand.pk)}" in page
    assert f"/content/templates/{public_ids.encode('template', campaign.template_id or 0)}" in page
