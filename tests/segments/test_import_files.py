"""What a file may look like, and what is said of one that cannot be read."""

import codecs
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.lib.errors import Invalid
from segments.importing.mapping import Target, attribute_name, guessed_mapping, parsed_mapping
from segments.importing.reading import MAX_LINE, Record, UnreadableFile, records
from segments.importing.rows import STAGED_COLUMNS, CleanRow, InvalidRow, RowCleaner
from segments.importing.sniffing import Sniffed, delimiter_of, encoding_of, sniff
from tests.factories.segments import csv_bytes


def sniffed(data: bytes, **options: str) -> Sniffed:
    return sniff(io.BytesIO(data), max_columns=20, **options)


def read(data: bytes, encoding: str = "utf-8", **options: int) -> list[Record]:
    return list(records(io.BytesIO(data), encoding, ",", **options))


# Encoding


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        ("email\nana@example.test", "ascii", "utf-8"),
        ("email,name\na@example.test,Zoë\n", "utf-8", "utf-8"),
        ("email,name\na@example.test,Zoë\n", "utf-8-sig", "utf-8-sig"),
        ("email,name\na@example.test,Zoë\n", "utf-16", "utf-16"),
        ("email,name\na@example.test,Zoë\n" * 20, "utf-16-le", "utf-16-le"),
        ("email,name\na@example.test,Zoë\n" * 20, "utf-16-be", "utf-16-be"),
        ("email,name\na@example.test,Zoë\n", "utf-32", "utf-32"),
        ("email;nom;ville\na@example.test;Hélène Lefèvre;Besançon € 5\n", "cp1252", "cp1252"),
        ("email;имя\n" + "a@example.test;Иван Петров\n" * 20, "cp1251", "cp1251"),
        ("email;name\n" + "a@example.test;山田太郎\n" * 20, "cp932", "cp932"),
        ("email;jmeno\n" + "a@example.test;Jiří Dvořák Žižka Šťastný\n" * 20, "cp1250", "cp1250"),
    ],
)
def test_encodings_are_found_out(text: str, encoding: str, found: str) -> None:
    assert encoding_of(io.BytesIO(text.encode(encoding))) == found


def test_one_foreign_letter_far_down_is_seen_before_the_import_begins() -> None:
    data = b"email,name\n" + b"a@example.test,Ana\n" * 200_000 + "b@example.test,Zoë\n".encode("cp1252")
    assert encoding_of(io.BytesIO(data)) == "cp1252"


@given(st.binary(max_size=300))
def test_whatever_encoding_is_found_the_whole_file_can_be_read_in_it(noise: bytes) -> None:
    data = b"email\n" + noise
    try:
        encoding = encoding_of(io.BytesIO(data))
    except UnreadableFile:
        return
    data.decode(encoding)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04....", "Excel"),
        (b"\xd0\xcf\x11\xe0....", "Excel"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"email\n\0\0\0\0binary", "zero bytes"),
    ],
)
def test_what_is_no_csv_is_named_with_the_remedy(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words) as caught:
        sniffed(data)
    assert "CSV UTF-8" in caught.value.detail


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "ascii"])
def test_a_wrong_encoding_says_what_to_do(encoding: str) -> None:
    with pytest.raises(UnreadableFile, match="Save it as UTF-8, or choose"):
        sniffed("email,name\na@example.test,Zoë".encode("cp1252"), encoding=encoding)


def test_an_encoding_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="no encoding"):
        sniffed(b"email\na@example.test", encoding="utf-9")


# Delimiter and columns


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found_out(delimiter: str) -> None:
    header, rows = ["email", "note"], [[f"a{n}@example.test", "x, y; z"] for n in range(5)]
    found = sniffed(csv_bytes(header, *rows, delimiter=delimiter))
    assert (found.delimiter, found.columns) == (delimiter, ("email", "note"))


def test_a_single_column_needs_no_delimiter() -> None:
    assert sniffed(b"email\na@example.test\n").columns == ("email",)
    assert delimiter_of([]) == ","


