"""The schema registry: types, versions, and metrics that count what passes a filter."""

from typing import Any

import pytest

from config.lib.errors import Invalid
from segments.events.catalogue import CATALOGUE
from segments.events.schemas import CompiledSchema, check_schema
from segments.models import Activity, EventType, Metric
from segments.services.event_types import (
    EventTypeTaken,
    MetricTaken,
    add_version,
    make_built_in,
    register_event_type,
    register_metric,
)
from segments.services.rollups import catch_up, lagging
from tests.factories.api import caller
from tests.factories.events import event, statuses, take

pytestmark = pytest.mark.django_db
OPEN: dict[str, Any] = {"type": "object", "properties": {}}


def test_the_catalogue_is_there_from_the_first_day_with_a_metric_each() -> None:
    names = {one.name for one in CATALOGUE}
    assert names <= set(EventType.objects.filter(built_in=True).values_list("name", flat=True))
    assert names <= set(Metric.objects.values_list("name", flat=True))


def test_making_the_catalogue_again_leaves_what_an_operator_made_of_it() -> None:
    kind = EventType.objects.get(name="signed_in")
    add_version(kind, schema=OPEN)
    make_built_in(using="default")
    kind.refresh_from_db()
    assert kind.current and kind.current.number == 2


@pytest.mark.parametrize("one", CATALOGUE, ids=lambda one: one.name)
def test_every_schema_of_the_catalogue_could_have_been_registered(one: Any) -> None:
    check_schema(one.schema)
    assert not one.value or one.value in one.properties


def test_an_event_is_judged_by_the_version_of_the_moment() -> None:
    kind = register_event_type(name="demo_requested", schema={**OPEN, "additionalProperties": False})
    assert statuses(event("demo_requested", properties={"seats": 1})) == ["quarantined"]
    add_version(kind, schema={**OPEN, "properties": {"seats": {"type": "integer"}}, "additionalProperties": False})
    assert statuses(event("demo_requested", properties={"seats": 1})) == ["accepted"]


def test_the_same_schema_is_no_new_version() -> None:
    kind = register_event_type(name="demo_requested", schema=OPEN)
    assert add_version(kind, schema=OPEN).number == 1


@pytest.mark.parametrize("name", ["", "Demo", "demo-requested", "_x", "x" * 101, "ü"])
def test_a_name_is_lower_case_words(name: str) -> None:
    with pytest.raises(Invalid):
        register_event_type(name=name, schema=OPEN)


@pytest.mark.parametrize("schema", [
    None, [], {}, {"type": "array"}, {"type": "object"}, {**OPEN, "required": "x"},
    {**OPEN, "properties": {"a\x00": {}}}, {**OPEN, "properties": {"a": {"type": "objekt"}}},
    {**OPEN, "$ref": "http://127.0.0.1:1/x"}, {**OPEN, "properties": {"a": {"$ref": "file:///etc/passwd"}}},
])  # fmt: skip
def test_what_is_no_schema_or_lies_elsewhere_is_refused(schema: Any) -> None:
    with pytest.raises(Invalid):
        register_event_type(name="demo_requested", schema=schema)
    assert not EventType.objects.filter(name="demo_requested").exists()


def test_a_pattern_takes_no_more_time_than_the_text_is_long() -> None:
    """Backtracking, this would take for ever."""
    schema = CompiledSchema({**OPEN, "properties": {"a": {"pattern": "^(a+)+$"}}})
    with pytest.raises(Exception, match="pattern"):
        schema.check({"a": "a" * 30_000 + "!"})


def test_a_name_is_taken_once() -> None:
    with pytest.raises(EventTypeTaken):
        register_event_type(name="page_viewed", schema=OPEN)
    with pytest.raises(MetricTaken):
        register_metric(name="page_viewed", event_type=EventType.objects.get(name="signed_in"), filters=[])


FILTERS: list[tuple[dict[str, Any], set[str]]] = [
    ({"property": "path", "operator": "equals", "value": "/pricing"}, {"/pricing"}),
    ({"property": "path", "operator": "in", "value": ["/pricing", "/"]}, {"/pricing", "/"}),
    ({"property": "path", "operator": "starts_with", "value": "/p"}, {"/pricing", '/p"; DROP'}),
    ({"property": "path", "operator": "contains", "value": '"; D'}, {'/p"; DROP'}),
    ({"property": "path", "operator": "exists"}, {"/pricing", "/", '/p"; DROP'}),
    ({"property": "path", "operator": "greater_than", "value": 0}, set()),
    ({"property": 'a" ? (1==1)', "operator": "exists"}, set()),
]


@pytest.mark.parametrize(("filter_", "paths"), FILTERS)
@pytest.mark.parametrize("before", [True, False])
def test_a_metric_counts_what_passes_its_filter_before_it_and_after(
    filter_: dict[str, Any], paths: set[str], before: bool
) -> None:
    items = [event(user_id=path, properties={"path": path}) for path in ("/pricing", "/", '/p"; DROP')]
    items.append(event(user_id="nowhere"))
    if before:
        take(*items)
    metric = register_metric(name="m", event_type=EventType.objects.get(name="page_viewed"), filters=[filter_])
    if not before:
        take(*items)
    assert lagging() == ([metric] if before else [])
    while catch_up(metric, rows=1):
        pass
    counted = Activity.objects.filter(metric_id=metric.pk)
    assert (counted.count(), sum(row.count for row in counted), metric.is_ready) == (len(paths), len(paths), True)


@pytest.mark.parametrize("filters", [
    {}, [{}], [{"property": "a", "operator": "like", "value": 1}], [{"property": "", "operator": "exists"}],
    [{"property": "a", "operator": "greater_than", "value": "1"}], [{"property": "a", "operator": "in", "value": []}],
    [{"property": "a", "operator": "equals", "value": "\x00"}], [{"property": "a", "operator": "in", "value": [[1]]}],
    [{"property": "a", "operator": "less_than", "value": True}], [{"property": "a", "operator": "exists", "x": 1}],
])  # fmt: skip
def test_what_is_no_filter_is_refused(filters: Any) -> None:
    with pytest.raises(Invalid):
        register_metric(name="m", event_type=EventType.objects.get(name="page_viewed"), filters=filters)


def test_through_the_api_a_type_is_registered_and_changed() -> None:
    program = caller("author")
    made = program.post("event-types", {"name": "demo_requested", "schema": OPEN})
    assert (made.status_code, made["Location"]) == (201, "/api/v1/event-types/demo_requested")
    wider = {"schema": {**OPEN, "properties": {"seats": {"type": "number"}}}}
    assert program.post("event-types/demo_requested/versions", wider).json()["version"] == 2
    versions = program.get("event-types/demo_requested/versions").json()["results"]
    assert [one["version"] for one in versions] == [2, 1]
    assert program.post("event-types", {"name": "demo_requested", "schema": OPEN}).status_code == 409
    assert program.post("event-types", {"name": "x", "schema": {"type": "array"}}).status_code == 422
