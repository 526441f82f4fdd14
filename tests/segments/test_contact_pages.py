"""Contacts, as a marketer meets them."""

from urllib.parse import unquote

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from analytics import exports
from analytics.models import Export
from compliance.models import AuditEntry, Suppression
from config.lib import public_ids
from segments.models import BulkJob, Contact, ContactList
from segments.selectors.contacts import find_contacts, first_found
from segments.services import bulk
from segments.services.attributes import register_attribute
from segments.suppressed import standings
from segments.views import contacts
from tests.factories import api
from tests.factories import segments as make

pytestmark = pytest.mark.django_db
CONTACTS = "/audience/contacts"


def ident(one: Contact) -> str:
    return public_ids.encode("contact", one.pk)


def list_id(one: ContactList) -> str:
    return public_ids.encode("list", one.pk)


def shown(client: Client, query: str = "") -> list[Contact]:
    return [line.row for line in client.get(f"{CONTACTS}{query}").context["lines"]]


def searched(client: Client, words: str) -> str:
    return str(client.post(f"{CONTACTS}/search", {"q": words}).headers["Location"])


@pytest.fixture
def ana() -> Contact:
    register_attribute(name="score", type="number")
    register_attribute(name="vip", type="boolean")
    register_attribute(name="tags", type="list")
    register_attribute(name="born", type="date")
    return make.contact(
        email="ana@example.test", first_name="Ana", last_name="Silva", phone="+351912345678", external_id="c-1",
        country="PT", attributes={"score": 3, "vip": True, "tags": ["a", "b"]},
    )  # fmt: skip


