"""What the builder of rules knows: every field, by groups that each come once, with all it takes to draw its value."""

from itertools import groupby

import pytest

from segments.predicates.base import Catalogue
from segments.selectors.vocabulary import vocabulary

pytestmark = pytest.mark.django_db


def test_every_field_is_offered_under_one_heading_of_each_group() -> None:
    fields = vocabulary()["fields"]
    assert {one["name"] for one in fields} == set(Catalogue.load())
    groups = [name for name, _ in groupby(one["group"] for one in fields)]
    assert len(groups) == len(set(groups))
    assert {"Contact", "Belonging", "Events", "Messages", "Permission", "Purchases and metrics"} <= set(groups)


def test_an_event_brings_its_properties_and_a_message_whether_machines_pretend_to() -> None:
    words = vocabulary()
    fields = {one["name"]: one for one in words["fields"]}
    assert fields["event.order_completed"]["properties"]["total"] == "number"
    assert fields["event.order_completed"]["adds_up"] == "total"
    assert (fields["message.opened"]["machines"], fields["message.sent"]["machines"]) == (True, False)
    event = words["types"]["event"]
    assert [one["name"] for one in event["operators"]] == ["did", "did_not"]
    kinds = set(event["kinds"])
    assert {kind for one in fields.values() for kind in one.get("properties", {}).values()} <= kinds
    assert words["types"]["country_group"]["choices"]["european_union"] == "European Union (EU)"
