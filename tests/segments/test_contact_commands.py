"""`import_contacts` and `export_contacts` as an operator meets them."""

import csv
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config.lib import public_ids
from segments.models import Contact, ContactList, Import
from segments.services.segments import create_segment
from tests.factories import segments as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_bytes(
        "E-Mail;Vorname;Handy;Stufe\nana@example.test;Ana;0171 2345678;3\nbén;x;;\nben@example.test;Ben;;=1\n".encode(
            "cp1252"
        )
    )
    return path


def run(*arguments: object) -> str:
    out = StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=StringIO())
    return out.getvalue()


def test_a_file_is_imported_from_the_command_line(people: Path, tmp_path: Path) -> None:
    errors = tmp_path / "errors.csv"
    out = run("import_contacts", people, "--region", "DE", "--new-list", "News", "--errors", errors,
              "--map", "Stufe=attribute:level:string")  # fmt: skip
    assert "cp1252, delimiter ';'" in out
    assert "Vorname -> first_name" in out
    assert "checked: 3 rows, 2 new" in out
    assert out.endswith("imported: 2 new, 1 invalid\n")
    assert Contact.objects.get(email="ana@example.test").phone == "+491712345678"
    assert Contact.objects.get(email="ben@example.test").attributes == {"level": "=1"}
    assert ContactList.objects.get(name="News").memberships.count() == 2
    with errors.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["line"], row["outcome"], row["E-Mail"]) == ("3", "invalid", "bén")


def test_a_dry_run_stops_before_anything_is_written(people: Path) -> None:
    run("import_contacts", people, "--region", "DE", "--dry-run", "--new-list", "News")
    assert not Contact.objects.exists()
    assert Import.objects.get().state == Import.State.CHECKED


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--map", "E-Mail"], "write COLUMN=TARGET"),
        (["--map", "E-Mail=", "--dry-run"], "nobody can be recognised"),
        (["--map", "Stufe=attribute:x:colour"], "/mapping/Stufe"),
        (["--delimiter", ","], "separated by"),
        (["--encoding", "utf-8"], "Save it as UTF-8"),
        (["--region", "Atlantis"], "no country"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(people: Path, arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run("import_contacts", people, *arguments)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        run("import_contacts", tmp_path / "none.csv")


def test_a_file_broken_in_the_middle_fails_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email\n" + "a@example.test\n" * 1200 + '"open\n')
    with pytest.raises(CommandError, match="line 1202"):
        run("import_contacts", path)


def test_people_of_a_list_or_segment_are_exported(tmp_path: Path) -> None:
    ana, ben = make.contact(email="ana@example.test", country="PT"), make.contact(email="ben@example.test")
    news = make.contact_list("News", [ben])
    criteria = {"logic": "AND", "conditions": [{"field": "country", "operator": "equals", "value": "PT"}]}
    segment = create_segment(name="Portugal", criteria=criteria)
    for arguments, expected in (
        ([], [ana, ben]),
        (["--list", "News"], [ben]),
        (["--list", public_ids.encode("list", news.pk)], [ben]),
        (["--segment", "Portugal"], [ana]),
        (["--segment", public_ids.encode("segment", segment.pk)], [ana]),
    ):
        path = tmp_path / "out.csv"
        run("export_contacts", *arguments, "--output", path)
        with path.open(encoding="utf-8-sig", newline="") as file:
            assert [row["email"] for row in csv.DictReader(file)] == [contact.email for contact in expected]


def test_an_export_goes_to_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    make.contact(email="ana@example.test")
    run("export_contacts", "--format", "json")
    assert b"ana@example.test" in capfdbinary.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--list", "None"], "no list named None"),
        (["--list", "a", "--segment", "b"], "not both"),
        (["--output", "/nowhere/x.csv"], "No such file"),
    ],
)
def test_an_export_that_cannot_be_is_refused(arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run("export_contacts", *arguments)
