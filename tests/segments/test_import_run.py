"""What an import does to people, through all its stages and on a real database."""

import io

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from compliance.models import Reason, Scope, Suppression
from compliance.services.suppressions import suppress_email
from config.lib.errors import Conflict, Invalid, NotFound
from segments.importing.reading import UnreadableFile
from segments.models import Attribute, Contact, Import, ImportRow, StagedRow
from segments.selectors.imports import problem_header, problem_lines, progress
from segments.services import staging, upserting
from segments.services.attributes import AttributeTypeConflict, register_attribute
from segments.services.imports import ImportBusy, carry_on, forget_files, prepare, start
from tests.factories import segments as make

pytestmark = pytest.mark.django_db

HEADER = ["Email", "ID", "First name", "Last name", "Country", "Language", "Phone", "Plan", "Score"]
ANA = ["Ana@Example.test", "c-1", "Ana", "Silva", "Portugal", "pt", "+351912345678", "pro", "12.5"]
BEN = ["ben@example.test", "c-2", "Ben", "Müller", "DE", "de", "+4915112345678", "free", "3"]


def person(email: str) -> Contact:
    return Contact.objects.get(email=email)


def rows_of(import_: Import) -> list[tuple[int, str]]:
    return list(ImportRow.objects.filter(imported_from=import_).order_by("line").values_list("line", "outcome"))


def suppressed(email: str) -> None:
    suppress_email(email, scope=Scope.GLOBAL, scope_id=0, reason=Reason.UNSUBSCRIBED, source="test", at=timezone.now())


# The way through


def test_a_file_becomes_people_with_typed_attributes() -> None:
    done = make.imported(make.csv_bytes(HEADER, ANA, BEN))
    assert (done.state, done.results) == (Import.State.COMPLETED, {"new": 2})
    ana = person("ana@example.test")
    assert (ana.external_id, ana.first_name, ana.last_name) == ("c-1", "Ana", "Silva")
    assert (ana.country, ana.language, ana.timezone, ana.phone) == ("PT", "pt", "UTC", "+351912345678")
    assert (ana.email_as_given, ana.cohort_on) == ("Ana@Example.test", timezone.now().date())
    assert ana.attributes == {"plan": "pro", "score": 12.5}
    assert dict(Attribute.objects.values_list("name", "type")) == {"plan": "string", "score": "number"}


def test_a_dry_run_writes_nobody_and_registers_nothing() -> None:
    checked = make.checked(make.csv_bytes(HEADER, ANA, BEN))
    assert checked.state == Import.State.CHECKED
    assert not Contact.objects.exists()
    assert not Attribute.objects.exists()
    assert not ImportRow.objects.exists()


def test_the_dry_run_counts_what_the_run_then_does() -> None:
    make.contact(email="ben@example.test", external_id="c-2", first_name="Ben")
    make.contact(email="same@example.test", first_name="Same")
    make.contact(email="x@example.test", external_id="x")
    data = make.csv_bytes(
        ["email", "id", "first_name"],
        ["new@example.test", "c-9", "New"],
        ["ben@example.test", "c-2", "Benjamin"],
        ["same@example.test", "", "Same"],
        ["not an address", "c-3", ""],
        ["new@example.test", "c-8", "Twice"],
        ["x@example.test", "c-2", ""],
        ["x@example.test", "y", ""],
        ["ragged"],
    )
    done = make.imported(data)
    assert done.counts == {
        "rows": 8, "new": 1, "changed": 1, "unchanged": 1, "suppressed": 0, "invalid": 2, "duplicate": 1, "conflict": 2,
    }  # fmt: skip
    assert done.results == {
        "new": 1, "changed": 1, "unchanged": 1, "invalid": 2, "duplicate": 1, "conflict": 2,
    }  # fmt: skip


def test_the_same_file_twice_changes_nothing() -> None:
    data = make.csv_bytes(HEADER, ANA, BEN)
    make.imported(data)
    before = list(Contact.objects.order_by("pk").values())
    again = make.imported(data)
    assert again.counts["unchanged"] == again.results["unchanged"] == 2
    assert list(Contact.objects.order_by("pk").values()) == before


