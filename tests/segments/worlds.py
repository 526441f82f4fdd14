"""A small world of hard cases for segment rules, and random rules over it."""

import random
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from config.lib import public_ids
from config.lib.addresses import address_hash
from segments.models import Attribute, Contact, ContactList, Import, ImportRow, ListMembership, Segment
from segments.services.segments import create_segment
from tests.segments import doings
from tests.segments.oracle import Person, World

AT = datetime(2024, 3, 31, 12, 30, tzinfo=UTC)  # a leap year's month end: every step by months has to decide
PEOPLE = 400

TEXTS = [
    "Ana",
    "ana",
    "Ana ",
    "Ünïcode",
    "a%b",
    "a_b",
    "axb",
    "a\\b",
    "'; --",
    '"',
    "Zoë",
    "Zoe\u0308",
    "👩‍👩‍👧",
    "東京",
    "İ",
    "0",
]
EMAILS = [f"{name}@{domain}" for name in ("ana", "ben+x", "o'hara") for domain in ("acme.example", "mail.acme.example")]
PHONES = ["+447911123456", "+4915123456789", "+14155552671"]
DAYS = [AT.date() + timedelta(days=n) for n in (-366, -31, -30, -29, -7, -1, 0, 1, 2, 7, 30, 31)] + [date(2024, 2, 29)]
MIDNIGHTS = [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in DAYS]
INSTANTS = [
    instant + timedelta(microseconds=n)
    for instant in (*MIDNIGHTS, AT, AT - timedelta(hours=6), AT - timedelta(days=30), AT + timedelta(minutes=30))
    for n in (-1, 0, 1)
]
NUMBERS = [0, -0.0, 1, -1, 12, 12.0, 0.1, 99.99, 100, 1e22, 10**22, 2**53, 2**53 + 1, -1e-7]
ODD_DAYS = [
    "2024-02-30",
    "2023-02-29",
    "2024-04-31",
    "0000-01-01",
    "2024-13-01",
    "2024-3-31",
    "2024-03-31T00:00:00Z",
    " 2024-03-31",
    "9999-12-31",
]
TAGS = ["vip", "beta", "a,b", "{x}", "NULL", "Ünïcode", '"']
ATTRIBUTES = {
    "city": "string",
    "spent": "number",
    "2024": "number",  # a name that is also a number
    "keen": "boolean",
    "renewal": "date",
    "tags": "list",
    "bare-name": "string",
}
FITTING: dict[str, list[Any]] = {
    "string": [*TEXTS, ""],
    "number": NUMBERS,
    "boolean": [True, False],
    "date": [*(day.isoformat() for day in DAYS), *ODD_DAYS],
    "list": [[], ["vip"], ["vip", "beta"], TAGS, ["", "vip"], [1, "vip"], [None], [["vip"]]],
}
LEFTOVERS: list[Any] = [
    None,
    "",
    "12",
    12,
    0,
    True,
    False,
    [],
    {},
    {"vip": 1},
    ["2024-03-31"],
    "vip",
    "2024-03-31",
    [[]],
    "true",
]


@dataclass(frozen=True, eq=False)
class Peopled:
    """The world, its people by row id, and the public ids that rules may name."""

    world: World
    people: Mapping[int, Person]
    lists: list[str]
    imports: list[str]
    segments: list[str]

    def expected(self, rule: Any, at: datetime = AT) -> set[int]:
        world = World(at, self.world.attributes, self.world.segments)
        return {pk for pk, person in self.people.items() if world.matches(rule, person)}


def build() -> Peopled:
    """Make it in the database of the current transaction."""
    chance = random.Random(20240331)
    for name, kind in ATTRIBUTES.items():
        Attribute.objects.create(name=name, type=kind)
    lists = [ContactList.objects.create(name=f"list {n}") for n in range(3)]
    imports = [Import.objects.create(name=f"file {n}.csv", file="x") for n in range(2)]
    people = {contact.pk: person for contact, person in _people(chance, lists, imports)}
    doings.tell(chance, people)
    world = World(AT, ATTRIBUTES, {})
    peopled = Peopled(world, people, _ids("list", lists), _ids("import", imports), [])
    _add_segments(peopled)
    return peopled


def _people(
    chance: random.Random, lists: list[ContactList], imports: list[Import]
) -> Iterator[tuple[Contact, dict[str, Any]]]:
    columns = [_columns(chance, number) for number in range(PEOPLE)]
    contacts = Contact.objects.bulk_create(
        Contact(**row, email_key=address_hash(row["email"]).key if row["email"] else None) for row in columns
    )
    for contact, row in zip(contacts, columns, strict=True):
        on = [one for one in lists if chance.random() < 0.3]
        came = [one for one in imports if chance.random() < 0.3]
        ListMembership.objects.bulk_create(ListMembership(list=one, contact=contact) for one in on)
        ImportRow.objects.bulk_create(
            ImportRow(imported_from=one, line=contact.pk * 2 + twice, contact=contact, outcome="new")
            for one in came
            for twice in range(2)
        )
        yield contact, {**row, "events": [], "lists": set(_ids("list", on)), "imports": set(_ids("import", came))}


