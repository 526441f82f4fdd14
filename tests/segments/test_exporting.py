"""Exports: every format, defused, suppressed marked, and an export imported again changes nothing."""

import csv
import io
from datetime import date
from typing import Any

import orjson
import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from compliance.models import Reason, Scope
from compliance.services.suppressions import suppress_email
from segments import exporting
from segments.exporting import as_text, export
from segments.models import Contact
from segments.services.attributes import register_attribute
from tests.factories import segments as make

pytestmark = pytest.mark.django_db


def exported(format_: str = "csv", **options: bool) -> bytes:
    out = io.BytesIO()
    written = export(Contact.objects.order_by("pk"), out, format=format_, **options)
    assert written == Contact.objects.count() or options.get("exclude_suppressed")
    return out.getvalue()


def as_rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def suppress(email: str) -> None:
    suppress_email(email, scope=Scope.GLOBAL, scope_id=0, reason=Reason.BOUNCED, source="test", at=timezone.now())


def test_a_csv_has_a_column_for_every_attribute_and_marks_the_suppressed() -> None:
    register_attribute(name="tags", type="list")
    register_attribute(name="vip", type="boolean")
    make.contact(email="ana@example.test", first_name="Ana", attributes={"tags": ["a", "b"], "vip": False})
    make.contact(email=None, external_id="c-2", phone="+491712345678")
    suppress("ana@example.test")
    ana, ben = as_rows(exported())
    assert len(ana["postrider_id"]) == 11
    assert (ana["email"], ana["suppressed"], ana["tags"], ana["vip"]) == (
        "ana@example.test",
        "true",
        '["a","b"]',
        "false",
    )
    assert (ben["email"], ben["suppressed"], ben["tags"], ben["phone"]) == ("", "false", "", "+491712345678")
    assert ben["cohort_on"] == date.today().isoformat()  # noqa: DTZ011 - the server's zone is UTC


def test_suppressed_people_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "CHUNK", 2)
    for name in "abcde":
        make.contact(email=f"{name}@example.test")
    suppress("b@example.test")
    assert [row["email"][0] for row in as_rows(exported(exclude_suppressed=True))] == list("acde")


def test_no_cell_starts_a_formula() -> None:
    make.contact(email="ana@example.test", first_name="=HYPERLINK()", last_name="@SUM(1)", external_id="+cmd")
    (row,) = as_rows(exported())
    assert (row["first_name"], row["last_name"], row["external_id"]) == ("'=HYPERLINK()", "'@SUM(1)", "'+cmd")


def test_a_workbook_has_typed_cells_and_no_formula() -> None:
    register_attribute(name="score", type="number")
    make.contact(email="ana@example.test", first_name="=1+1", last_name="bell\x07", attributes={"score": 1.5})
    sheet: Any = load_workbook(io.BytesIO(exported("xlsx"))).active
    header, row = sheet.iter_rows()
    cells = {name.value: cell for name, cell in zip(header, row, strict=True)}
    assert (cells["first_name"].value, cells["first_name"].data_type) == ("=1+1", "s")
    assert cells["last_name"].value == "bell"
    assert (cells["score"].value, cells["suppressed"].value) == (1.5, False)


def test_json_keeps_types_and_leaves_out_what_is_not_known() -> None:
    register_attribute(name="tags", type="list")
    assert orjson.loads(exported("json")) == []
    make.contact(email="ana@example.test", attributes={"tags": ["a"]})
    make.contact(email="ben@example.test")
    ana, ben = orjson.loads(exported("json"))
    assert ana["tags"] == ["a"]
    assert ana["suppressed"] is False
    assert "first_name" not in ana
    assert "tags" not in ben


def test_values_as_text_read_back() -> None:
    assert [as_text(value) for value in (None, True, 1.5, date(2024, 1, 2), ["a"], "x")] == [
        "", "true", "1.5", "2024-01-02", '["a"]', "x",
    ]  # fmt: skip


words = st.text(st.sampled_from("=+-@'\t ＝\u00a0\r\nab,;\"") | st.characters(exclude_categories=["C"]), max_size=8)
line = words.map(lambda text: " ".join(text.split()))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(line, words.map(str.strip), st.lists(line.filter(bool), max_size=3, unique=True)), max_size=4)
)
def test_an_export_imported_again_changes_nothing(people: list[tuple[str, str, list[str]]]) -> None:
    Contact.objects.all().delete()
    register_attribute(name="note", type="string")
    register_attribute(name="tags", type="list")
    cells = [
        [f"p{n}@example.test", name, note, orjson.dumps(tags).decode()] for n, (name, note, tags) in enumerate(people)
    ]
    make.imported(make.csv_bytes(["email", "first_name", "note", "tags"], *cells, ["z@example.test", "", "", ""]))
    done = make.imported(exported())
    assert done.results == {"unchanged": len(people) + 1}
