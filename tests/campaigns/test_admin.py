"""Campaigns in the admin."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from campaigns import services
from campaigns.models import Campaign
from tests.factories import campaigns as make
from tests.factories.delivery import make_people

pytestmark = pytest.mark.django_db
LIST = "admin:campaigns_campaign_changelist"


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("operator"))
    return client


def _act(client: Client, name: str, *campaigns: Campaign, **more: str) -> str:
    data = {"action": name, "_selected_action": [str(one.pk) for one in campaigns], **more}
    return client.post(reverse(LIST), data, follow=True).content.decode()


def _page(client: Client, campaign: Campaign) -> str:
    return client.get(reverse("admin:campaigns_campaign_change", args=[campaign.pk])).content.decode()


def _form(campaign: Campaign, **changes: object) -> dict[str, object]:
    fields = ("name", "description", "purpose", "late_policy", "late_after_minutes")
    chosen = {f"{field}": getattr(campaign, f"{field}_id") or "" for field in ("brand", "sender", "template", "list")}
    lists = [one.pk for one in campaign.lists.all()]
    return {**{field: getattr(campaign, field) for field in fields}, **chosen, "lists": lists, **changes}


def test_every_table_has_its_page(operator: Client) -> None:
    make.launched()
    for model in ("campaign", "journeyversion", "step", "run", "enrolment", "enrolmentevent"):
        assert operator.get(reverse(f"admin:campaigns_{model}_changelist")).status_code == 200
        added = operator.get(reverse(f"admin:campaigns_{model}_add")).status_code
        assert added == (200 if model == "campaign" else 403)


def test_the_list_shows_audience_and_sent_in_a_fixed_number_of_queries(
    operator: Client, django_assert_max_num_queries: object
) -> None:
    for _ in range(3):
        make.launched()
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        page = operator.get(reverse(LIST)).content.decode()
    assert "field-audience" in page
    assert "field-sent" in page


def test_a_draft_is_added_and_edited_through_the_services(operator: Client) -> None:
    pattern = make.campaign()
    added = operator.post(reverse("admin:campaigns_campaign_add"), _form(pattern, name="Added"))
    assert added.status_code == 302
    campaign = Campaign.objects.get(name="Added")
    assert campaign.created_by == User.objects.get(username="operator")
    assert list(campaign.lists.all()) == list(pattern.lists.all())
    url = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    assert operator.post(url, _form(campaign, name="Edited", lists=[])).status_code == 302
    campaign.refresh_from_db()
    assert (campaign.name, campaign.lists.count()) == ("Edited", 0)


def test_what_is_launched_can_be_looked_at_but_not_edited_or_deleted(operator: Client) -> None:
    campaign = make.launched().campaign
    assert 'name="_save"' not in _page(operator, campaign)
    url = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    assert operator.post(url, _form(campaign, name="Edited")).status_code == 403
    assert operator.post(reverse("admin:campaigns_campaign_delete", args=[campaign.pk])).status_code == 403
    campaign.refresh_from_db()
    assert campaign.name != "Edited"


def test_the_page_says_what_is_missing(operator: Client) -> None:
    assert "Yes, nothing is missing." in _page(operator, make.campaign())
    page = _page(operator, services.create(by=None, name="Bare"))
    assert "Choose at least one segment or list to send to." in page
    assert "Choose the brand that sends this campaign." in page


def test_the_page_of_a_launched_campaign_has_its_account(operator: Client) -> None:
    page = _page(operator, make.launched().campaign)
    assert "its audience is being frozen" in page
    assert "0: it closes" in page
    assert "Ready to launch?" not in page


def test_the_explain_box_answers_by_address_and_keeps_it_out_of_the_query(operator: Client) -> None:
    contact = make_people(1)[0]
    campaign = make.campaign([contact])
    assert contact.email is not None
    assert "they would be in its audience" in _explain(operator, campaign, contact.email.upper())
    assert "There is no contact with this address." in _explain(operator, campaign, "nobody@example.com")
    assert "There is no contact" not in _explain(operator, campaign, "")
    assert _explain(operator, campaign, "<script>alert(1)</script>").count("<script>alert") == 0
    assert "nobody@example.com" not in _page(operator, campaign)


def _explain(operator: Client, campaign: Campaign, address: str) -> str:
    path = f"/admin/campaigns/campaign/{campaign.pk}/change/"
    answer = operator.post(path, {"explain": "1", "contact": address})
    assert answer.headers["Location"] == f"{path}#explain"
    return _page(operator, campaign)


def test_an_act_is_confirmed_with_numbers_before_it_is_done(operator: Client) -> None:
    campaign = make.campaign(make_people(4))
    page = _act(operator, "launch", campaign)
    assert "<td>4</td>" in page
    campaign.refresh_from_db()
    assert campaign.state == "draft"
    page = _act(operator, "launch", campaign, confirmed="Launch")
    assert "Launch: done for 1 of 1." in page
    campaign.refresh_from_db()
    assert campaign.state == "active"


def test_acts_on_several_report_each_that_failed(operator: Client) -> None:
    good, bare = make.campaign(), services.create(by=None, name="Bare")
    assert "Choose a message template." in _act(operator, "launch", good, bare)
    page = _act(operator, "launch", good, bare, confirmed="Launch")
    assert "Launch: done for 1 of 2." in page
    assert "Bare: " in page


@pytest.mark.parametrize(
    ("name", "state"), [("pause", "paused"), ("cancel", "cancelled"), ("clone", "active"), ("resume", "active")]
)
def test_what_operators_do(operator: Client, name: str, state: str) -> None:
    campaign = make.launched().campaign
    if name == "resume":
        services.pause(campaign, by=None)
    _act(operator, name, campaign, confirmed="Yes")
    campaign.refresh_from_db()
    assert campaign.state == state
    assert Campaign.objects.count() == (2 if name == "clone" else 1)


def test_a_schedule_asks_for_the_time_and_its_zone(operator: Client) -> None:
    campaign = make.campaign()
    assert 'name="zone"' in _act(operator, "schedule", campaign)
    page = _act(operator, "schedule", campaign, confirmed="Schedule", local="2099-07-01T09:00", zone="Mars")
    assert "not a time zone" in page
    assert "This field is required" in _act(operator, "schedule", campaign, confirmed="Schedule", local="", zone="UTC")
    _act(operator, "schedule", campaign, confirmed="Schedule", local="2099-07-01T09:00", zone="Europe/Berlin")
    campaign.refresh_from_db()
    assert (campaign.state, campaign.scheduled_local) == ("scheduled", "2099-07-01T09:00:00")
    assert "It launches at 2099-07-01 09:00:00 in Europe/Berlin" in _page(operator, campaign)
    _act(operator, "unschedule", campaign, confirmed="Unschedule")
    _act(operator, "archive", campaign, confirmed="Archive")
    campaign.refresh_from_db()
    assert campaign.archived_at is not None


def test_acts_are_offered_where_they_can_succeed(operator: Client) -> None:
    page = _page(operator, make.launched().campaign)
    offered = {name for name in ("launch", "pause", "resume", "cancel", "clone") if f'value="{name}"' in page}
    assert offered == {"pause", "cancel", "clone"}


def test_launching_needs_its_own_permission(client: Client) -> None:
    author = User.objects.create_user("author", is_staff=True)
    author.user_permissions.set(Permission.objects.filter(codename__in=["change_campaign", "view_campaign"]))
    client.force_login(author)
    campaign = make.campaign()
    assert 'value="launch"' not in _page(client, campaign)
    _act(client, "launch", campaign, confirmed="Launch")
    campaign.refresh_from_db()
    assert campaign.state == "draft"
    author.user_permissions.add(Permission.objects.get(codename="launch_campaign"))
    _act(client, "launch", campaign, confirmed="Launch")
    campaign.refresh_from_db()
    assert campaign.state == "active"
