import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from config.lib.errors import DomainError
from segments.cleaning import FIELDS, TYPES, InvalidValue, distinct, guessed_type, one_line
from segments.places import UnknownPlace, country_code, language_tag, zone_name

text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(text, st.sampled_from([name for name in FIELDS if name not in ("email", "phone")]))
def test_a_clean_field_is_clean_already(raw: str, field: str) -> None:
    try:
        clean = FIELDS[field](raw.strip())
    except DomainError:
        return
    assert not clean or FIELDS[field](clean) == clean
    assert not set(clean) & set("\t\r\n\0")


@given(text, st.sampled_from(list(TYPES)))
def test_what_a_cleaner_refuses_is_not_repeated_in_the_reason(raw: str, type_: str) -> None:
    assume(type_ != "list")
    with pytest.raises(DomainError) as caught:
        TYPES[type_](f"Ana Silva {raw} \0")
    assert "Ana Silva" not in caught.value.detail


@pytest.mark.parametrize(
    ("type_", "raw", "value"),
    [
        ("number", "12", 12),
        ("number", "-3.5", -3.5),
        ("number", "1e3", 1000.0),
        ("number", "9007199254740993", float(9007199254740993)),
        ("boolean", "Yes", True),
        ("boolean", "0", False),
        ("boolean", "FALSE", False),
        ("date", "2024-02-29", "2024-02-29"),
        ("date", "2024/2/9", "2024-02-09"),
        ("date", "31.12.2024", "2024-12-31"),
        ("date", "2024-12-31T23:59:59Z", "2024-12-31"),
        ("list", "a; b|a", ["a", "b"]),
        ("list", '["x;y", "z"]', ["x;y", "z"]),
        ("list", ";", []),
        ("string", "two\nlines", "two\nlines"),
        ("string", "e\u0301", "é"),
    ],
)
def test_values_take_the_form_of_their_type(type_: str, raw: str, value: object) -> None:
    found = TYPES[type_](raw)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("type_", "raw"),
    [
        ("number", "1,234"),
        ("number", "1 234"),
        ("number", "nan"),
        ("number", "1e999"),
        ("number", "٣"),
        ("boolean", "maybe"),
        ("date", "2023-02-29"),
        ("date", "01/02/2024"),
        ("date", "soon"),
        ("list", "[1]"),
        ("list", "[broken"),
        ("list", ";".join(map(str, range(300)))),
        ("string", "x" * 2001),
        ("string", "nul\0"),
    ],
)
def test_what_does_not_fit_its_type_is_refused(type_: str, raw: str) -> None:
    with pytest.raises(InvalidValue):
        TYPES[type_](raw)


def test_a_line_has_single_spaces_and_no_control_characters() -> None:
    assert one_line("Ana \t Maria\r\nSilva\u00a0Costa", 100) == "Ana Maria Silva Costa"
    with pytest.raises(InvalidValue, match="control"):
        one_line("Ana\x07", 100)
    with pytest.raises(InvalidValue, match="at most 100"):
        FIELDS["first_name"]("x" * 101)
    assert FIELDS["external_id"]("order 7") == "order 7"
    assert distinct([" a ", "a", ""]) == ["a"]


@pytest.mark.parametrize(
    ("raw", "code"), [("de", "DE"), ("Germany", "DE"), ("Deutschland", "DE"), ("USA", "US"), ("Türkiye", "TR")]
)
def test_countries_are_known_by_code_and_name(raw: str, code: str) -> None:
    assert country_code(raw) == code


@pytest.mark.parametrize(
    ("raw", "tag"), [("EN", "en"), ("pt_br", "pt-BR"), ("zh-hant-tw", "zh-Hant-TW"), ("German", "de")]
)
def test_languages_are_known_by_tag_and_name(raw: str, tag: str) -> None:
    assert language_tag(raw) == tag


def test_a_language_fits_its_column() -> None:
    assert FIELDS["language"]("yue-Hant-HK") == "yue"


def test_zones_are_known_whatever_their_capitals() -> None:
    assert zone_name("europe/berlin") == "Europe/Berlin"
    assert zone_name("America/new york") == "America/New_York"


def test_unknown_places_are_refused_with_an_example() -> None:
    for cleaner, example in ((country_code, "DE"), (language_tag, "pt-BR"), (zone_name, "Europe/Berlin")):
        for raw in ("Atlantis", "ZZ" if cleaner is country_code else "zzz", "EU" if cleaner is country_code else "??"):
            with pytest.raises(UnknownPlace, match=example):
                cleaner(raw)


@pytest.mark.parametrize(
    ("samples", "type_"),
    [
        (["1", "2.5"], "number"),
        (["01234", "1"], "string"),
        (["+49", "1"], "string"),
        (["yes", "No"], "boolean"),
        (["2024-01-01", "31.12.2024"], "date"),
        (["a", "1"], "string"),
        ([], "string"),
    ],
)
def test_the_type_of_a_new_attribute_is_guessed_from_its_values(samples: list[str], type_: str) -> None:
    assert guessed_type(samples) == type_