def test_the_people_of_an_import_are_found_by_its_rows() -> None:
    kept = make.contact(email="ben@example.test", external_id="c-2", first_name="Ben")
    done = make.imported(make.csv_bytes(["email", "first_name"], ["ben@example.test", "Ben"], ["a@example.test", "A"]))
    assert set(ImportRow.objects.filter(imported_from=done).values_list("contact", flat=True)) == {
        kept.pk,
        person("a@example.test").pk,
    }
    assert not StagedRow.objects.exists()


def test_a_deleted_person_leaves_the_outcome_of_their_row() -> None:
    done = make.imported(b"email\na@example.test\nb@example.test\n", to_list=make.contact_list("News"))
    person("a@example.test").delete()
    Contact.objects.all().delete()
    rows = ImportRow.objects.filter(imported_from=done).order_by("line")
    assert [(row.line, row.outcome, row.contact_id) for row in rows] == [(2, "new", None), (3, "new", None)]


def test_people_are_put_on_the_list_also_those_who_were_there_before() -> None:
    target = make.contact_list("News", [old := make.contact(email="ben@example.test")])
    data = make.csv_bytes(["email"], ["ben@example.test"], ["ana@example.test"], ["wrong"])
    make.imported(data, to_list=target)
    make.imported(data, to_list=target)
    assert set(target.memberships.values_list("contact", flat=True)) == {old.pk, person("ana@example.test").pk}


@pytest.mark.parametrize("patience", [1.0, 0.0])
def test_chunks_and_stretches_leave_no_seam(monkeypatch: pytest.MonkeyPatch, patience: float) -> None:
    monkeypatch.setattr(staging, "CHUNK", 3)
    monkeypatch.setattr(upserting, "STRETCH", 4)
    monkeypatch.setattr(upserting, "_PATIENCE", patience)
    people = [[f"p{n}@example.test" if n % 5 else "wrong"] for n in range(23)]
    done = make.imported(make.csv_bytes(["email"], *people, *people))
    assert done.results == {"new": 18, "invalid": 10, "duplicate": 18}
    assert Contact.objects.count() == 18
    assert [line for line, _ in rows_of(done)] == list(range(2, 48))
    assert progress(done) == 1.0


# Who is who


def test_external_id_comes_before_email() -> None:
    ana = make.contact(email="old@example.test", external_id="c-1")
    make.imported(make.csv_bytes(["email", "id"], ["New@example.test", "c-1"]))
    ana.refresh_from_db()
    assert (ana.email, ana.email_as_given) == ("new@example.test", "New@example.test")


def test_a_person_known_by_address_gets_their_external_id() -> None:
    ana = make.contact(email="ana@example.test")
    make.imported(make.csv_bytes(["email", "id"], ["ANA@example.test", "c-1"]))
    ana.refresh_from_db()
    assert (ana.external_id, ana.email_as_given) == ("c-1", "ana@example.test")


def test_two_identities_of_two_people_are_a_conflict_and_touch_nobody() -> None:
    make.contact(email="ana@example.test", external_id="c-1", first_name="Ana")
    make.contact(email="ben@example.test", external_id="c-2", first_name="Ben")
    before = list(Contact.objects.order_by("pk").values())
    done = make.imported(
        make.csv_bytes(
            ["email", "id", "first_name"], ["ana@example.test", "c-2", "X"], ["ben@example.test", "c-9", "Y"]
        )
    )
    assert rows_of(done) == [(2, "conflict"), (3, "conflict")]
    assert list(Contact.objects.order_by("pk").values()) == before


def test_the_same_person_by_two_names_is_a_duplicate() -> None:
    make.contact(email="ana@example.test", external_id="c-1")
    done = make.imported(
        make.csv_bytes(["email", "id", "first_name"], ["other@example.test", "c-1", "A"], ["ana@example.test", "", "B"])
    )
    assert rows_of(done) == [(2, "changed"), (3, "duplicate")]
    assert ImportRow.objects.get(line=3).reason == "the same person as in line 2"


