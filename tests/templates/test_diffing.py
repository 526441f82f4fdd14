"""Lines beside lines: nothing is lost, and long runs of the same are a gap."""

from hypothesis import assume, given
from hypothesis import strategies as st

from templates.diffing import Row, compare, side_by_side, unified
from tests.factories.templates import draft

texts = st.lists(st.sampled_from(["a", "b", "c", "", "  d"]), max_size=30).map("\n".join)


def lines(text: str) -> list[str]:
    return text.split("\n") if text else []


@given(texts, texts)
def test_both_texts_can_be_read_off_the_rows(old: str, new: str) -> None:
    assume(old != new)
    rows = list(side_by_side(old, new, around=1000))
    assert [row.old for row in rows if row.old_line] == lines(old)
    assert [row.new for row in rows if row.new_line] == lines(new)
    assert [row.old_line for row in rows if row.old_line] == list(range(1, len(lines(old)) + 1))
    assert [row.new_line for row in rows if row.new_line] == list(range(1, len(lines(new)) + 1))


@given(texts, texts)
def test_gaps_stand_for_lines_that_are_the_same(old: str, new: str) -> None:
    rows = list(side_by_side(old, new, around=1))
    assert sum(row.skipped for row in rows) + sum(bool(row.old_line) for row in rows) == len(lines(old))
    assert sum(row.skipped for row in rows) + sum(bool(row.new_line) for row in rows) == len(lines(new))


def test_a_change_is_shown_among_its_neighbours() -> None:
    old = "\n".join(f"line {number}" for number in range(1, 21))
    rows = list(side_by_side(old, old.replace("line 10", "LINE 10")))
    assert rows[0] == Row("gap", skipped=6)
    assert rows[4] == Row("changed", 10, "line 10", 10, "LINE 10")
    assert unified(rows) == [
        "@@ 6 lines @@", " line 7", " line 8", " line 9", "-line 10", "+LINE 10", " line 11", " line 12", " line 13",
        "@@ 7 lines @@",
    ]  # fmt: skip


def test_versions_are_compared_by_language_and_field() -> None:
    old = [draft("a\nb", subject="Hi"), draft("x", language="pt")]
    new = [draft("a\nc\nd", subject="Hi"), draft("y", language="de")]
    found = [(one.language, one.field, one.added, one.removed) for one in compare(old, new)]
    assert found == [
        ("en", "body", 2, 1),
        ("de", "subject", 1, 0), ("de", "format", 1, 0), ("de", "body", 1, 0),
        ("pt", "subject", 0, 1), ("pt", "format", 0, 1), ("pt", "body", 0, 1),
    ]  # fmt: skip
    assert compare(old, old) == []
