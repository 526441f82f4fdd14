import string
import unicodedata

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import assume, example, given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat
from pytest_django import Settings

from config.lib.addresses import (
    InvalidAddress,
    address_hash,
    address_hashes,
    address_key,
    mask,
    normalise_email,
    normalise_phone,
)
from config.lib.numbering import is_plain_e164

ATOM = string.ascii_letters + string.digits + "!#$%&'*+/=?^_`{|}~-"
locals_ = st.text(ATOM + ".", min_size=1, max_size=70)
domains = st.lists(st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=65), max_size=4)
suffixes = st.sampled_from(["com", "test", "local", "invalid", "onion", "c0m", "1", "xn--p1ai", "co.uk", ""])
plausible = st.builds(lambda local, labels, top: f"{local}@{'.'.join([*labels, top])}", locals_, domains, suffixes)
ascii_text = st.text(string.printable, max_size=40)
international = st.builds(
    "{}@{}.{}".format,
    st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20),
    st.text(st.characters(categories=("L", "N")), min_size=1, max_size=12),
    st.sampled_from(["com", "рф", "de"]),
)


def by_the_full_validator(raw: str) -> str | None:
    try:
        valid = validate_email(raw.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return f"{valid.local_part.lower()}@{valid.ascii_domain.lower()}"


def normal_or_none(raw: str) -> str | None:
    try:
        return normalise_email(raw)
    except InvalidAddress:
        return None


@given(plausible | ascii_text | st.builds("{}@{}".format, ascii_text, ascii_text))
@example("a@b.c")
@example("a" * 64 + "@example.com")
@example("a" * 65 + "@example.com")
@example("a@" + "b." * 125 + "com")
@example("a@b_c.com")
@example("a@b..com")
@example("a@ex--ample.com")
@example("a@xn--.com")
@example("a@b.com\n")
@example(".a@b.com")
@example("a@example.test")
@example("a@test")
def test_the_fast_path_equals_the_full_validator_on_ascii(raw: str) -> None:
    assert normal_or_none(raw) == by_the_full_validator(raw)


@given(plausible | international)
@example("ΣΑΣ@ΣΑΣ.gr")
@example("İ" * 120 + "@example.com")
@example("Å@example.com")
@example("straße@straße.de")
def test_normalising_twice_changes_nothing(raw: str) -> None:
    once = normal_or_none(raw)
    assume(once is not None)
    assert once is not None
    assert normalise_email(once) == once


@pytest.mark.parametrize(
    ("given_", "normal"),
    [
        ("  Ana.Silva+News@Example.COM ", "ana.silva+news@example.com"),
        ("ana@bücher.de", "ana@xn--bcher-kva.de"),
        ("ana@xn--bcher-kva.de", "ana@xn--bcher-kva.de"),
        ("ana@BÜCHER.de", "ana@xn--bcher-kva.de"),
        ("ana@президент.рф", "ana@xn--d1abbgf6aiiy.xn--p1ai"),
        ("Jose\u0301@example.com", "josé@example.com"),
        ("\u212a@example.com", "k@example.com"),
        ("ana@example。com", "ana@example.com"),
    ],
)
def test_one_person_has_one_normal_form(given_: str, normal: str) -> None:
    assert normalise_email(given_) == normal
    assert unicodedata.is_normalized("NFC", normalise_email(given_))


@pytest.mark.parametrize(
    "raw",
    ["", "ana", "@example.com", "ana@", "ana@localhost", "ana@example", "a b@example.com", "a@b@c.com", "ana@x.1"],
)
def test_what_is_no_address_is_refused_with_a_reason(raw: str) -> None:
    with pytest.raises(InvalidAddress) as caught:
        normalise_email(raw)
    assert caught.value.detail


def test_test_domains_are_refused_where_the_settings_say_so(settings: Settings) -> None:
    settings.ALLOW_TEST_DOMAINS = False
    with pytest.raises(InvalidAddress):
        normalise_email("ana@example.test")
    settings.ALLOW_TEST_DOMAINS = True
    assert normalise_email("ana@example.test") == "ana@example.test"


EXAMPLES = [
    phonenumbers.format_number(number, PhoneNumberFormat.E164)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in range(11)
    if (number := phonenumbers.example_number_for_type(region, kind))
]


@st.composite
def nearly_numbers(draw: st.DrawFn) -> str:
    digits = list(draw(st.sampled_from(EXAMPLES)))
    for place, digit in draw(st.lists(st.tuples(st.integers(1, 12), st.sampled_from("0123456789")), max_size=3)):
        digits[place % len(digits) or 1 : place % len(digits) + draw(st.integers(0, 1))] = digit
    return "".join(digits)


@given(nearly_numbers())
@example("+4407911123456")
@example("+541115123456789")
@example("+390612345678")
@example("+80012345678")
def test_the_quick_yes_is_given_only_to_what_a_parse_leaves_as_it_is(text: str) -> None:
    if not is_plain_e164(text):
        return
    number = phonenumbers.parse(text)
    assert phonenumbers.is_valid_number(number)
    assert phonenumbers.format_number(number, PhoneNumberFormat.E164) == text


def test_the_quick_yes_knows_nearly_every_kind_of_number() -> None:
    assert sum(map(is_plain_e164, EXAMPLES)) > 0.95 * len(EXAMPLES)


@given(nearly_numbers() | st.text(max_size=20))
def test_a_phone_number_is_normal_or_refused(raw: str) -> None:
    try:
        normal = normalise_phone(raw)
    except InvalidAddress:
        return
    assert normalise_phone(normal) == normal


@pytest.mark.parametrize(
    ("raw", "region", "normal"),
    [
        ("+1 (415) 555-2671", None, "+14155552671"),
        ("0171 2345678", "DE", "+491712345678"),
        ("+44 (0) 7911 123456", None, "+447911123456"),
        ("06 12 34 56 78", "FR", "+33612345678"),
    ],
)
def test_phone_numbers_become_e164(raw: str, region: str | None, normal: str) -> None:
    assert normalise_phone(raw, region) == normal


@pytest.mark.parametrize(("raw", "region"), [("0171 2345678", None), ("call me", "DE"), ("+1 555", None), ("", "US")])
def test_what_is_no_phone_number_is_refused_with_the_remedy(raw: str, region: str | None) -> None:
    with pytest.raises(InvalidAddress, match=r"\+14155550100"):
        normalise_phone(raw, region)


def test_hashes_follow_the_key_list(settings: Settings) -> None:
    settings.ADDRESS_KEYS = ((2, b"n" * 32), (1, b"o" * 32))
    new, old = address_hashes("ana@example.com")
    assert (new.key_id, old.key_id) == (2, 1)
    assert address_hash("ana@example.com") == new
    assert new.digest != old.digest
    settings.ADDRESS_KEYS = ((1, b"o" * 32),)
    assert address_hash("ana@example.com") == old


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"])))
def test_the_short_way_to_a_key_gives_the_same_key(text: str) -> None:
    assert address_key(text) == address_hash(text).key
    assert -(2**63) <= address_key(text) < 2**63


@given(plausible | nearly_numbers())
def test_a_mask_hides_what_it_would_take_to_write(raw: str) -> None:
    local = raw.strip().partition("@")[0]
    assume(len(local) > 1)
    assert local not in mask(raw).partition("@")[0]
    assert mask("ana.silva@example.com") == "a…@example.com"
    assert mask("+14155550100") == "+14…00"
    assert mask("12345") == "…"