def _columns(chance: random.Random, number: int) -> dict[str, Any]:
    return {
        "external_id": chance.choice([None, f"x-{number}", f"Ünï{number}"]),
        "email": chance.choice([None, f"{number}{chance.choice(EMAILS)}", f"{number}@ACME.example".lower()])
        if number >= len(EMAILS)
        else EMAILS[number],
        "phone": chance.choice([None, *PHONES]),
        "first_name": chance.choice(["", *TEXTS]),
        "last_name": chance.choice(["", *TEXTS]),
        "country": chance.choice(["", "US", "DE", "GB"]),
        "language": chance.choice(["en", "de", "pt-BR"]),
        "timezone": chance.choice(["UTC", "Europe/Berlin", "Pacific/Auckland", "Pacific/Honolulu", "Nowhere/Lost"]),
        "cohort_on": chance.choice(DAYS),
        "created_at": chance.choice(INSTANTS),
        "updated_at": chance.choice(INSTANTS),
        "attributes": {
            name: chance.choice(LEFTOVERS if chance.random() < 0.25 else FITTING[kind])
            for name, kind in ATTRIBUTES.items()
            if chance.random() < 0.8
        },
    }


def _add_segments(peopled: Peopled) -> None:
    """Three plain ones, then some that stand on them, three deep."""
    german = {"logic": "AND", "conditions": [_leaf("country", "equals", "DE")]}
    spent = {"logic": "OR", "conditions": [_leaf("attributes.spent", "greater_than", 10), _leaf("city", "not_exists")]}
    listed = {"logic": "AND", "conditions": [_leaf("list", "in", peopled.lists[:1])], "not": True}
    first = [_saved(peopled, rule) for rule in (german, spent, listed)]
    mixed = {"logic": "OR", "conditions": [_leaf("segment", "not_in", first[:2])], "exclude_segments": first[2:]}
    second = _saved(peopled, mixed)
    _saved(peopled, {"logic": "AND", "conditions": [_leaf("segment", "in", [second, first[0]])], "not": True})


def _saved(peopled: Peopled, rule: dict[str, Any]) -> str:
    segment = create_segment(name=f"segment {Segment.objects.count()}", criteria=rule)
    (public_id,) = _ids("segment", [segment])
    peopled.world.segments[public_id] = rule  # type: ignore[index]
    peopled.segments.append(public_id)
    return public_id


def _ids(kind: str, rows: list[Any]) -> list[str]:
    return [public_ids.encode(kind, row.pk) for row in rows]


def _leaf(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "operator": operator} | ({} if value is None else {"value": value})


# -- random rules ----------------------------------------------------------------------------------------------------

_texts = st.sampled_from([unicodedata.normalize("NFC", text.strip()) for text in TEXTS] + ["acme", "Ana B", "é"])
_parts = st.sampled_from([*TEXTS, "a", "%", "_", "\\", " ", "o"]).map(lambda text: unicodedata.normalize("NFC", text))
_languages = st.sampled_from(["en", "de", "pt-BR", "fr"])
_zones = st.sampled_from(["UTC", "Europe/Berlin", "Asia/Tokyo"])
_periods = st.builds(
    lambda n, unit: f"{n}_{unit}{'' if n == 1 else 's'}",
    st.sampled_from([0, 1, 2, 7, 30, 31, 12]),
    st.sampled_from(["day", "week", "month", "year"]),
)
_short_periods = st.sampled_from(["6_hours", "30_minutes", "1_hour", "720_hours", "0_minutes"])
_days = st.one_of(
    st.sampled_from(DAYS).map(date.isoformat),
    st.sampled_from(["today", "yesterday", "tomorrow"]),
    _periods.map("{}_ago".format),
    _periods.map("in_{}".format),
)
_instants = st.one_of(
    _days,
    st.sampled_from(INSTANTS).map(lambda at: at.isoformat().replace("+00:00", "Z")),
    _short_periods.map("{}_ago".format),
    _short_periods.map("in_{}".format),
)


def _many(values: SearchStrategy[Any]) -> SearchStrategy[list[Any]]:
    return st.lists(values, min_size=1, max_size=4, unique_by=repr)


def _leaves(fields: list[str], *cases: tuple[list[str], SearchStrategy[Any]]) -> SearchStrategy[dict[str, Any]]:
    return st.one_of(
        *(st.builds(_leaf, st.sampled_from(fields), st.sampled_from(operators), values) for operators, values in cases)
    )


