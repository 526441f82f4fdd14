"""What the people of the world did: told late and out of order, by visitors and on shared devices, before merges.

Whose it was is worked out by `event_worlds`, in plain Python.
"""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from segments.models import Contact, EventType, Metric
from segments.services.event_types import register_event_type, register_metric
from segments.services.merging import merge_contacts
from tests.factories.events import event, take
from tests.segments import worlds
from tests.segments.event_worlds import Told, owner
from tests.segments.oracle import Done

HOUR, MINUTE, MOMENT = timedelta(hours=1), timedelta(minutes=1), timedelta(microseconds=1)
PATHS = ["/pricing", "/", "/Pricing", '/"; --', "/a%b_c\\", "Ünïcode"]
TOTALS: list[Any] = [0, 0.1, 9.99, -5, 100, 12.0, 1e22, None]
SURVEY = {"type": "object", "additionalProperties": False, "properties": {
    "keen": {"type": "boolean"}, "answer": {}, "tags": {"type": "array", "items": {"type": "string"}}}}  # fmt: skip
EDGES = [timedelta(), 30 * MINUTE, 6 * HOUR, 24 * HOUR, 48 * HOUR, 7 * 24 * HOUR, 14 * 24 * HOUR, 29 * 24 * HOUR,
         31 * 24 * HOUR, 60 * 24 * HOUR, 366 * 24 * HOUR]  # fmt: skip
NEAR = [timedelta(), MOMENT, -MOMENT, MINUTE, -MINUTE, 29 * MINUTE, -31 * MINUTE, 30 * MINUTE - MOMENT]


def tell(chance: random.Random, people: Mapping[int, Any]) -> None:
    """Let the people do things, through the front door, and write down what each of them did."""
    register_event_type(name="survey_answered", schema=SURVEY)
    _metrics()
    names = {str(one["external_id"]): one for one in people.values() if one["external_id"]}
    doubles = [f"double-{n}" for n in range(4)]
    Contact.objects.bulk_create(Contact(external_id=name) for name in doubles)
    story = [_told(chance, [*list(names)[:120], *doubles]) for _ in range(900)]
    kept = dict(zip(doubles, list(names)[5:], strict=False))
    items = [item for item, _done in story] + [story[n][0] for n in range(20)]
    chance.shuffle(items)
    _take(items[:600])
    for gone, name in kept.items():
        _merge(name, gone)
    _take(items[600:])
    # one that was registered late and has not counted all there was
    Metric.objects.filter(name="coupons").update(log_end=10**9, counted_to=0)
    all_told = [_as_told(item) for item, _done in story]
    for (_item, done), told in zip(story, all_told, strict=True):
        if whose := owner(told, all_told):
            names[kept.get(whose, whose)]["events"].append(done)


def _metrics() -> None:
    types = EventType.objects.in_bulk(field_name="name")
    pricing: list[Mapping[str, Any]] = [{"property": "path", "operator": "equals", "value": "/pricing"}]
    register_metric(name="pricing_viewed", event_type=types["page_viewed"], filters=pricing)
    coupon: list[Mapping[str, Any]] = [{"property": "coupon", "operator": "exists"}]
    for name in ("couponed", "coupons"):
        register_metric(name=name, event_type=types["order_completed"], filters=coupon, value_property="discount")


def _take(items: list[dict[str, Any]]) -> None:
    for start in range(0, len(items), 150):
        outcomes = take(*items[start : start + 150], at=worlds.AT + HOUR)
        assert {one.status for one in outcomes} <= {"accepted", "duplicate"}


def _merge(kept: str, gone: str) -> None:
    pair = [Contact.objects.get(external_id=name) for name in (kept, gone)]
    merge_contacts(kept_id=pair[0].pk, gone_id=pair[1].pk, at=worlds.AT)
    Contact.objects.filter(pk=pair[0].pk).update(updated_at=pair[0].updated_at)


def _told(chance: random.Random, names: list[str]) -> tuple[dict[str, Any], Done]:
    at = worlds.AT - chance.choice(EDGES) + chance.choice(NEAR)
    name = chance.choice(["page_viewed", "page_viewed", "order_completed", "order_refunded", "survey_answered"])
    said: dict[str, dict[str, Any]] = {
        "page_viewed": {"path": chance.choice(PATHS)},
        "order_completed": {"total": chance.choice(TOTALS), "discount": chance.choice(TOTALS),
                            **({"coupon": chance.choice(["A", "B"])} if chance.random() < 0.4 else {})},
        "order_refunded": {"total": chance.choice(TOTALS)},
        "survey_answered": chance.choice([{"keen": True}, {"keen": False}, {}, {"answer": 7}, {"answer": "7"},
                                          {"answer": True}, {"tags": ["a"]}, {"answer": None}]),
    }  # fmt: skip
    properties = {} if chance.random() < 0.1 else said[name]
    who: dict[str, Any] = {"user_id": chance.choice(names)} if chance.random() < 0.75 else {}
    if not who or chance.random() < 0.1:
        who["anonymous_id"] = f"visitor-{chance.randrange(25)}"
    item = event(name, at=at, event_id=str(UUID(int=chance.getrandbits(128), version=4)), properties=properties, **who)
    return item, Done(name, at, properties)