def test_a_wrong_delimiter_is_told_from_a_single_column() -> None:
    with pytest.raises(UnreadableFile, match="separated by ';'"):
        sniffed(b"email;name\na@example.test;Ana\n", delimiter=",")


@pytest.mark.parametrize("data", [b"", b"\n\n", codecs.BOM_UTF8])
def test_an_empty_file_is_said_to_be_empty(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match="empty"):
        sniffed(data)


def test_a_file_of_column_names_alone_has_nobody() -> None:
    with pytest.raises(UnreadableFile, match="nobody"):
        sniffed(b"email,name\n")


def test_a_file_without_column_names_is_told() -> None:
    with pytest.raises(UnreadableFile, match="column names"):
        sniffed(b"ana@example.test,Ana\nben@example.test,Ben\n")


def test_a_million_columns_are_refused() -> None:
    with pytest.raises(UnreadableFile, match="Is the delimiter right"):
        sniffed(b",".join(b"c" for _ in range(30)) + b"\n1\n")
    with pytest.raises(UnreadableFile, match="Line 1 is longer"):
        sniffed(b",".join(b"c" for _ in range(1_000_000)) + b"\n1\n")


def test_columns_have_names_of_their_own() -> None:
    assert sniffed(b"email,,email,email\na@example.test,1,2,3\n").columns == (
        "email", "column 2", "email (2)", "email (3)",
    )  # fmt: skip


# Records


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    found = read(b'email,note\r\n\r\na@example.test,"two\r\nlines"\r\n,\r\nb@example.test,x\r\n')
    assert [(record.line, record.cells) for record in found] == [
        (1, ["email", "note"]),
        (3, ["a@example.test", "two\r\nlines"]),
        (6, ["b@example.test", "x"]),
    ]


def test_reading_goes_on_behind_a_line() -> None:
    data = b"email\n" + b"".join(b"a%d@example.test\n" % n for n in range(5))
    assert [record.line for record in read(data, after_line=4)] == [5, 6]


def test_old_line_ends_are_line_ends() -> None:
    assert [record.cells for record in read(b"email\ra@example.test\r")] == [["email"], ["a@example.test"]]


def test_a_quote_that_never_closes_stops_the_file_and_names_the_line() -> None:
    with pytest.raises(UnreadableFile, match="opens in line 2 and is not closed"):
        read(b'email,name\n"a@example.test,Ana\nb@example.test,Ben\n')
    with pytest.raises(UnreadableFile, match="opens in line 2 and is not closed"):
        read(b'email,name\n"' + b"x" * 1000 + b"\n" * MAX_LINE)


def test_a_misplaced_quote_costs_its_own_row_only() -> None:
    bad, good = read(b'email,name\n"a@example.test"x,Ana\nb@example.test,Ben\n')[1:]
    assert (bad.line, bad.cells) == (2, [])
    assert "write a quote inside a cell twice" in bad.problem
    assert good.cells == ["b@example.test", "Ben"]


def test_an_endless_line_is_not_read_into_memory() -> None:
    with pytest.raises(UnreadableFile, match="Line 2 is longer"):
        read(b"email\n" + b"x" * (MAX_LINE + 2))


# Mapping


def test_columns_are_mapped_by_their_names() -> None:
    header = "E-Mail,Customer ID,Vorname,Surname,Land,Plan,Score,Empty,Zeitzone,Phone Number".split(",")
    data = csv_bytes(header, ["a@example.test", "1", "A", "B", "DE", "x", "1.5", "", "UTC", "1"])
    assert guessed_mapping(sniffed(data), {"plan": "list"}) == {
        "E-Mail": "email",
        "Customer ID": "external_id",
        "Vorname": "first_name",
        "Surname": "last_name",
        "Land": "country",
        "Plan": "attribute:plan:list",
        "Score": "attribute:score:number",
        "Empty": "",
        "Zeitzone": "timezone",
        "Phone Number": "phone",
    }


def test_no_target_is_guessed_twice() -> None:
    mapping = guessed_mapping(sniffed(b"email,E-Mail,Plan,plan!\na@example.test,b@example.test,1,2\n"), {})
    assert list(mapping.values()) == ["email", "", "attribute:plan:number", ""]


