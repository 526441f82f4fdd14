"""A file of addresses to suppress: what it would do, doing it, and nothing of it kept."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from compliance.models import AuditEntry, Reason, Scope, Suppression, SuppressionEvent, SuppressionFile
from compliance.reading_files import MAX_BYTES, MAX_LINES
from compliance.services.suppressions import suppress_email
from config.lib import public_ids
from config.lib.addresses import address_hash, address_hashes
from delivery.models import Message
from tests.factories.api import person
from tests.factories.compliance import make_brand
from tests.factories.delivery import make_contacts, make_order, plan

pytestmark = pytest.mark.django_db
AT = "/trust/suppressions/import"


@pytest.fixture
def approver() -> Client:
    client = Client()
    client.force_login(person("approver"))
    return client


def upload(client: Client, text: str | bytes, **given: str) -> Any:
    data = text.encode() if isinstance(text, str) else text
    file = SimpleUploadedFile("them.csv", data)
    return client.post(AT, {"file": file, "scope": "global", "reason": "manual", **given})


def checked(client: Client, text: str | bytes, **given: str) -> tuple[str, SuppressionFile]:
    """The address of the dry run, and what it holds."""
    answer = upload(client, text, **given)
    assert answer.status_code == 302, answer.context["form"].errors
    return answer.headers["Location"], SuppressionFile.objects.get()


def test_the_dry_run_counts_every_line_once_and_suppresses_nobody(
    approver: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    suppress_email("old@example.com", scope=Scope.GLOBAL, scope_id=0, reason=Reason.MANUAL, source="api",
                   at=timezone.now())  # fmt: skip
    url, file = checked(approver, "New@Example.com\r\nold@example.com\nno address\n\nnew@example.com\nb@example.com\n")
    assert file.counts == {"rows": 5, "invalid": 1, "duplicate": 1, "already": 1, "new": 2}
    assert [line for line, _why in file.problems] == [3, 5]
    with django_assert_num_queries(5):  # the session, its user, two for permissions, the file
        page = approver.get(url).content.decode()
    assert "Suppress 2 addresses" in page
    assert "The same stands in line 1." in page
    left_out = b"".join(approver.get(f"{url}/left-out").streaming_content).decode()  # type: ignore[attr-defined]
    assert '"5","The same stands in line 1."' in left_out
    assert Suppression.objects.count() == 1


def test_applying_lays_each_once_logs_it_skips_what_waits_and_erases_the_file(approver: Client) -> None:
    (ana,) = make_contacts("ana@example.com")
    plan(make_order(), [ana])
    url, _file = checked(approver, "email;reason;date\nana@example.com;Spam;2024-05-01\nben@example.com;;\n")
    approver.post(url)
    assert set(Suppression.objects.values_list("reason", "scope", "source")) == {
        ("complained", "global", "import"), ("manual", "global", "import"),
    }  # fmt: skip
    event = SuppressionEvent.objects.get(reason="complained")
    assert (event.note, event.contact_id, event.address_key) == (
        "since 2024-05-01", ana.pk, address_hash("ana@example.com").key,
    )  # fmt: skip
    assert Message.objects.get().state == "skipped"
    assert AuditEntry.objects.get(action="suppressions_imported").changes == {"new": 2, "already": 0}
    assert not SuppressionFile.objects.exists()
    assert approver.post(url).status_code == 404


def test_doing_it_again_adds_nothing_and_lifts_nothing(approver: Client) -> None:
    for count in (2, 0):
        url, file = checked(approver, "address\na@example.com\nb@example.com\n")
        assert file.counts["new"] == count
        approver.post(url)
    assert Suppression.objects.count() == SuppressionEvent.objects.count() == 2


def test_each_line_is_laid_under_every_live_key_and_logged_once(approver: Client, settings: Any) -> None:
    settings.ADDRESS_KEYS = ((9, b"n" * 32), *settings.ADDRESS_KEYS)
    url, _file = checked(approver, "a@example.com\n")
    approver.post(url)
    assert {(row.key_id, bytes(row.address_digest)) for row in Suppression.objects.all()} == {
        (one.key_id, one.digest) for one in address_hashes("a@example.com")
    }
    assert SuppressionEvent.objects.get().key_id == 9


def test_a_scope_is_chosen_for_all_or_named_by_the_line(approver: Client) -> None:
    acme, other = make_brand("Acme"), make_brand("Other")
    text = f"email,scope\na@example.com,\nb@example.com,{public_ids.encode('brand', other.pk)}\nc@example.com,global\n"
    url, _file = checked(approver, text, scope="brand", brand=str(acme.pk))
    approver.post(url)
    assert set(Suppression.objects.values_list("scope", "scope_id")) == {
        ("brand", acme.pk), ("brand", other.pk), ("global", 0),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "why"),
    [("a@example.com,erased,,", "No such reason"), ("a@example.com,,moon,", "No such scope"),
     ("a@example.com,,,yesterday", "No such day"), ("a@example.com,,,2999-01-01", "still to come"),
     (",,,", ""), ("nobody,,,", "@")],
)  # fmt: skip
def test_a_line_that_cannot_be_read_says_why(approver: Client, cells: str, why: str) -> None:
    _url, file = checked(approver, f"email,reason,scope,date\n{cells}\nb@example.com,,,\n")
    assert file.counts["new"] == 1
    assert why in "".join(words for _line, words in file.problems)


@pytest.mark.parametrize(
    ("text", "why"),
    [("name\nAna\n", "No column is called"), ("a@example.com,Ana\n", "column names above"),
     (b"PK\x03\x04rest", "Excel"), ("\n\n", "empty"), ("a@example.com\n" * (MAX_LINES + 1), "more than 50000 lines"),
     (b"x" * (MAX_BYTES + 1), "larger than 5 MB")],
    ids=["no-column", "no-header", "workbook", "blank", "long", "large"],
)  # fmt: skip
def test_what_is_no_such_file_is_refused_beside_the_field(approver: Client, text: str | bytes, why: str) -> None:
    answer = upload(approver, text)
    assert answer.status_code == 422
    assert why in answer.context["form"].errors["file"][0]
    assert not SuppressionFile.objects.exists()


def test_no_address_waits_and_what_is_left_lying_is_erased(approver: Client) -> None:
    url, file = checked(approver, "ana@example.com\nben@\n")
    assert "example" not in f"{file.entries}{file.problems}"
    approver.post(f"{url}/discard")
    assert not SuppressionFile.objects.exists()
    old = checked(approver, "ana@example.com\n")[1]
    SuppressionFile.objects.update(created_at=timezone.now() - timedelta(days=2))
    upload(approver, "ben@example.com\n")
    assert not SuppressionFile.objects.filter(pk=old.pk).exists()
    assert not Suppression.objects.exists()


def test_it_needs_who_may_suppress(approver: Client) -> None:
    url, _file = checked(approver, "ana@example.com\n")
    for role in ("viewer", "author"):
        client = Client()
        client.force_login(person(role))
        gets = [client.get(one).status_code for one in (AT, url, f"{url}/left-out")]
        posts = [client.post(one).status_code for one in (AT, url, f"{url}/discard")]
        assert {*gets, *posts} == {403}