def test_contacts_ask_few_questions_however_many_there_are(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(60):
        make.contact()
    # session, person, the time limit set and reset, rows, count, lists, segments, countries, imports, lists to add to,
    # attributes to change
    with django_assert_num_queries(14):
        page = admin_client.get(CONTACTS).content.decode()
    assert "60 contacts" in page


@pytest.mark.parametrize("words", ["ana@example.test", "an", "SIL", "ana sil", "+351 912", "c-1", "00351912345678"])
def test_somebody_is_found_by_the_beginning_of_what_one_knows(admin_client: Client, ana: Contact, words: str) -> None:
    make.contact(email="ben@example.test", first_name="Ben")
    place = searched(admin_client, words)
    assert words not in unquote(place)
    page = admin_client.get(place)
    assert [line.row for line in page.context["lines"]] == [ana]
    assert page.context["page"].chips[0].words == words


def test_a_search_keeps_the_filters_beside_it_and_forgets_nonsense(admin_client: Client, ana: Contact) -> None:
    make.contact(first_name="Ana", country="ES")
    place = admin_client.post(f"{CONTACTS}/search", {"q": "ana", "country": "PT", "list": ""}).headers["Location"]
    assert "country=PT" in place
    assert [line.row for line in admin_client.get(place).context["lines"]] == [ana]
    assert len(shown(admin_client, "?q=nonsense")) == 2
    assert admin_client.post(f"{CONTACTS}/search", {"q": " \x00"}).headers["Location"] == CONTACTS


def test_filters_narrow_and_a_list_that_is_gone_fits_nobody(admin_client: Client, ana: Contact) -> None:
    news = make.contact_list("News", [ana])
    make.contact(email="ben@example.test")
    none = make.contact(email=None)
    assert shown(admin_client, f"?list={list_id(news)}") == [ana]
    assert shown(admin_client, "?mail=none") == [none]
    assert shown(admin_client, f"?list={public_ids.encode('list', 999)}") == []
    assert shown(admin_client, "?segment=nonsense") == []


def test_the_suppressed_are_told_from_those_who_get_mail(admin_client: Client, ana: Contact) -> None:
    ben = make.contact(email="ben@example.test")
    assert shown(admin_client, "?mail=yes") == [ben, ana]
    chosen = {"action": "suppress", "row": [ident(ana)], "note": "asked on the phone"}
    assert "1 address is suppressed" in admin_client.post(CONTACTS, chosen, follow=True).content.decode()
    assert (shown(admin_client, "?mail=no"), shown(admin_client, "?mail=yes")) == ([ana], [ben])
    page = admin_client.get(f"{CONTACTS}/{ident(ana)}").content.decode()
    assert "Suppressed by hand" in page
    assert "all mail" in page
    assert "asked on the phone" in page
    assert [str(one.reason) for one in standings(ana.email)] == ["Suppressed by hand"]


def test_nobody_is_suppressed_without_a_reason_or_a_role(client: Client, ana: Contact) -> None:
    client.force_login(User.objects.create_superuser("olga", "olga@example.test", "x"))
    client.post(CONTACTS, {"action": "suppress", "row": [ident(ana)], "note": " "})
    client.force_login(api.person("author"))
    assert client.post(CONTACTS, {"action": "suppress", "row": [ident(ana)], "note": "x"}).status_code == 404
    assert not Suppression.objects.exists()


def test_those_that_are_ticked_go_onto_a_list_or_into_a_file(admin_client: Client, ana: Contact) -> None:
    news = make.contact_list("News")
    make.contact()
    page = admin_client.post(CONTACTS, {"action": "list", "row": [ident(ana)], "to_list": list_id(news)}, follow=True)
    assert "1 added to News" in page.content.decode()
    assert news.memberships.get().contact == ana
    asked = admin_client.post(CONTACTS, {"action": "export", "row": [ident(ana)]}, follow=True)
    assert "Being written" in asked.content.decode()
    export = exports.carry_out(Export.objects.get().pk, at=timezone.now())
    assert (export.state, export.rows) == ("completed", 1)
    again = admin_client.get(asked.redirect_chain[-1][0]).content.decode()
    assert "Download" in again
    admin_client.post(f"{CONTACTS}?country=PT", {"action": "export", "everything": "1"})
    bulk.carry_on(BulkJob.objects.latest("pk").pk, at=timezone.now())
    assert exports.carry_out(Export.objects.latest("pk").pk, at=timezone.now()).rows == 1


def test_a_contact_shows_profile_lists_and_past(
    admin_client: Client, ana: Contact, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make.contact_list("News", [ana])
    with django_assert_num_queries(19):
        page = admin_client.get(f"{CONTACTS}/{ident(ana)}").content.decode()
    for words in ("Ana Silva", "ana@example.test", "+351912345678", "a, b", "Put on the list News"):
        assert words in page, words


def test_a_profile_is_edited_by_type_and_faults_stand_beside_their_fields(admin_client: Client, ana: Contact) -> None:
    place = f"{CONTACTS}/{ident(ana)}/edit"
    form = admin_client.get(place).context["form"]
    typed = {name: form[name].value() for name in form.fields}
    wrong = {
        **typed,
        "email": "no address",
        "attribute_score": "many",
        "attribute_born": "31.2.2024",
        "country": "Atlantis",
    }
    page = admin_client.post(place, wrong)
    assert page.status_code == 422
    assert set(page.context["form"].errors) == {"email", "attribute_score", "attribute_born", "country"}
    assert 'value="many"' in page.content.decode()
    right = {**typed, "attribute_score": "4.5", "attribute_vip": "", "attribute_tags": "b\nc\n", "country": "Spain",
             "attribute_born": "1990-01-31"}  # fmt: skip
    assert admin_client.post(place, right).status_code == 302
    ana.refresh_from_db()
    assert ana.country == "ES"
    assert ana.attributes == {"score": 4.5, "tags": ["b", "c"], "born": "1990-01-31"}
    entry = AuditEntry.objects.get(action="contact_changed")
    assert entry.changes == {"fields": ["born", "country", "score", "tags", "vip"]}
    assert "Profile changed" in admin_client.get(f"{CONTACTS}/{ident(ana)}").content.decode()


def test_of_two_tabs_the_second_overwrites_nothing(admin_client: Client, ana: Contact) -> None:
    place = f"{CONTACTS}/{ident(ana)}/edit"
    form = admin_client.get(place).context["form"]
    typed = {name: form[name].value() for name in form.fields}
    assert admin_client.post(place, {**typed, "first_name": "Anna"}).status_code == 302
    late = admin_client.post(place, {**typed, "last_name": "Souza"})
    assert late.status_code == 422
    assert "Somebody else changed this contact" in late.content.decode()
    assert 'value="Souza"' in late.content.decode()
    ana.refresh_from_db()
    assert (ana.first_name, ana.last_name) == ("Anna", "Silva")


def test_somebody_new_needs_something_to_be_recognised_by(admin_client: Client, ana: Contact) -> None:
    page = admin_client.post(f"{CONTACTS}/new", {"first_name": "Ben"})
    assert page.status_code == 422
    assert "give external_id or email" in page.content.decode().lower().replace("give external id", "give external_id")
    taken = admin_client.post(f"{CONTACTS}/new", {"email": "ANA@example.test"})
    assert list(taken.context["form"].errors) == ["email"]
    huge = admin_client.post(f"{CONTACTS}/new", {"email": "x" * 1_000_000})
    assert list(huge.context["form"].errors) == ["email"]
    assert admin_client.post(f"{CONTACTS}/new", {"email": "ben@example.test"}).status_code == 302
    assert Contact.objects.filter(email="ben@example.test").exists()


def test_one_contact_goes_on_lists_and_off(admin_client: Client, ana: Contact) -> None:
    news = make.contact_list("News")
    place = f"{CONTACTS}/{ident(ana)}/lists"
    admin_client.post(place, {"add": list_id(news)})
    assert news.memberships.count() == 1
    admin_client.post(place, {"remove": list_id(news)})
    assert not news.memberships.exists()
    assert "Choose a list first" in admin_client.post(place, {"add": ""}, follow=True).content.decode()


@pytest.mark.parametrize("path", ["", "/new", "/{}", "/{}/edit"])
def test_pages_of_contacts_are_closed_to_who_may_not_see_them(client: Client, ana: Contact, path: str) -> None:
    client.force_login(User.objects.create_user("nobody"))
    assert client.get(f"{CONTACTS}{path.format(ident(ana))}").status_code == 403


@pytest.mark.parametrize("words", ["ana", "ana@example.test", "+3519", "ma s"])
def test_a_search_looks_into_indexes_only(words: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = find_contacts(words).explain()
    assert "Seq Scan" not in plan
    assert "BitmapOr" in plan


@pytest.mark.parametrize("words", ["an", "ana@example.test", "c-1", "+351 912", "SIL", "ana sil", "s a", "no body"])
def test_the_first_found_are_found_by_each_index_and_no_other(ana: Contact, words: str) -> None:
    for number in range(5):
        make.contact(email=f"anton{number}@example.test", first_name="Anton", external_id=f"c-1{number}")
    assert set(first_found(words, 100)) == set(find_contacts(words).values_list("pk", flat=True))
    assert len(first_found(words, 2)) == min(2, find_contacts(words).count())


def test_a_search_that_finds_very_many_says_so(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contacts, "_FOUND", 3)
    for number in range(5):
        make.contact(first_name="Anton", country="PT" if number else "ES")
    place = searched(admin_client, "ant")
    page = admin_client.get(place)
    assert len(page.context["lines"]) == 3
    assert page.context["total"].more
    assert len(shown(admin_client, f"{place.removeprefix(CONTACTS)}&country=PT")) == 4