def test_what_we_say_in_our_own_files_is_not_imported() -> None:
    export = guessed_mapping(
        sniffed(b"postrider_id,email,cohort_on,suppressed\nx,a@example.test,2024-01-01,true\n"), {}
    )
    assert [target for target in export.values() if target] == ["email"]
    errors = guessed_mapping(sniffed(b"line,outcome,reason,email\n2,invalid,because,a@example.test\n"), {})
    assert [target for target in errors.values() if target] == ["email"]


@pytest.mark.parametrize(
    ("header", "name"),
    [("Last Order (EUR)", "last_order_eur"), ("Größe", "grosse"), ("2nd", "n_2nd"), ("名前", ""), ("email", "")],
)
def test_headers_become_names_of_attributes(header: str, name: str) -> None:
    assert attribute_name(header) == name


@given(st.text(max_size=80))
def test_every_attribute_name_is_a_target(header: str) -> None:
    name = attribute_name(header)
    assert not name or str(Target.parse(f"attribute:{name}:string")) == f"attribute:{name}:string"


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"a": "first_name"}, "nobody can be recognised"),
        ({"a": "email", "b": "email"}, "mapped to email already"),
        ({"a": "email", "c": "phone"}, "no such column"),
        ({"a": "e-mail"}, "no contact field"),
        ({"a": "email", "b": "attribute:plan"}, "no contact field"),
        ({"a": "email", "b": "attribute:plan:colour"}, "no contact field"),
        ({"a": "email", "b": "attribute:plan:number"}, "registered as string"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused(mapping: dict[str, str], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        parsed_mapping(["a", "b"], mapping, {"plan": "string"})


# Rows

COLUMNS = ["email", "id", "name", "phone", "tags"]
TARGETS = {
    "email": Target("email"),
    "id": Target("external_id"),
    "name": Target("first_name"),
    "phone": Target("phone"),
    "tags": Target("attribute", "tags", "list"),
}


def cleaned(*cells: str, region: str = "") -> dict[str, str]:
    row: CleanRow = RowCleaner(COLUMNS, TARGETS, region)(list(cells))
    return {name: cell for name, cell in zip(STAGED_COLUMNS, row.copy.split("\t"), strict=True) if cell}


def test_a_row_is_cleaned_field_by_field() -> None:
    row = cleaned(" Ana@Example.test ", "c\\1", " Ana  Maria ", "0171 2345678", "a;b", region="DE")
    assert row.pop("email_key")
    assert row == {
        "email": "ana@example.test",
        "email_as_given": "Ana@Example.test",
        "external_id": "c\\\\1",
        "first_name": "Ana Maria",
        "phone": "+491712345678",
        "attributes": '{"tags":["a","b"]}',
    }


def test_blank_cells_say_nothing() -> None:
    assert cleaned("", "c-1", "  ", "", " ; ") == {"external_id": "c-1"}


def test_the_apostrophe_of_our_formula_defence_is_taken_away() -> None:
    assert cleaned("", "'=c-1", "'-Ana", "'+491712345678", "")["phone"] == "+491712345678"
    assert cleaned("", "'=c-1", "O'Neill", "", "")["external_id"] == "=c-1"
    assert cleaned("", "'=c-1", "O'Neill", "", "")["first_name"] == "O'Neill"


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["a@example.test", "1", "Ana", ""], "has 4 cells, the first line has 5"),
        (["a@example.test", "1", "Ana", "", "", ""], "has 6 cells"),
        (["", "", "Ana", "", ""], "nobody can be recognised"),
        (["ana", "1", "Ana", "", ""], "email: "),
        (["=1+1", "1", "Ana", "", ""], "email: "),
        (["a@example.test", "1", "A\0na", "", ""], "name: .*NUL"),
        (["a@example.test", "1", "Ana", "12", ""], "phone: "),
        (["a@example.test", "x" * 256, "Ana", "", ""], "id: .*at most 255"),
    ],
)
def test_a_row_that_cannot_be_imported_says_why(cells: list[str], words: str) -> None:
    with pytest.raises(InvalidRow, match=words):
        RowCleaner(COLUMNS, TARGETS)(cells)
