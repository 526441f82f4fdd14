"""What operators decide about messages that ended badly, in the admin."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from campaigns.models import Campaign
from compliance.models import AuditEntry
from delivery.models import DeadLetter, Message
from tests.campaigns.test_after_all_api import _campaign
from tests.factories.api import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", "root@example.com", "x"))
    return client


def _page(campaign: Campaign) -> str:
    return reverse("admin:campaigns_campaign_change", args=[campaign.pk])


def _post(client: Client, campaign: Campaign, deed: str, **given: str) -> str:
    return client.post(_page(campaign), {"after_all": deed, **given}, follow=True).content.decode()


def test_the_page_of_a_campaign_shows_its_faults_and_replays_them(operator: Client) -> None:
    campaign, _ = _campaign()
    page = operator.get(_page(campaign)).content.decode()
    assert "550 no" in page
    letter = DeadLetter.objects.earliest("pk")
    assert "Done for 2 messages." in _post(operator, campaign, "replay", fingerprint=letter.fingerprint)
    assert set(Message.objects.values_list("state", flat=True)) == {"ready"}
    assert AuditEntry.objects.get(action="dead_letters_replayed").changes["messages"] == 2


def test_sending_to_the_rest_asks_first(operator: Client) -> None:
    campaign, _ = _campaign(2, "unknown", "no_reply")
    assert "Say that you know" in _post(operator, campaign, "send_again")
    assert "Done for 2 messages." in _post(operator, campaign, "send_again", may_arrive_twice="on")
    assert set(Message.objects.values_list("state", flat=True)) == {"ready"}


def test_who_may_not_launch_decides_nothing() -> None:
    campaign, _ = _campaign(2, "unknown", "no_reply")
    client = Client()
    client.force_login(person("author"))
    assert "Mark as sent" not in client.get(_page(campaign)).content.decode()
    assert client.post(_page(campaign), {"after_all": "mark_sent"}).status_code == 403
    assert set(Message.objects.values_list("state", flat=True)) == {"unknown"}


@pytest.mark.parametrize(("action", "resolution"), [("replay", "replayed"), ("drop", "dropped")])
def test_dead_letters_are_chosen_from_the_list(operator: Client, action: str, resolution: str) -> None:
    _campaign(1)
    _campaign(1)
    page = reverse("admin:delivery_deadletter_changelist")
    assert "the server refused us as the sender" in operator.get(page).content.decode()
    chosen = list(DeadLetter.objects.values_list("pk", flat=True))
    operator.post(page, {"action": action, "_selected_action": chosen})
    assert list(DeadLetter.objects.values_list("resolution", flat=True)) == [resolution] * 2
    assert AuditEntry.objects.filter(action=f"dead_letters_{resolution}").count() == 2


def test_what_a_campaign_cannot_do_is_refused_before_it_is_confirmed(operator: Client) -> None:
    campaign, _ = _campaign()
    Campaign.objects.update(state="completed")
    data = {"action": "launch", "_selected_action": [campaign.pk]}
    page = operator.post(reverse("admin:campaigns_campaign_changelist"), data).content.decode()
    assert "A campaign that is completed cannot be launched" in page
    assert 'name="confirmed"' not in page
