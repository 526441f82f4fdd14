"""Promotion of attributes: the index is built beside everybody's work, is used, and says nothing else than before."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, connections
from django.utils import timezone

from segments.compiler import contacts_matching
from segments.models import Attribute, Contact, Promotion
from segments.predicates.attributes import TEXT_INDEXED
from segments.services import promotions
from segments.services.attributes import register_attribute
from segments.services.promotions import MAX_ATTEMPTS, MAX_PROMOTED, TooManyPromoted
from tests.conftest import CommittedDb

VALUES = {"string": "pro", "number": 7, "boolean": True, "date": "2026-05-01", "list": ["a", "b"]}
ASKED: dict[str, list[tuple[str, Any]]] = {
    "string": [("equals", "pro"), ("in", ["pro", "team"])],
    "number": [("equals", 7), ("in", [7, 8]), ("greater_than", 6), ("between", [5, 8])],
    "boolean": [("equals", True)],
    "date": [("equals", "2026-05-01"), ("greater_than", "2026-04-01"), ("between", ["2026-04-01", "2026-06-01"])],
    "list": [("contains_any", ["a"]), ("contains_all", ["a", "b"])],
}


@pytest.fixture
def people(committed_db: CommittedDb) -> Iterator[dict[str, Attribute]]:
    """One contact with an attribute of each type, and a thousand with others."""
    found = {type_: register_attribute(name=f"a_{type_}", type=type_) for type_ in VALUES}
    others = {"string": "free", "number": 1, "boolean": False, "date": "2020-01-01", "list": ["z"]}
    Contact.objects.bulk_create(Contact(attributes={f"a_{k}": v for k, v in others.items()}) for _ in range(1000))
    Contact.objects.create(attributes={f"a_{type_}": value for type_, value in VALUES.items()})
    yield found
    connections["owner"].close()


def _promote(attribute: Attribute) -> Promotion:
    promotions.promote(attribute)
    promotions.carry_on(at=timezone.now())
    return Promotion.objects.get(attribute=attribute)


def _rule(type_: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": f"attributes.a_{type_}", "operator": operator, "value": value}


def _plan(rule: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
    return contacts_matching(rule).explain()


def test_every_operator_that_an_index_can_serve_is_served_by_it(people: dict[str, Attribute]) -> None:
    for type_, attribute in people.items():
        row = _promote(attribute)
        assert (row.state, row.error) == (Promotion.State.READY, "")
        for operator, value in ASKED[type_]:
            rule = _rule(type_, operator, value)
            assert row.index_name in _plan(rule), (type_, operator)
            assert contacts_matching(rule).count() == 1, (type_, operator)


def test_a_text_longer_than_an_index_row_is_kept_and_found(people: dict[str, Attribute]) -> None:
    _promote(people["string"])
    long = "".join(chr(0x4E00 + n) for n in range(2000))  # 6,000 bytes that hardly compress
    one = Contact.objects.create(attributes={"a_string": long})
    Contact.objects.create(attributes={"a_string": long[:-1] + "x"})
    rule = _rule("string", "equals", long[:1000])
    assert not contacts_matching(rule).exists()
    assert Contact.objects.filter(attributes__a_string=long).get() == one


@pytest.mark.parametrize("operator", ["equals", "in"])
def test_texts_about_as_long_as_the_index_holds_are_told_apart(people: dict[str, Attribute], operator: str) -> None:
    texts = ["5" * length for length in (1, TEXT_INDEXED - 1, TEXT_INDEXED, TEXT_INDEXED + 1)]
    owners = {text: Contact.objects.create(attributes={"a_string": text}) for text in texts}
    Contact.objects.create(attributes={"a_string": 5})  # no text, and written as one of them
    for promoted in (False, True):
        for text, owner in owners.items():
            asked = text if operator == "equals" else [text]
            assert contacts_matching(_rule("string", operator, asked)).get() == owner, (promoted, len(text))
        _promote(people["string"])


def test_what_a_killed_build_left_is_not_valid_and_is_made_anew(people: dict[str, Attribute]) -> None:
    row = promotions.promote(people["number"])
    with connections["owner"].cursor() as cursor, pytest.raises(IntegrityError):
        cursor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {row.index_name} ON segments_contact (country)")
    assert not promotions.is_valid(row)
    promotions.carry_on(at=timezone.now())
    row.refresh_from_db()
    assert row.state == Promotion.State.READY
    assert row.index_name in _plan(_rule("number", "equals", 7))


def test_only_one_worker_builds_and_one_that_died_is_followed_by_the_next(people: dict[str, Attribute]) -> None:
    promotions.promote(people["date"])
    ended: list[int] = []

    def other() -> None:
        ended.append(promotions.carry_on(at=timezone.now()))
        connections.close_all()

    with promotions._alone() as mine:
        assert mine
        worker = threading.Thread(target=other)
        worker.start()
        worker.join()
    assert ended == [0]
    assert promotions.carry_on(at=timezone.now()) == 1


def test_one_that_never_comes_to_an_end_fails_and_may_be_asked_for_again(people: dict[str, Attribute]) -> None:
    row = promotions.promote(people["list"])
    Promotion.objects.update(attempts=MAX_ATTEMPTS, state=Promotion.State.BUILDING)
    promotions.carry_on(at=timezone.now())
    row.refresh_from_db()
    assert row.state == Promotion.State.FAILED
    assert row.error
    assert _promote(people["list"]).state == Promotion.State.READY


def test_taken_back_it_leaves_nothing(people: dict[str, Attribute]) -> None:
    row = _promote(people["boolean"])
    promotions.take_back(people["boolean"])
    promotions.carry_on(at=timezone.now())
    assert not Promotion.objects.exists()
    assert not promotions.is_valid(row)
    assert contacts_matching(_rule("boolean", "equals", True)).count() == 1


def test_there_is_an_end_to_how_many_may_be_promoted(db: None) -> None:
    for number in range(MAX_PROMOTED):
        promotions.promote(register_attribute(name=f"n{number}", type="number"))
    with pytest.raises(TooManyPromoted):
        promotions.promote(register_attribute(name="one_more", type="number"))


def test_the_command_promotes_takes_back_and_knows_its_names(people: dict[str, Attribute], capsys: Any) -> None:
    call_command("promote", "a_number", "a_list")
    assert capsys.readouterr().out == "a_list  ready\na_number  ready\n"
    call_command("promote", "a_list", "--take-back")
    assert capsys.readouterr().out == "a_number  ready\n"
    with pytest.raises(CommandError, match="no attribute a_lsit"):
        call_command("promote", "a_lsit")
