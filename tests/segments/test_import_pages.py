"""Imports, as a marketer meets them: a file, its columns, what it would do, what it did."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from config.lib import public_ids
from segments.models import Contact, ContactList, Import
from segments.services.imports import carry_on
from tests.factories import segments as make

pytestmark = pytest.mark.django_db
IMPORTS = "/audience/imports"
DATA = "E-Mail;Name;Punkte\nana@example.test;Zoë;3\nwrong;;\nben@example.test;Ben;4\nana@example.test;;\n".encode()


def upload(client: Client, data: bytes = DATA, **options: str) -> Any:
    file = SimpleUploadedFile("people.csv", data, "text/csv")
    return client.post(f"{IMPORTS}/new", {"file": file, **options})


def place(one: Import, then: str = "") -> str:
    return f"{IMPORTS}/{public_ids.encode('import', one.pk)}{then}"


def chosen(client: Client, one: Import, **other: str) -> dict[str, str]:
    form = client.get(place(one, "/columns")).context["form"]
    return {name: form[name].value() or "" for name in form.fields} | other


def test_a_file_becomes_people_step_by_step(admin_client: Client) -> None:
    assert upload(admin_client).headers["Location"].endswith("/columns")
    one = Import.objects.get()
    page = admin_client.get(place(one), follow=True).content.decode()
    assert "Zoë · Ben" in page
    data = chosen(admin_client, one, column_1="first_name", new_list="Guests", default_region="Portugal")
    assert data["column_0"] == "email"
    assert admin_client.post(place(one, "/columns"), data).headers["Location"] == place(one)
    assert "Being checked" in admin_client.get(place(one)).content.decode()
    carry_on(one.pk, at=timezone.now())
    checked = admin_client.get(place(one)).content.decode()
    for words in ("New", "Changed", "Unchanged", "Repeated", "Conflict", "Invalid", "Suppressed", "Import 2 people"):
        assert words in checked, words
    assert not Contact.objects.exists()
    admin_client.post(place(one, "/start"))
    carry_on(one.pk, at=timezone.now())
    done = admin_client.get(place(one)).content.decode()
    assert "2 lines not imported" in done
    people = admin_client.get(f"/audience/contacts?import={public_ids.encode('import', one.pk)}")
    assert {line.row.first_name for line in people.context["lines"]} == {"Zoë", "Ben"}
    assert ContactList.objects.get(name="Guests").memberships.count() == 2
    errors = b"".join(admin_client.get(place(one, "/errors"))).decode("utf-8-sig").splitlines()
    assert errors[0] == '"line","outcome","reason","E-Mail","Name","Punkte"'
    assert len(errors) == 3
    assert "people.csv" in admin_client.get(IMPORTS).content.decode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty"),
        (b"PK\x03\x04xx", "Excel workbook"),
        (b"email\n", "nobody to import"),
        (b"\x00\x00\x00", "no text"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(admin_client: Client, data: bytes, words: str) -> None:
    answer = upload(admin_client, data)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Import.objects.exists()


def test_no_file_and_an_unknown_encoding_are_told_beside_their_fields(admin_client: Client) -> None:
    assert "Choose a file first" in admin_client.post(f"{IMPORTS}/new", {}).content.decode()
    assert "is no encoding" in upload(admin_client, encoding="klingon").content.decode()


def test_a_mapping_at_odds_is_told_beside_its_column_and_kept(admin_client: Client) -> None:
    upload(admin_client)
    one = Import.objects.get()
    twice = admin_client.post(place(one, "/columns"), chosen(admin_client, one, column_1="email"))
    assert twice.status_code == 422
    assert list(twice.context["form"].errors) == ["column_1"]
    nobody = chosen(admin_client, one, column_0="", column_1="first_name", default_region="Atlantis", new_list="x")
    answer = admin_client.post(place(one, "/columns"), nobody)
    assert "nobody can be recognised" in answer.content.decode()
    assert 'value="Atlantis"' in answer.content.decode()
    assert not ContactList.objects.exists()
    lost = chosen(admin_client, one, column_1="", default_region="Atlantis")
    assert list(admin_client.post(place(one, "/columns"), lost).context["form"].errors) == ["default_region"]
    wild = chosen(admin_client, one, column_1="shoe_size", to_list="99")
    assert set(admin_client.post(place(one, "/columns"), wild).context["form"].errors) == {"column_1", "to_list"}


def test_progress_tells_rate_and_what_is_left(admin_client: Client) -> None:
    one = make.checked(DATA)
    Import.objects.filter(pk=one.pk).update(state="running", rows_done=1)
    since = f"running-{timezone.now().timestamp() - 100:.1f}-0-0.000000"
    piece = admin_client.get(f"{place(one)}?since={since}", headers={"HX-Request": "true"})
    assert piece.context["eta"] == "about 2 minutes left"
    assert piece.context["since"] == since
    assert b"<html" not in piece.content
    assert b"data-poll" in piece.content
    for nonsense in ("x", "running-1-2", "staging-1-2-3", "running-a-b-c"):
        assert admin_client.get(f"{place(one)}?since={nonsense}").status_code == 200


def test_what_is_done_cannot_be_mapped_or_begun_again(admin_client: Client) -> None:
    one = make.imported(DATA)
    assert admin_client.get(place(one, "/columns")).status_code == 409
    assert admin_client.post(place(one, "/start")).status_code == 302
    assert Import.objects.get().state == "completed"


def test_imports_ask_few_questions(admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    one = make.imported(DATA)
    with django_assert_num_queries(4):
        admin_client.get(IMPORTS)
    with django_assert_num_queries(4):
        admin_client.get(place(one))
