"""What a segment rule means, said a second time in plain Python. Shares no code with the compiler.

A person is a dict of columns, plus "attributes" (as JSON), "lists" and "imports" (sets of public ids) and "events"
(what they did, whatever name or device they did it under: Done).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from dateutil.relativedelta import relativedelta

Person = Mapping[str, Any]
Rule = Mapping[str, Any]

ZONES = available_timezones()
OPPOSITES = {
    "not_equals": "equals",
    "not_in": "in",
    "not_contains": "contains",
    "not_exists": "exists",
    "contains_none": "contains_any",
    "not_within_last": "within_last",
    "did_not": "did",
}
COLUMNS = {
    **dict.fromkeys(("external_id", "email", "phone", "first_name", "last_name"), "string"),
    **dict.fromkeys(("country", "language", "timezone"), "string"),
    "cohort_on": "date",
    "created_at": "datetime",
    "updated_at": "datetime",
}


@dataclass(frozen=True)
class Done:
    """An event of somebody."""

    type: str
    at: datetime
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class World:
    """Everything a rule may speak of, at one moment."""

    at: datetime
    attributes: Mapping[str, str]  # name: registered type
    segments: Mapping[str, Rule]  # public id: rule

    def matches(self, rule: Rule, person: Person) -> bool:
        if "field" in rule:
            return self.leaf(rule, person)
        if set(rule) == {"not"}:
            return not self.matches(rule["not"], person)
        answers = [self.matches(condition, person) for condition in rule["conditions"]]
        answer = all(answers) if rule.get("logic", "AND") == "AND" else any(answers)
        if rule.get("not", False):
            answer = not answer
        if any(self.matches(self.segments[one], person) for one in rule.get("exclude_segments", [])):
            return False
        return answer

    def leaf(self, rule: Rule, person: Person) -> bool:
        field, operator = rule["field"], rule["operator"]
        wanted: Any = rule.get("value")
        if operator in OPPOSITES:
            return not self.leaf({**rule, "operator": OPPOSITES[operator]}, person)
        if (answer := self.belongs_or_did(field, operator, wanted, person)) is not None:
            return answer
        kind, value = self.known(field, person)
        if value is None:
            return False
        if "local" in operator or "anniversary" in operator:
            return self.calendar(operator, value, wanted, person["timezone"])
        compare: dict[str, Callable[[str, Any, Any], bool]] = {
            "string": self.text,
            "number": self.number,
            "boolean": self.truth,
            "date": self.day,
            "datetime": self.instant,
            "list": self.texts,
        }
        return operator == "exists" or compare[kind](operator, value, wanted)

    def belongs_or_did(self, field: str, operator: str, wanted: Any, person: Person) -> bool | None:
        if field in ("list", "import"):
            return bool(person[f"{field}s"] & set(wanted))
        if field == "segment":
            return any(self.matches(self.segments[one], person) for one in wanted)
        if field == "country_group":
            groups = {"european_union": ["DE", "FR"], "europe": ["DE", "GB", "FR"], "asia": []}
            return any(person["country"] in groups[one] for one in wanted)
        if field.startswith(("purchases.", "metrics.")):
            return self.aggregate(field, operator, wanted, person["events"])
        if field.startswith("event."):
            return self.did(field.removeprefix("event."), wanted, person["events"])
        return None

    def did(self, name: str, wanted: Any, events: Iterable[Done]) -> bool:
        meant = [
            one for one in events
            if one.type == name and all(_passes(filter_, one.properties) for filter_ in wanted.get("where", ()))
            and self.inside(wanted, one.at)
        ]  # fmt: skip
        if "count" in wanted:
            return self.number(wanted["count"]["operator"], len(meant), wanted["count"]["value"])
        if "sum" in wanted:
            return self.number(
                wanted["sum"]["operator"], _sum(meant, wanted["sum"]["property"]), wanted["sum"]["value"]
            )
        for key, chosen in (("first", min), ("last", max)):
            if key in wanted:
                at = chosen((one.at for one in meant), default=None)
                return at is not None and bool(self.instant(wanted[key]["operator"], at, wanted[key]["value"]))
        return meant != []

    def aggregate(self, field: str, operator: str, wanted: Any, events: Iterable[Done]) -> bool:
        """Of those that a metric is about: (event type, filter, what is added up), what is asked."""
        metric, _, asked = field.partition(".")[2].rpartition("_")
        kind, only, adds_up = {
            "pricing_viewed": ("page_viewed", ("path", "/pricing"), ""),
            "couponed": ("order_completed", ("coupon", ...), "discount"),
            "coupons": ("order_completed", ("coupon", ...), "discount"),
        }.get(metric.removesuffix("_first").removesuffix("_last"), ("order_completed", None, "total"))
        passes = [
            only is None or (only[0] in one.properties and only[1] in (..., one.properties[only[0]])) for one in events
        ]
        meant = [one for one, passed in zip(events, passes, strict=True) if passed and one.type == kind]
        if field.endswith(("_at", "_date")):
            at = (min if "first" in field else max)((one.at for one in meant), default=None)
            return at is not None and (operator == "exists" or bool(self.instant(operator, at, wanted)))
        if asked == "count":
            return self.number(operator, len(meant), wanted)
        refunds = [one for one in events if one.type == "order_refunded" and field.endswith("lifetime_value")]
        return self.number(operator, _sum(meant, adds_up) - _sum(refunds, "total"), wanted)

    def inside(self, wanted: Any, at: datetime) -> bool:
        if "within" in wanted:
            amount, unit = wanted["within"].split("_")
            start: datetime = self.at - relativedelta(**{unit.rstrip("s") + "s": int(amount)})
            return start <= at <= self.at
        return "between" not in wanted or bool(self.instant("between", at, wanted["between"]))

    def known(self, field: str, person: Person) -> tuple[str, Any]:
        """The type of the field and its value, None when it is not known."""
        if field in COLUMNS:
            value = person[field]
            return COLUMNS[field], None if value == "" else value
        name = field.removeprefix("attributes.")
        kind = self.attributes[name]
        value = person["attributes"].get(name)
        fits = {
            "string": isinstance(value, str) and value != "",
            "number": isinstance(value, int | float) and not isinstance(value, bool),
            "boolean": isinstance(value, bool),
            "date": isinstance(value, str) and _day_of_calendar(value) is not None,
            "list": isinstance(value, list) and value != [],
        }[kind]
        return kind, value if fits else None

    def text(self, operator: str, value: str, wanted: Any) -> bool:
        if operator == "in":
            return any(value == one for one in wanted)
        return bool(
            {
                "equals": value == wanted,
                "contains": value.find(wanted) >= 0,
                "starts_with": value[: len(wanted)] == wanted,
                "ends_with": value[-len(wanted) :] == wanted,
            }[operator]
        )

    def number(self, operator: str, value: float | Decimal, wanted: Any) -> bool:
        exact = value if isinstance(value, Decimal) else Decimal(repr(value))
        if operator == "in":
            return exact in [Decimal(repr(one)) for one in wanted]
        low, high = (Decimal(repr(one)) for one in (wanted if operator == "between" else (wanted, wanted)))
        return {
            "equals": exact == low,
            "greater_than": exact > low,
            "greater_than_or_equal": not exact < low,
            "less_than": exact < low,
            "less_than_or_equal": not exact > low,
            "between": low <= exact <= high,
        }[operator]

    def truth(self, operator: str, value: bool, wanted: bool) -> bool:
        return value is wanted

    def texts(self, operator: str, value: Any, wanted: Any) -> bool:
        texts = {one for one in value if isinstance(one, str)}
        return bool(texts & set(wanted)) if operator == "contains_any" else texts >= set(wanted)

    def day(self, operator: str, value: date | str, wanted: Any) -> bool:
        day = _day_of_calendar(value) if isinstance(value, str) else value
        today = self.at.astimezone(UTC).date()
        if operator == "within_last":
            return bool(self.point(f"{wanted}_ago") <= day <= today)
        if operator == "within_next":
            return bool(today <= day <= self.point(f"in_{wanted}"))
        if operator == "between":
            return bool(self.point(wanted[0]) <= day <= self.point(wanted[1]))
        return _compare(operator, day, self.point(wanted))

    def instant(self, operator: str, value: datetime, wanted: Any) -> bool:
        if operator == "within_last":
            return self.instant("greater_than_or_equal", value, f"{wanted}_ago") and value <= self.at
        if operator == "within_next":
            return self.at <= value and self.instant("less_than_or_equal", value, f"in_{wanted}")
        if operator == "between":
            return self.instant("greater_than_or_equal", value, wanted[0]) and self.instant(
                "less_than_or_equal", value, wanted[1]
            )
        point = self.point(wanted)
        if isinstance(point, datetime):
            return _compare(operator, value, point)
        return _compare(operator, value.astimezone(UTC).date(), point)

    def calendar(self, operator: str, value: Any, wanted: Any, zone: str) -> bool:
        """By the date that the contact's zone has; of a zone that is none, UTC's."""
        today = self.at.astimezone(ZoneInfo(zone) if zone in ZONES else UTC).date()
        there = World(datetime(today.year, today.month, today.day, 12, tzinfo=UTC), self.attributes, self.segments)
        written = value.astimezone(UTC).date() if isinstance(value, datetime) else value
        if "local" in operator:
            return there.day(operator.removesuffix("_local"), written, wanted)
        start = end = there.point(wanted) if operator == "anniversary" else today
        if operator.endswith("_last"):
            start = there.point(f"{wanted}_ago")
        if operator.endswith("_next"):
            end = there.point(f"in_{wanted}")
        _year, month, number = (int(part) for part in str(written)[:10].split("-"))
        day = _day_of_calendar(written) if isinstance(written, str) else written
        if not day < start:
            return False
        days = [start + timedelta(n) for n in range((end - start).days + 1)]
        return any(
            one.month == month and (one.day == number or (number > one.day and (one + timedelta(1)).month != month))
            for one in days
        )

    def point(self, text: str) -> Any:
        """A day, or for what is given to the minute an instant."""
        now = self.at.astimezone(UTC)
        if text in ("yesterday", "today", "tomorrow"):
            return (now + timedelta(days=("yesterday", "today", "tomorrow").index(text) - 1)).date()
        words = text.split("_")
        if words[0] == "in" or words[-1] == "ago":
            amount, unit = words[1:] if words[0] == "in" else words[:-1]
            step = relativedelta(**{unit.rstrip("s") + "s": int(amount)})
            then = now + step if words[0] == "in" else now - step
            return then if unit.rstrip("s") in ("minute", "hour") else then.date()
        return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def _sum(events: Iterable[Done], name: str) -> Decimal:
    amounts = [one.properties.get(name) for one in events]
    return sum((Decimal(repr(one)) for one in amounts if _is_number(one)), Decimal(0))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _passes(wanted: Mapping[str, Any], properties: Mapping[str, Any]) -> bool:
    """Whether a filter holds of an event's properties; one of another type passes none but the negative ones."""
    operator, value = wanted["operator"], properties.get(wanted["property"])
    if operator.startswith("not_"):
        return not _passes({**wanted, "operator": operator.removeprefix("not_")}, properties)
    if operator == "exists":
        return wanted["property"] in properties
    one = wanted["value"]
    if operator == "in":
        return any(_passes({**wanted, "operator": "equals", "value": each}, properties) for each in one)
    if _is_number(one):
        return _is_number(value) and _compare(operator, value, one)
    if operator == "equals":
        return type(value) is type(one) and value == one
    return isinstance(value, str) and (value.startswith(one) if operator == "starts_with" else one in value)


def _day_of_calendar(text: str) -> Any:
    """The date written as YYYY-MM-DD, the last of its month for a day that is in no calendar; None for all else."""
    written = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", text)
    if not written:
        return None
    year, month, day = (int(part) for part in written.groups())
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return min(date(max(year, 1), month, 1) + relativedelta(day=31), date(max(year, 1), month, 1) + timedelta(day - 1))


def _compare(operator: str, value: Any, other: Any) -> bool:
    return bool(
        {
            "equals": value == other,
            "greater_than": value > other,
            "greater_than_or_equal": value >= other,
            "less_than": value < other,
            "less_than_or_equal": value <= other,
        }[operator]
    )