def _as_told(item: Mapping[str, Any]) -> Told:
    at = datetime.fromisoformat(item["timestamp"])
    return Told(UUID(item["event_id"]), at, item.get("user_id"), item.get("anonymous_id"))


# -- random conditions -----------------------------------------------------------------------------------------------

_OPERATORS = ["equals", "greater_than", "greater_than_or_equal", "less_than", "less_than_or_equal"]


def _filter(name: str, operators: list[str], values: SearchStrategy[Any] | None = None) -> SearchStrategy[Any]:
    more = {} if values is None else {"value": values}
    return st.fixed_dictionaries({"property": st.just(name), "operator": st.sampled_from(operators), **more})


def _filters(name: str, values: list[Any], operators: list[str]) -> SearchStrategy[Any]:
    one = st.sampled_from(values)
    return st.one_of(
        _filter(name, ["equals", "not_equals", *operators], one),
        _filter(name, ["in", "not_in"], st.lists(one, min_size=1, max_size=3, unique_by=repr)),
        _filter(name, ["exists", "not_exists"]),
    )


_numbers = [one for one in TOTALS if one is not None]
_ON_TEXT = ["starts_with", "contains", "not_contains"]
FILTERS = {
    "page_viewed": st.one_of(
        st.just({"property": "path", "operator": "equals", "value": "/pricing"}),
        _filters("path", [*PATHS, "/p", "%", "\\"], _ON_TEXT),
    ),
    "order_completed": st.one_of(
        st.just({"property": "coupon", "operator": "exists"}),
        _filters("coupon", ["A", "B", "C"], _ON_TEXT),
        _filters("total", _numbers, _OPERATORS[1:]),
    ),
    "survey_answered": st.one_of(
        _filter("keen", ["equals", "not_equals"], st.booleans()),
        _filters("answer", [7, "7", True], []),
        _filter("tags", ["exists", "not_exists"]),
    ),
}


def _compared(values: list[Any]) -> SearchStrategy[dict[str, Any]]:
    one = st.sampled_from(values)
    return st.one_of(
        st.fixed_dictionaries({"operator": st.sampled_from(_OPERATORS), "value": one}),
        st.fixed_dictionaries({"operator": st.just("between"), "value": st.tuples(one, one).map(sorted)}),
    )


def leaves(
    instants: SearchStrategy[str], periods: SearchStrategy[str], short: SearchStrategy[str]
) -> SearchStrategy[dict[str, Any]]:
    """Conditions on every type of event, in canonical spelling."""
    lately = st.one_of(periods, short, st.sampled_from(["24_hours", "48_hours", "14_days", "7_days", "12_months"]))
    pairs = st.tuples(instants, instants).map(worlds._ordered)
    moments = st.one_of(
        st.fixed_dictionaries({"operator": st.sampled_from(_OPERATORS), "value": instants}),
        st.fixed_dictionaries({"operator": st.just("within_last"), "value": lately}),
        st.fixed_dictionaries({"operator": st.just("between"), "value": pairs}),
    )
    windows: dict[str, SearchStrategy[Any]] = {"": st.none(), "within": lately, "between": pairs}
    amounts = st.sampled_from(["total", "discount"])

    @st.composite
    def leaf(draw: st.DrawFn) -> dict[str, Any]:
        name = draw(st.sampled_from(list(FILTERS)))
        kinds = ["", "count", "first", "last", *(["sum"] if name == "order_completed" else [])]
        kind, window = draw(st.sampled_from(kinds)), draw(st.sampled_from(list(windows)))
        value: dict[str, Any] = {}
        if kind == "count":
            value[kind] = draw(_compared([0, 1, 2, 3]))
        elif kind == "sum":
            value[kind] = {"property": draw(amounts), **draw(_compared(_numbers))}
        elif kind:
            value[kind], window = draw(moments), ""
        if window:
            value[window] = draw(windows[window])
        if draw(st.booleans()):
            value["where"] = draw(st.lists(FILTERS[name], min_size=1, max_size=2))
        return worlds._leaf(f"event.{name}", draw(st.sampled_from(["did", "did_not"])), value)

    return leaf()


def aggregates(instants: SearchStrategy[str], periods: SearchStrategy[str]) -> SearchStrategy[dict[str, Any]]:
    """Conditions on what it all came to."""
    counts = [
        "purchases.purchase_count",
        *(f"metrics.{one}_count" for one in ("pricing_viewed", "couponed", "coupons")),
    ]
    sums = ["purchases.total_spent", "purchases.lifetime_value", "metrics.couponed_total", "metrics.coupons_total"]
    times = ["purchases.first_purchase_date", "purchases.last_purchase_date", "metrics.coupons_last_at",
             "metrics.pricing_viewed_first_at"]  # fmt: skip

    def compared(fields: list[str], values: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
        return worlds._leaves(
            fields, (["not_equals", *_OPERATORS], values), (["between"], st.tuples(values, values).map(worlds._ordered))
        )

    return st.one_of(
        compared(counts, st.sampled_from([0, 1, 2, 2.5, -1])),
        compared(sums, st.sampled_from(_numbers)),
        worlds._dated_leaves(times, instants, periods),
    )
