"""Lists, as a marketer meets them."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from config.lib import public_ids
from segments.models import ContactList
from segments.selectors import lists as selectors
from tests.factories import segments as make

pytestmark = pytest.mark.django_db
LISTS = "/audience/lists"


def place(one: ContactList, then: str = "") -> str:
    return f"{LISTS}/{public_ids.encode('list', one.pk)}{then}"


def test_lists_say_how_many_are_on_them_in_few_questions(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        make.contact_list(people=[make.contact() for _ in range(number)])
    monkeypatch.setattr(selectors, "COUNTED", 3)
    monkeypatch.setattr("segments.views.lists.COUNTED", 3)
    with django_assert_num_queries(5):
        page = admin_client.get(LISTS).content.decode()
    assert "more than 3" in page
    assert "5 lists" in page


def test_a_list_is_made_changed_archived_and_brought_back(admin_client: Client) -> None:
    assert admin_client.post(f"{LISTS}/new", {"name": " "}).status_code == 422
    admin_client.post(f"{LISTS}/new", {"name": "News  letter", "is_seed": "on"})
    made = ContactList.objects.get()
    assert (made.name, made.is_seed) == ("News letter", True)
    again = admin_client.post(f"{LISTS}/new", {"name": "News letter"})
    assert "There is a list named News letter already" in again.content.decode()
    version = admin_client.get(place(made, "/edit")).context["form"]["version"].value()
    admin_client.post(
        place(made, "/edit"),
        {"name": "Guests", "public_name": " Our  guests ", "description": "2024", "version": version},
    )
    made.refresh_from_db()
    assert (made.name, made.public_name, made.description, made.is_seed) == ("Guests", "Our guests", "2024", False)
    late = admin_client.post(place(made, "/edit"), {"name": "Late", "version": version})
    assert "Somebody else changed this list" in late.content.decode()
    admin_client.post(place(made, "/archive"))
    made.refresh_from_db()
    assert made.archived_at is not None
    admin_client.post(place(made, "/archive"))
    made.refresh_from_db()
    assert not ContactList.objects.exclude(archived_at=None).exists()


def test_people_are_taken_off_their_list_and_stay_contacts(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ana, ben = make.contact(), make.contact()
    news = make.contact_list("News", [ana, ben])
    with django_assert_num_queries(11):
        assert "2 contacts" in admin_client.get(place(news)).content.decode()
    row = public_ids.encode("contact", ana.pk)
    outsider = public_ids.encode("contact", make.contact().pk)
    done = admin_client.post(place(news), {"action": "off", "row": [row, outsider]}, follow=True)
    assert "1 contact is off the list" in done.content.decode()
    assert [one.contact for one in news.memberships.all()] == [ben]


def test_a_list_becomes_a_file(admin_client: Client) -> None:
    news = make.contact_list("News", [make.contact()])
    page = admin_client.get(f"/results/exports/new/list/{public_ids.encode('list', news.pk)}")
    assert "Export News" in page.content.decode()
    done = admin_client.post(page.request["PATH_INFO"], {"format": "xlsx"}, follow=True)
    assert "Being written" in done.content.decode()
    assert "News" in admin_client.get("/results/exports").content.decode()
    assert admin_client.post(page.request["PATH_INFO"], {"format": "pdf"}).status_code == 422
    assert admin_client.get(page.request["PATH_INFO"].replace("/list/", "/campaign/")).status_code == 404
