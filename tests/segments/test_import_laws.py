"""Laws of imports on random files and random people, against a plain-Python reading of the rules."""

from collections import Counter
from dataclasses import dataclass, field, replace

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segments.models import Contact, Import, ImportRow
from segments.services.attributes import register_attribute
from tests.factories import segments as make

pytestmark = pytest.mark.django_db

ids, mails = st.sampled_from(["", "1", "2", "3"]), st.sampled_from(["", "a", "b", "c", "A"])
names, plans = st.sampled_from(["", "Ana", "Ben"]), st.sampled_from(["", "pro", "free"])
policies = st.sampled_from(Import.UpdatePolicy.values)


@dataclass(frozen=True)
class Person:
    external_id: str = ""
    email: str = ""
    first_name: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


Row = tuple[str, str, str, str]
rows = st.lists(st.tuples(ids, mails, names, plans), min_size=1, max_size=8)
worlds = st.lists(st.builds(Person, ids, mails.map(str.lower), names), max_size=3).map(
    lambda people: [
        person
        for number, person in enumerate(people)
        if (person.external_id or person.email)
        and not any(
            (person.external_id and person.external_id == other.external_id)
            or (person.email and person.email == other.email)
            for other in people[:number]
        )
    ]
)


def meant(row: Row, people: list[Person]) -> int | str | None:
    """The place of the person a row means; "conflict"; None for somebody new."""
    external_id, email = row[0], row[1].lower()
    by_id = next((n for n, p in enumerate(people) if external_id and p.external_id == external_id), None)
    by_email = next((n for n, p in enumerate(people) if email and p.email == email), None)
    if by_id is not None and by_email is not None and by_id != by_email:
        return "conflict"
    if by_id is None and by_email is not None and external_id and people[by_email].external_id:
        return "conflict"
    return by_id if by_id is not None else by_email


def merged(person: Person, row: Row, policy: str) -> Person:
    new = {"external_id": row[0], "email": row[1].lower(), "first_name": row[2]}
    plan = {"plan": row[3]} if row[3] else {}
    if policy == "skip":
        return person
    if policy == "overwrite":
        return replace(person, **{k: v for k, v in new.items() if v}, attributes={**person.attributes, **plan})
    blank = {k: v for k, v in new.items() if v and not getattr(person, k)}
    return replace(person, **blank, attributes={**plan, **person.attributes})


def expected(file: list[Row], people: list[Person], policy: str) -> tuple[list[str], list[Person]]:
    """Outcomes by row, and the people afterwards."""
    before, after = list(people), list(people)
    outcomes: list[str] = []
    kept: list[tuple[Row, int | str | None]] = []
    for row in file:
        if not (row[0] or row[1]):
            outcomes.append("invalid")
            continue
        whom = meant(row, before)
        if whom == "conflict":
            outcomes.append("conflict")
            continue
        if any(
            (row[0] and row[0] == other[0])
            or (row[1] and row[1].lower() == other[1].lower())
            or (whom is not None and whom == other_whom)
            for other, other_whom in kept
        ):
            kept.append((row, whom))
            outcomes.append("duplicate")
            continue
        kept.append((row, whom))
        if whom is None:
            after.append(merged(Person(), row, "overwrite"))
            outcomes.append("new")
        else:
            assert isinstance(whom, int)
            after[whom] = merged(before[whom], row, policy)
            outcomes.append("unchanged" if after[whom] == before[whom] else "changed")
    return outcomes, after


def people_now() -> list[Person]:
    return [
        Person(c.external_id or "", c.email.partition("@")[0] if c.email else "", c.first_name, c.attributes)
        for c in Contact.objects.order_by("pk")
    ]


def settle(world: list[Person]) -> None:
    register_attribute(name="plan", type="string")
    for person in world:
        make.contact(
            external_id=person.external_id or None,
            email=f"{person.email}@example.test" if person.email else None,
            first_name=person.first_name,
        )


def file_of(file: list[Row]) -> bytes:
    # a column that is never blank keeps rows without identity from being blank lines
    cells = [[i, f"{m}@example.test" if m else "", n, p, "x"] for i, m, n, p in file]
    return make.csv_bytes(["id", "email", "first_name", "plan", "note"], *cells)


MAPPING = {"id": "external_id", "email": "email", "first_name": "first_name", "plan": "attribute:plan:string"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(worlds, rows, policies)
def test_an_import_does_what_its_rules_say(world: list[Person], file: list[Row], policy: str) -> None:
    outcomes, people = expected(file, world, policy)
    with transaction.atomic():
        settle(world)
        done = make.imported(file_of(file), mapping=MAPPING, update_policy=policy)
        recorded = ImportRow.objects.filter(imported_from=done).order_by("line").values_list("outcome", flat=True)
        assert list(recorded) == outcomes
        assert Counter(map(repr, people_now())) == Counter(map(repr, people))
        assert done.results == Counter(outcomes)
        assert {name: number for name, number in done.counts.items() if number} == {"rows": len(file), **done.results}
        if not {"conflict", "duplicate"} & set(outcomes):  # those may stand for themselves by now
            before = list(Contact.objects.order_by("pk").values())
            make.imported(file_of(file), mapping=MAPPING, update_policy=policy)
            assert list(Contact.objects.order_by("pk").values()) == before
        transaction.set_rollback(True)