def test_the_first_of_two_lines_counts() -> None:
    done = make.imported(make.csv_bytes(["email", "first_name"], ["a@example.test", "1"], ["A@EXAMPLE.test", "2"]))
    assert rows_of(done) == [(2, "new"), (3, "duplicate")]
    assert person("a@example.test").first_name == "1"


# Update policies


def test_a_blank_cell_never_erases() -> None:
    register_attribute(name="plan", type="string")
    make.contact(
        email="ana@example.test", first_name="Ana", country="PT", language="pt", timezone="Europe/Lisbon",
        phone="+351912345678", attributes={"plan": "pro"},
    )  # fmt: skip
    before = Contact.objects.values().get()
    done = make.imported(
        make.csv_bytes(
            ["email", "first_name", "country", "language", "timezone", "phone", "plan"],
            ["ana@example.test", "", " ", "", "", "", ""],
        )
    )
    assert done.results == {"unchanged": 1}
    assert Contact.objects.values().get() == before


@pytest.mark.parametrize(
    ("policy", "first_name", "attributes", "phone"),
    [
        ("overwrite", "New", {"plan": "free", "seen": 1, "city": "Rome"}, "+351912345678"),
        ("fill_blanks", "Ana", {"plan": "pro", "seen": 1, "city": "Rome"}, "+351912345678"),
        ("skip", "Ana", {"plan": "pro", "seen": 1}, None),
    ],
)
def test_update_policies(policy: str, first_name: str, attributes: dict[str, object], phone: str | None) -> None:
    make.contact(email="ana@example.test", first_name="Ana", attributes={"plan": "pro", "seen": 1})
    header = ["email", "first_name", "phone", "plan", "city"]
    done = make.imported(
        make.csv_bytes(header, ["ana@example.test", "New", "+351912345678", "free", "Rome"]), update_policy=policy
    )
    ana = person("ana@example.test")
    assert (ana.first_name, ana.attributes, ana.phone) == (first_name, attributes, phone)
    assert done.results == {"unchanged" if policy == "skip" else "changed": 1}


def test_a_cohort_never_changes() -> None:
    ana = make.contact(email="ana@example.test", cohort_on="2020-01-01")
    make.imported(make.csv_bytes(["email", "first_name"], ["ana@example.test", "New"]))
    ana.refresh_from_db()
    assert ana.cohort_on.isoformat() == "2020-01-01"


# Suppression


def test_an_import_never_clears_a_suppression_and_counts_it() -> None:
    suppressed("ana@example.test")
    before = list(Suppression.objects.values())
    done = make.imported(make.csv_bytes(["email"], ["ANA@example.test"], ["ben@example.test"], ["ana@example.test"]))
    assert done.counts["suppressed"] == 1
    assert list(Suppression.objects.values()) == before


def test_a_suppression_under_an_older_key_is_counted_too(settings: Settings) -> None:
    suppressed("ana@example.test")
    settings.ADDRESS_KEYS = ((77, b"n" * 32), *settings.ADDRESS_KEYS)
    assert make.checked(make.csv_bytes(["email"], ["ana@example.test"])).counts["suppressed"] == 1


# Errors


def test_every_row_that_is_not_imported_is_told_with_line_reason_and_cells() -> None:
    done = make.imported(
        b'email,note\nana@example.test,"two\nlines"\nwrong,x\nana@example.test,again\nragged\n"a"b,c\n'
    )
    lines = list(problem_lines(done))
    assert problem_header(done) == ["line", "outcome", "reason", "email", "note"]
    assert [(line[0], line[1], line[3:]) for line in lines] == [
        ("4", "invalid", ["wrong", "x"]),
        ("5", "duplicate", ["ana@example.test", "again"]),
        ("6", "invalid", ["ragged"]),
        ("7", "invalid", []),
    ]
    assert all(line[2] for line in lines)


def test_reasons_hold_nothing_of_what_the_row_said() -> None:
    make.imported(make.csv_bytes(["email", "phone", "age"], ["a@example.test", "12345678", "secret word"]))
    assert "secret" not in ImportRow.objects.get().reason


@pytest.mark.parametrize("data", [b"", b"email\n", b"PK\x03\x04", b"name\nAna\n" * 0])
def test_an_unreadable_file_leaves_nothing_behind(data: bytes) -> None:
    with pytest.raises(UnreadableFile):
        make.received(data)
    assert not Import.objects.exists()


