"""What an import does to people, through all its stages and on a real database."""

import pytest

from segments.models import Attribute, Contact, Import, ImportRow
from tests.factories import segments as make

pytestmark = pytest.mark.django_db

HEADER = ["Email", "ID", "First name", "Last name", "Country", "Language", "Phone", "Plan", "Score"]
ANA = ["Ana@Example.test", "c-1", "Ana", "Silva", "Portugal", "pt", "+351912345678", "pro", "12.5"]
BEN = ["ben@example.test", "c-2", "Ben", "Müller", "DE", "de", "+4915112345678", "free", "3"]


def people() -> dict[str, Contact]:
    return {str(contact.email or contact.external_id): contact for contact in Contact.objects.all()}


def test_a_file_becomes_people_with_typed_attributes() -> None:
    done = make.imported(make.csv_bytes(HEADER, ANA, BEN))
    assert (done.state, done.results) == (Import.State.COMPLETED, {"new": 2})
    ana = people()["ana@example.test"]
    assert (ana.external_id, ana.first_name, ana.last_name) == ("c-1", "Ana", "Silva")
    assert (ana.country, ana.language, ana.timezone, ana.phone) == ("PT", "pt", "UTC", "+351912345678")
    assert ana.email_as_given == "Ana@Example.test"
    assert ana.attributes == {"plan": "pro", "score": 12.5}
    assert dict(Attribute.objects.values_list("name", "type")) == {"plan": "string", "score": "number"}


def test_the_same_file_twice_changes_nothing() -> None:
    data = make.csv_bytes(HEADER, ANA, BEN)
    make.imported(data)
    before = list(Contact.objects.order_by("pk").values())
    again = make.imported(data)
    assert again.counts["unchanged"] == again.results["unchanged"] == 2
    assert list(Contact.objects.order_by("pk").values()) == before
