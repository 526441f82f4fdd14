"""Imports and people in the admin, as an operator meets them."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from segments.models import Attribute, Contact, ContactList, Import
from segments.services.attributes import register_attribute
from segments.services.imports import carry_on
from tests.factories import segments as make

pytestmark = pytest.mark.django_db

DATA = "E-Mail;Name;Punkte;Notiz\nana@example.test;Zoë;3;<script>\nwrong;;;\n".encode("cp1252")


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("olga", "olga@example.test", "x"))
    return client


def upload(client: Client, data: bytes = DATA, **options: str) -> Any:
    file = SimpleUploadedFile("people.csv", data, "text/csv")
    return client.post(reverse("admin:segments_import_add"), {"file": file, **options}, follow=True)


def page(import_: Import) -> str:
    return reverse("admin:segments_import_change", args=[import_.pk])


def test_an_import_goes_from_upload_to_people_in_the_admin(operator: Client) -> None:
    news = make.contact_list("News")
    shown = upload(operator).content.decode()
    import_ = Import.objects.get()
    assert import_.created_by == User.objects.get()
    assert "cp1252" in shown
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown.replace("<script src", "")
    mapping = {"column_0": "email", "column_1": "first_name", "column_2": "attribute:punkte:number", "column_3": ""}
    chosen = {"check": "1", **mapping, "update_policy": "fill_blanks", "default_region": "de", "to_list": news.pk}
    assert "%" in operator.post(page(import_), chosen, follow=True).content.decode()
    carry_on(import_.pk, at=timezone.now())
    checked = operator.get(page(import_)).content.decode()
    assert "nothing is written yet" in checked
    assert "Run the import" in checked
    operator.post(page(import_), {"run": "1"})
    carry_on(import_.pk, at=timezone.now())
    assert "Completed" in operator.get(page(import_)).content.decode()
    ana = Contact.objects.get()
    assert (ana.first_name, ana.attributes) == ("Zoë", {"punkte": 3})
    assert news.memberships.get().contact == ana
    people = reverse("admin:segments_contact_changelist") + f"?import={import_.pk}"
    assert people in operator.get(page(import_)).content.decode()
    make.contact(email="other@example.test")
    assert "other@example.test" not in operator.get(people).content.decode()
    assert "ana@example.test" in operator.get(people).content.decode()
    listed = operator.get(reverse("admin:segments_import_changelist")).content.decode()
    assert "1 new, 1 invalid" in listed
    errors = operator.get(reverse("admin:segments_import_errors", args=[import_.pk]))
    assert "wrong" in b"".join(errors.streaming_content).decode()  # type: ignore[attr-defined]
    assert "errors.csv" in errors["Content-Disposition"]


@pytest.mark.parametrize(
    ("data", "options", "words"),
    [
        (b"PK\x03\x04", {}, "CSV UTF-8"),
        (DATA, {"encoding": "utf-8"}, "Save it as UTF-8"),
        (DATA, {"delimiter": ","}, "separated by"),
        (b"x", {}, "nobody to import"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    operator: Client, data: bytes, options: dict[str, str], words: str
) -> None:
    assert words in upload(operator, data, **options).content.decode()
    assert not Import.objects.exists()


def test_a_mapping_that_cannot_be_meant_is_told(operator: Client) -> None:
    upload(operator)
    import_ = Import.objects.get()
    chosen = {"check": "1", "update_policy": "overwrite"}
    assert "nobody can be recognised" in operator.post(page(import_), chosen, follow=True).content.decode()
    nonsense = {**chosen, "column_0": "shoe_size"}
    assert "not one of the available choices" in operator.post(page(import_), nonsense).content.decode()
    elsewhere = {**chosen, "column_0": "email", "default_region": "Atlantis"}
    assert "no country" in operator.post(page(import_), elsewhere).content.decode()
    assert "only a checked one can run" in operator.post(page(import_), {"run": "1"}).content.decode()


def test_a_failed_import_shows_the_reason_and_can_be_prepared_again(operator: Client) -> None:
    data = b"email\n" + b"a@example.test\n" * 1100 + b'"open\n'
    upload(operator, data)
    import_ = Import.objects.get()
    operator.post(page(import_), {"check": "1", "column_0": "email", "update_policy": "overwrite"})
    carry_on(import_.pk, at=timezone.now())
    shown = operator.get(page(import_)).content.decode()
    assert "opens in line 1102" in shown
    assert "Check" in shown


def test_who_may_not_import_sees_no_page(client: Client) -> None:
    import_ = make.received(DATA)
    viewer = User.objects.create_user("vera", "vera@example.test", "x", is_staff=True)
    client.force_login(viewer)
    urls = [
        page(import_),
        reverse("admin:segments_import_add"),
        reverse("admin:segments_import_errors", args=[import_.pk]),
    ]
    assert [client.get(url).status_code for url in urls] == [404, 404, 404]
    viewer.user_permissions.add(Permission.objects.get(codename="view_import"))
    viewer = User.objects.get(pk=viewer.pk)
    client.force_login(viewer)
    assert client.get(page(import_)).status_code == 200
    client.post(page(import_), {"check": "1", "column_0": "email", "update_policy": "overwrite"})
    import_.refresh_from_db()
    assert import_.state == Import.State.UPLOADED
    assert client.get(reverse("admin:segments_import_change", args=[10**6])).status_code == 404


# People


def contact_form(**fields: object) -> dict[str, object]:
    inline = {f"list_memberships-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    return {"attributes": "{}", **inline, **fields}


def test_a_contact_is_made_and_edited_by_the_rules(operator: Client) -> None:
    register_attribute(name="plan", type="string")
    add = reverse("admin:segments_contact_add")
    operator.post(add, contact_form(email="Ana@Example.test", country="Portugal", attributes='{"plan": "pro"}'))
    ana = Contact.objects.get()
    assert (ana.email, ana.email_as_given, ana.country) == ("ana@example.test", "Ana@Example.test", "PT")
    change = reverse("admin:segments_contact_change", args=[ana.pk])
    operator.post(change, contact_form(email="ana@example.test", first_name="Ana", attributes="{}"))
    ana.refresh_from_db()
    assert (ana.first_name, ana.country, ana.attributes) == ("Ana", "", {})
    for fields, words in (
        ({"email": "wrong"}, "@-sign"),
        ({"email": "ana@example.test", "attributes": '{"hat": 1}'}, "hat is not registered"),
        ({}, "give external_id or email"),
    ):
        assert words in operator.post(change, contact_form(**fields)).content.decode()
    make.contact(email="ben@example.test")
    taken = operator.post(add, contact_form(email="BEN@example.test")).content.decode()
    assert "belongs to another contact" in taken


def test_people_are_searched_and_exported(operator: Client) -> None:
    ana = make.contact(email="ana@example.test", first_name="=1")
    make.contact(email="ben@example.test")
    changelist = reverse("admin:segments_contact_changelist")
    shown = operator.get(changelist, {"q": "ANA@example.test"}).content.decode()
    assert "ana@example.test" in shown
    assert "ben@example.test" not in shown
    assert "ben@example.test" in operator.get(changelist).content.decode()
    answer = operator.post(changelist, {"action": "export_as_csv", "_selected_action": [ana.pk]})
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "'=1" in text
    assert "ben@example.test" not in text


def test_lists_are_archived_not_deleted(operator: Client) -> None:
    news = make.contact_list("News", [make.contact()])
    changelist = reverse("admin:segments_contactlist_changelist")
    operator.post(changelist, {"action": "archive", "_selected_action": [news.pk]})
    assert ContactList.objects.get().archived_at
    operator.post(changelist, {"action": "restore", "_selected_action": [news.pk]})
    assert ContactList.objects.get().archived_at is None
    assert "News" in operator.get(changelist).content.decode()
    assert operator.post(reverse("admin:segments_contactlist_delete", args=[news.pk])).status_code == 403


def test_the_type_of_an_attribute_is_for_ever(operator: Client) -> None:
    add = reverse("admin:segments_attribute_add")
    operator.post(add, {"name": "plan", "type": "string"})
    plan = Attribute.objects.get()
    change = reverse("admin:segments_attribute_change", args=[plan.pk])
    operator.post(change, {"name": "other", "type": "number", "description": "What they pay for"})
    plan.refresh_from_db()
    assert (plan.name, plan.type, plan.description) == ("plan", "string", "What they pay for")
    assert "lower-case" in operator.post(add, {"name": "email", "type": "string"}).content.decode()
    assert "already exists" in operator.post(add, {"name": "plan", "type": "string"}).content.decode()