def test_a_file_that_is_too_large_is_refused(settings: Settings) -> None:
    settings.IMPORT_MAX_BYTES = 10
    with pytest.raises(UnreadableFile, match="split it"):
        make.received(b"email\nana@example.test\n")


def test_a_file_broken_in_the_middle_fails_with_the_reason_and_writes_nobody() -> None:
    data = b"email,name\n" + b"a%d@example.test,x\n" * 0 + b"ok@example.test,x\n" * 1100 + b'"open@example.test,x\n'
    failed = make.checked(data)
    assert failed.state == Import.State.FAILED
    assert "opens in line 1102" in failed.error
    assert not Contact.objects.exists()


def test_a_formula_is_data_or_an_invalid_row_but_never_lost() -> None:
    done = make.imported(make.csv_bytes(["email", "first_name"], ["a@example.test", "=1+1"], ["=cmd()", "B"]))
    assert person("a@example.test").first_name == "=1+1"
    assert rows_of(done) == [(2, "new"), (3, "invalid")]


# States


def test_a_mapping_is_remembered_for_the_same_columns() -> None:
    first = make.received(b"mail_1,x,y\nana@example.test,1,2\n")
    mapping = {"mail_1": "email", "x": "", "y": "attribute:why:string"}
    prepare(first, mapping=mapping, default_region="DE")
    carry_on(start(carry_on(first.pk, at=timezone.now())).pk, at=timezone.now())
    again = make.received(b"y,mail_1,x\n1,ben@example.test,3\n")
    assert (again.mapping, again.default_region) == (mapping, "DE")
    other = make.received(b"y,mail_1,x,z\n1,ben@example.test,3,4\n")
    assert other.mapping != mapping


def test_an_import_can_be_prepared_anew_until_it_runs() -> None:
    checked = make.checked(make.csv_bytes(["email", "plan"], ["ana@example.test", "pro"], ["wrong", "x"]))
    with pytest.raises(Invalid):
        prepare(checked, mapping={"email": "", "plan": ""})
    again = carry_on(prepare(checked, mapping={"email": "email", "plan": ""}).pk, at=timezone.now())
    assert again.counts["rows"] == 2
    carry_on(start(again).pk, at=timezone.now())
    assert not Attribute.objects.exists()
    with pytest.raises(ImportBusy):
        prepare(Import.objects.get())
    with pytest.raises(ImportBusy):
        start(Import.objects.get())


def test_an_attribute_registered_with_another_type_meanwhile_stops_the_run() -> None:
    checked = make.checked(make.csv_bytes(["email", "score"], ["ana@example.test", "1"]))
    register_attribute(name="score", type="string")
    with pytest.raises((Invalid, AttributeTypeConflict)):
        start(checked)
    assert not Contact.objects.exists()


def test_only_a_checked_import_can_start() -> None:
    with pytest.raises(Conflict):
        start(make.received(b"email\nana@example.test\n"))


def test_files_are_forgotten_with_what_was_staged() -> None:
    done, checked = (
        make.imported(make.csv_bytes(["email"], ["a@example.test"])),
        make.checked(b"email\nb@example.test\n"),
    )
    assert forget_files(before=timezone.now()) == 2
    assert not StagedRow.objects.exists()
    for one in (done, checked):
        one.refresh_from_db()
        with pytest.raises(NotFound, match="no longer kept"):
            list(problem_lines(one))
    assert forget_files(before=timezone.now()) == 0
    assert ImportRow.objects.filter(imported_from=done).count() == 1


def test_nobody_carries_on_what_waits_for_a_person() -> None:
    received = make.received(b"email\nana@example.test\n")
    assert carry_on(received.pk, at=timezone.now()).state == Import.State.UPLOADED


def test_the_stage_is_analysed_by_the_application_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, segments_analyze_import()")
        assert cursor.fetchone()[0] == "postrider_app"


def test_a_file_object_that_is_no_file_is_read_as_well() -> None:
    assert make.received(io.BytesIO(b"email\nana@example.test\n").getvalue()).size == 23
