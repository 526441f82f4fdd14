"""What `bench segment` asks: from one field to events in groups in groups, with people taken out."""

from dataclasses import dataclass
from typing import Any, Literal

from config.lib import public_ids
from segments.models import ContactList, Segment
from segments.services.segments import create_segment

Kind = Literal["field", "promoted", "attribute", "list", "segment", "event", "rfm", "nested"]
BY_INDEX: tuple[Kind, ...] = ("field", "promoted")


@dataclass(frozen=True)
class Case:
    """One rule. Of fields and promoted attributes it is asked that they cost little more than a scan of all people."""

    name: str
    kind: Kind
    rule: Any


def cases() -> list[Case]:
    """All of them; the segments they name are made when they are not there."""
    lists = {row.name: public_ids.encode("list", row.pk) for row in ContactList.objects.all()}
    many, some, few = lists["Everybody who signed up"], lists["Customers"], lists["Press"]
    german_pros = _segment("German pros", _all(_leaf("country", "equals", "DE"), _leaf("plan", "equals", "pro")))
    reachable = _segment("Reachable", _all(_leaf("newsletter", "equals", True), _leaf("email", "exists")))
    return [
        Case("country is DE", "field", _leaf("country", "equals", "DE")),
        Case("country is one of five", "field", _leaf("country", "in", ["SE", "AT", "CH", "BE", "NZ"])),
        Case("here since 30 days", "field", _leaf("created_at", "within_last", "30_days")),
        Case("language is not en", "field", _leaf("language", "not_equals", "en")),
        Case("address contains @mail7.", "field", _leaf("email", "contains", "@mail7.")),
        Case("plan is pro", "promoted", _leaf("plan", "equals", "pro")),
        Case("plan is not free", "attribute", _leaf("plan", "not_equals", "free")),
        Case("city is one of 5,000", "promoted", _leaf("city", "equals", "city-1700")),
        Case("score between 80 and 90", "promoted", _leaf("score", "between", [80, 90])),
        Case("renews within 14 days", "promoted", _leaf("renews_on", "within_next", "14_days")),
        Case("is a VIP", "promoted", _leaf("vip", "equals", True)),
        Case("likes travel or food", "promoted", _leaf("interests", "contains_any", ["travel", "food"])),
        Case("VIPs of one country", "promoted", _all(_leaf("vip", "equals", True), _leaf("country", "equals", "US"))),
        Case("points over 5,000", "attribute", _leaf("points", "greater_than", 5000)),
        Case("source is unknown or store", "attribute",
             _any(_leaf("source", "not_exists"), _leaf("source", "equals", "store"))),
        Case("on a list of many", "list", _leaf("list", "in", [many])),
        Case("on a list of few", "list", _leaf("list", "in", [few])),
        Case("on no list", "list", _leaf("list", "not_in", [many, some, few])),
        Case("in a segment", "segment", _leaf("segment", "in", [german_pros])),
        Case("in one segment and out of another", "segment",
             {**_all(_leaf("segment", "in", [reachable])), "exclude_segments": [german_pros]}),
        Case("bought in the last 30 days", "event", _did("order_completed", within="30_days")),
        Case("viewed a page more than twice in 14 days", "event",
             _did("page_viewed", count=_more_than(2), within="14_days")),
        Case("looked at prices twice in 14 days", "event",
             _did("page_viewed", count=_more_than(1), within="14_days", where=[_PRICES])),
        Case("ever looked at a page", "event", _did("page_viewed")),
        Case("never signed in", "event", {**_did("signed_in"), "operator": "did_not"}),
        Case("spent over 100 in a year", "event",
             _did("order_completed", sum={"property": "total", **_more_than(100)}, within="365_days")),
        Case("more than five purchases", "event", _leaf("purchase_count", "greater_than", 5)),
        Case("lately, often and for much", "event",
             _all(_leaf("last_purchase_date", "within_last", "30_days"), _leaf("purchase_count", "greater_than", 5),
                  _leaf("lifetime_value", "greater_than", 1000))),
        Case("put into the cart and did not buy, in groups, people taken out", "nested", {
            **_all(
                _did("product_added", within="7_days"),
                {**_did("order_completed", within="7_days"), "operator": "did_not"},
                _any(_leaf("country", "in", ["US", "GB"]), _did("page_viewed", count=_more_than(5), within="30_days")),
            ),
            "exclude_segments": [german_pros],
        }),
        Case("opened a message within 14 days", "event", _leaf("message.opened", "did", {"within": "14_days"})),
        Case("clicked more than once, bought nothing for 30 days", "event",
             _all(_leaf("message.clicked", "did", {"count": _more_than(1)}),
                  {**_did("order_completed", within="30_days"), "operator": "did_not"})),
        Case("opened no message within 30 days, on a list", "event",
             _all(_leaf("list", "in", [many]), _leaf("message.opened", "did_not", {"within": "30_days"}))),
        Case("may be mailed", "list", _leaf("may_be_mailed", "equals", True)),
        Case("lives in the European Union", "field", _leaf("country_group", "in", ["european_union"])),
        Case("champions", "rfm", _leaf("rfm.cell", "equals", "champions")),
        Case("at risk, and spent much", "rfm",
             _all(_leaf("rfm.cell", "in", ["at_risk", "cannot_lose"]), _leaf("rfm.monetary_score", "equals", 5))),
        Case("groups in groups, people taken out", "nested", {
            **_all(
                _leaf("country", "in", ["US", "GB", "DE"]),
                _any(_leaf("plan", "equals", "team"), _all(_leaf("score", "greater_than", 70), _leaf("vip", "exists"))),
                {**_any(_leaf("list", "in", [few]), _leaf("city", "equals", "city-3")), "not": True},
            ),
            "exclude_segments": [german_pros],
        }),
    ]  # fmt: skip


_PRICES = {"property": "path", "operator": "equals", "value": "/pricing"}


def _did(event: str, **value: Any) -> dict[str, Any]:
    return {"field": f"event.{event}", "operator": "did", "value": value}


def _more_than(number: int) -> dict[str, Any]:
    return {"operator": "greater_than", "value": number}


def _leaf(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "operator": operator, **({} if value is None else {"value": value})}


def _all(*conditions: Any) -> dict[str, Any]:
    return {"logic": "AND", "conditions": list(conditions)}


def _any(*conditions: Any) -> dict[str, Any]:
    return {"logic": "OR", "conditions": list(conditions)}


def _segment(name: str, rule: Any) -> str:
    found = Segment.objects.filter(name=name).first() or create_segment(name=name, criteria=rule)
    return public_ids.encode("segment", found.pk)
