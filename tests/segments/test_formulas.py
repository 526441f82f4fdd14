import csv
import io
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from segments.formulas import bare, defused

TRIGGERS = "=+-@\t＝＋－＠"
BLANK = " \u00a0\u2003\u200b\ufeff\x0b\x0c"
hostile = st.text(st.sampled_from(TRIGGERS + BLANK + "'\r\n1a") | st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?", re.ASCII)


@given(hostile)
@example("'=1")
@example("''=1")
@example("' '=1")
@example("a\n'\nb")
@example("'\r")
@example("\r\n=1")
@example("'+1")
def test_what_was_defused_comes_back_as_it_was(text: str) -> None:
    assert bare(defused(text)) == text


@given(hostile)
@example("a\r=1")
@example("\u00a0＝1")
@example("\r=1")
def test_no_exported_line_starts_a_formula(text: str) -> None:
    cell = defused(text)
    if NUMBER.fullmatch(cell):
        return
    assert cell[:1] not in ("\r", "\n", "\t")
    for line in re.split("[\r\n]", cell):
        assert line.lstrip(BLANK)[:1] not in tuple(TRIGGERS)


@given(st.lists(hostile, min_size=1, max_size=4))
def test_a_row_survives_the_trip_through_a_csv_file(row: list[str]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerow(map(defused, row))
    file.seek(0)
    assert [bare(cell) for cell in next(csv.reader(file))] == row


@pytest.mark.parametrize("number", ["+14155550100", "-5", "-1.5e3", "+0", "42"])
def test_numbers_stay_numbers(number: str) -> None:
    assert defused(number) == number


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("  @SUM(1)", "'  @SUM(1)"),
        ("＝1+1", "'＝1+1"),
        ("note\n=1", "note\n'=1"),
        ("+1 415", "'+1 415"),
        ("Ana", "Ana"),
        ("it's = fine", "it's = fine"),
    ],
)
def test_examples(text: str, cell: str) -> None:
    assert defused(text) == cell


def test_a_phone_number_forced_to_text_by_a_spreadsheet_is_read_as_one() -> None:
    assert bare("'+14155550100") == "+14155550100"
