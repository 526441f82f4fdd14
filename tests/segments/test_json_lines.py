"""JSON Lines in and out: nested fields are columns with dots, and what was exported is imported as the same."""

import io
from typing import Any

import orjson
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from segments.exporting import export
from segments.importing.json_lines import are_json, columns_of, flat, json_records
from segments.importing.reading import MAX_LINE, UnreadableFile
from segments.importing.sniffing import sniff
from segments.models import Contact, Import
from segments.services import imports, staging
from segments.services.attributes import register_attribute
from tests.factories import segments as make
from tests.factories.api import caller


def lines(*items: Any) -> bytes:
    return b"".join(item if isinstance(item, bytes) else orjson.dumps(item) + b"\n" for item in items)


def cells(data: bytes, columns: list[str], **options: Any) -> list[tuple[int, list[str], str]]:
    return [(one.line, one.cells, one.problem[:20]) for one in json_records(io.BytesIO(data), columns, **options)]


def test_nested_fields_are_columns_and_values_are_text() -> None:
    item = {
        "email": "a@example.test",
        "attributes": {"plan": "pro", "tags": ["a", "b"], "vip": True, "n": 1.5},
        "x": None,
    }
    assert flat(item) == {
        "email": "a@example.test", "attributes.plan": "pro", "attributes.tags": '["a","b"]', "attributes.vip": "true",
        "attributes.n": "1.5", "x": "",
    }  # fmt: skip
    assert flat({"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}) == {"a.b.c.d.e": '{"f":1}'}


def test_a_column_that_a_late_line_alone_has_is_not_lost() -> None:
    data = lines(
        *({"email": f"p{n}@example.test"} for n in range(3000)), {"email": "z@example.test", "late": {"er": 1}}
    )
    found = sniff(io.BytesIO(data), max_columns=20)
    assert (found.format, found.columns) == ("jsonl", ("email", "late.er"))


@pytest.mark.parametrize(
    "data", [b'\xef\xbb\xbf{"email":"a@example.test"}\n', b'[\n{"email":"a@example.test"},\n{"a":1}\n]\n']
)
def test_a_mark_at_the_beginning_and_an_array_of_lines_are_understood(data: bytes) -> None:
    assert are_json(data)
    assert cells(data, ["email"])[0][1] == ["a@example.test"]


@pytest.mark.parametrize(
    "bad",
    [b"{\n", b'{"a": NaN}\n', b'{"a": "\xff"}\n', b"[1]\n", b"7\n", b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"\n",
     b'{"a": "' + b"x" * MAX_LINE + b'"}\n'],
)  # fmt: skip
def test_a_bad_line_says_why_and_harms_no_other(bad: bytes) -> None:
    data = lines({"email": "a@example.test"}, bad, {"email": "b@example.test"})
    first, broken, last = cells(data, ["email"])
    assert (first[1], last) == (["a@example.test"], (3, ["b@example.test"], ""))
    assert broken[1] == [] and broken[2]
    assert columns_of(io.BytesIO(data), 5) == ["email"]


def test_too_many_fields_and_none_are_told() -> None:
    with pytest.raises(UnreadableFile, match="over 3 fields"):
        columns_of(io.BytesIO(lines({f"f{n}": n for n in range(4)})), 3)
    with pytest.raises(UnreadableFile, match="No line"):
        columns_of(io.BytesIO(b"{\n{\n"), 3)


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.text(st.characters(codec="utf-8"))), max_size=6),
    st.integers(0, 6),
)
def test_resuming_behind_any_line_gives_the_rest(items: list[dict[str, str]], after: int) -> None:
    data = lines(*items)
    assert cells(data, ["a", "b", "c"], after_line=after) == cells(data, ["a", "b", "c"])[after:]


@pytest.mark.django_db
def test_a_file_becomes_people_and_each_bad_line_stands_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "CHUNK", 1)
    data = lines(
        {"email": "ana@example.test", "attributes": {"plan": "pro", "tags": ["a", "b"], "score": 7, "vip": False}},
        b"{broken\n",
        {"email": "ben@example.test", "first_name": "'=1+1", "attributes": {"joined": "2024-12-31"}},
        {"first_name": "nobody"},
    )
    done = make.imported(data)
    assert (done.format, done.results) == (Import.Format.JSONL, {"new": 2, "invalid": 2})
    ana = Contact.objects.get(email="ana@example.test")
    assert ana.attributes == {"plan": "pro", "tags": ["a", "b"], "score": 7, "vip": False}
    ben = Contact.objects.get(email="ben@example.test")
    assert (ben.first_name, ben.attributes) == ("'=1+1", {"joined": "2024-12-31"})
    assert list(done.rows.filter(outcome="invalid").values_list("line", flat=True)) == [2, 4]


@pytest.mark.django_db
@pytest.mark.parametrize("format_", ["jsonl", "json", "csv"])
def test_what_was_exported_is_imported_as_the_same_and_changes_nothing(format_: str) -> None:
    register_attribute(name="tags", type="list")
    register_attribute(name="score", type="number")
    make.contact(email="ana@example.test", external_id="1", attributes={"tags": ["a;b", "c"], "score": 1.5})
    make.contact(email="ben@example.test", first_name="'=x", attributes={})
    out = io.BytesIO()
    assert export(Contact.objects.order_by("pk"), out, format=format_) == 2
    checked = make.checked(out.getvalue(), name="again")
    assert checked.counts["unchanged"] == 2, checked.mapping


@pytest.mark.django_db
def test_the_api_takes_json_lines() -> None:
    program = caller("author")
    headers = {"Authorization": f"Bearer {program.text}"}
    data = lines({"email": "ana@example.test", "traits": {"plan": "pro"}})
    made = program.client.post("/api/v1/imports", data, content_type="application/x-ndjson", headers=headers)
    assert made.status_code == 201, made.content
    assert made.json()["mapping"] == {"email": "email", "traits.plan": "attribute:plan:string"}
    one = imports.prepare(Import.objects.get())
    assert imports.carry_on(one.pk, at=timezone.now()).counts["new"] == 1
