"""The campaign's message on its page: as somebody of the audience gets it, as whom one asks for, as nobody known."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from campaigns import services
from campaigns.models import Campaign
from config.api.scopes import SCOPES
from config.lib import public_ids
from segments.models import Contact
from tests.factories import campaigns
from tests.factories.api import person
from tests.factories.segments import contact

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def campaign() -> Campaign:
    return campaigns.campaign()


def _at(campaign: Campaign) -> str:
    return f"/campaigns/{public_ids.encode('campaign', campaign.pk)}/look"


def _frame(client: Client, answer: str) -> str:
    found = re.search(r'<iframe src="([^"]+)"', answer)
    assert found
    return client.get(found[1]).content.decode()


def test_it_is_shown_as_the_first_of_the_audience_and_as_the_next(client: Client, campaign: Campaign) -> None:
    client.force_login(person("admin"))
    first, second = Contact.objects.exclude(email=None).order_by("pk")[:2]
    Contact.objects.filter(pk=first.pk).update(first_name="Zora")
    Contact.objects.filter(pk=second.pk).update(first_name="Yann")
    page = client.get(_at(campaign), headers=HTMX).content.decode()
    assert "As Zora gets it" in page
    assert campaign.brand
    assert "Your brand" not in _frame(client, page)
    after = public_ids.encode("contact", first.pk)
    assert "As Yann gets it" in client.post(_at(campaign), {"another": after}, headers=HTMX).content.decode()
    assert "As Yann gets it" in client.get(_at(campaign), headers=HTMX).content.decode()  # it is remembered


def test_it_is_shown_as_whom_one_asks_for_and_nonsense_is_answered_beside_the_field(
    client: Client, campaign: Campaign
) -> None:
    client.force_login(person("admin"))
    contact(email="far@example.com", first_name="Far")
    answer = client.post(_at(campaign), {"contact": "far@example.com"})
    assert "As Far gets it" in answer.content.decode()  # a page of its own without script
    for asked, words in (("x", "email address"), ("nobody@example.com", "There is no contact"), ("", "required")):
        answer = client.post(_at(campaign), {"contact": asked}, headers=HTMX)
        assert answer.status_code == 422
        assert words in answer.content.decode()


def test_who_may_not_see_people_sees_a_made_up_one(client: Client, campaign: Campaign) -> None:
    reader = person("nobody")
    codes = [one.partition(".")[2] for scope in ("campaigns:read", "templates:read") for one in SCOPES[scope]]
    wanted = Permission.objects.filter(codename__in=codes)
    reader.user_permissions.set(wanted)
    client.force_login(reader)
    page = client.get(_at(campaign), headers=HTMX).content.decode()
    assert "As a made-up person gets it" in page
    assert 'name="contact"' not in page


def test_after_a_launch_it_is_the_version_that_went_out(client: Client, campaign: Campaign) -> None:
    client.force_login(person("admin"))
    services.launch(campaign, by=None, at=timezone.now())
    assert campaign.template
    assert campaign.template.current
    page = client.get(_at(campaign), headers=HTMX).content.decode()
    assert f"version {campaign.template.current.number}" in page