_known = (["exists", "not_exists"], st.none())


_calendar_periods = st.sampled_from(["0_days", "1_day", "3_days", "1_week", "2_months", "31_days", "12_months"])


def _calendar_leaves(fields: list[str]) -> SearchStrategy[Any]:
    return _leaves(
        fields,
        (["equals_local", "anniversary"], _days),
        (["within_last_local", "within_next_local", "anniversary_within_last", "anniversary_within_next"],
         _calendar_periods),
    )  # fmt: skip


def _text_leaves(fields: list[str], whole: SearchStrategy[str], part: SearchStrategy[str]) -> SearchStrategy[Any]:
    return _leaves(
        fields,
        (["equals", "not_equals"], whole),
        (["in", "not_in"], _many(whole)),
        (["contains", "not_contains", "starts_with", "ends_with"], part),
        _known,
    )


def _ordered(pair: tuple[Any, Any]) -> list[Any]:
    both_days = all(isinstance(one, str) and one[:4].isdigit() and "_" not in one for one in pair)
    return sorted(pair) if both_days or not isinstance(pair[0], str) else list(pair)


_points = ["equals", "not_equals", "greater_than", "greater_than_or_equal", "less_than", "less_than_or_equal"]


def _dated_leaves(fields: list[str], points: SearchStrategy[str], periods: SearchStrategy[str]) -> SearchStrategy[Any]:
    return _leaves(
        fields,
        (_points, points),
        (["between"], st.tuples(points, points).map(_ordered)),
        (["within_last", "not_within_last", "within_next"], periods),
        _known,
    )


@cache
def leaves(peopled: Peopled) -> SearchStrategy[dict[str, Any]]:
    """Every field with every operator, in canonical spelling."""
    numbers = st.sampled_from(NUMBERS)
    names = [f"attributes.{name}" for name in ATTRIBUTES]
    typed = {
        kind: [name for name, one in zip(names, ATTRIBUTES.values(), strict=True) if one == kind] for kind in FITTING
    }
    return st.one_of(
        _text_leaves(["first_name", "last_name", "external_id"], _texts, _parts),
        _text_leaves(["language"], _languages, _parts),
        _text_leaves(["timezone"], _zones, _parts),
        _text_leaves(["email"], st.sampled_from(EMAILS), st.sampled_from(["acme", "@mail.", "1", "ana@"])),
        _text_leaves(["country"], st.sampled_from(["US", "DE", "FR"]), st.sampled_from(["U", "S", "DE"])),
        _leaves(["country_group"], (["in", "not_in"], _many(st.sampled_from(["european_union", "europe", "asia"])))),
        _text_leaves(["phone"], st.sampled_from(PHONES), st.sampled_from(["+49", "555", "6"])),
        _dated_leaves(["cohort_on", *typed["date"]], _days, _periods),
        _calendar_leaves(["cohort_on", "created_at", *typed["date"]]),
        _dated_leaves(["created_at", "updated_at"], _instants, st.one_of(_periods, _short_periods)),
        _text_leaves(typed["string"], _parts, _parts),
        _leaves(
            typed["number"],
            (_points, numbers),
            (["in", "not_in"], _many(numbers)),
            (["between"], st.tuples(numbers, numbers).map(_ordered)),
            _known,
        ),
        _leaves(typed["boolean"], (["equals", "not_equals"], st.booleans()), _known),
        _leaves(
            typed["list"],
            (["contains_any", "contains_all", "contains_none"], _many(st.sampled_from([*TAGS, "2024-03-31"]))),
            _known,
        ),
        doings.leaves(_instants, _periods, _short_periods),
        doings.aggregates(_instants, st.one_of(_periods, _short_periods)),
        _leaves(["list"], (["in", "not_in"], _many(st.sampled_from(peopled.lists)))),
        _leaves(["import"], (["in", "not_in"], _many(st.sampled_from(peopled.imports)))),
        _leaves(["segment"], (["in", "not_in"], _many(st.sampled_from(peopled.segments)))),
    )


@cache
def rules(peopled: Peopled, size: int = 8) -> SearchStrategy[dict[str, Any]]:
    """Groups within groups, with negations and exclusions."""

    def group(children: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries(
            {"logic": st.sampled_from(["AND", "OR"]), "conditions": st.lists(children, min_size=1, max_size=3)},
            optional={
                "not": st.booleans(),
                "exclude_segments": st.lists(st.sampled_from(peopled.segments), max_size=2, unique=True),
            },
        )

    def deeper(children: SearchStrategy[Any]) -> SearchStrategy[Any]:
        return st.one_of(group(children), st.fixed_dictionaries({"not": children}))

    return group(st.recursive(leaves(peopled), deeper, max_leaves=size))
