"""The cases of `bench segment` are rules that hold: each is counted, launched to and asked for a batch."""

import pytest

from config.bench_segment.cases import BY_INDEX, cases
from config.bench_segment.measuring import Floor, measure, measure_floor
from config.bench_segment.world import ATTRIBUTES, LISTS
from segments.models import Contact, ContactList
from segments.services.attributes import register_attribute

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world() -> None:
    for name, type_ in ATTRIBUTES.items():
        register_attribute(name=name, type=type_)
    ContactList.objects.bulk_create(ContactList(name=name) for name in LISTS)
    Contact.objects.create(email="a@b.example", email_key=1, country="DE", attributes={"plan": "pro", "score": 85})


def test_every_case_is_a_rule_and_says_who_fits() -> None:
    floor = measure_floor()
    found = {case.name: measure(case.name, case.kind, case.rule, floor).people for case in cases()}
    assert len(found) == len(cases()) >= 20
    assert found["country is DE"] == found["plan is pro"] == found["score between 80 and 90"] == 1
    assert found["plan is not free"] == found["never signed in"] == found["on no list"] == 1
    assert found["is a VIP"] == found["champions"] == found["bought in the last 30 days"] == 0


def test_there_are_cases_by_index_and_segments_are_made_once() -> None:
    assert [case.name for case in cases() if case.kind in BY_INDEX]
    assert cases() == cases()


def test_a_ratio_is_that_of_the_slower_form() -> None:
    case = cases()[0]
    timing = measure(case.name, case.kind, case.rule, Floor(count_s=1000.0, launch_s=1e-9))
    assert timing.ratio > 1000
    assert timing.slower_s == max(timing.count_s, timing.launch_s)
