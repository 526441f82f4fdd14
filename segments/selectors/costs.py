"""What a rule costs before it is run: the plan that Postgres makes of it, and how it reads in words."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet, UniqueConstraint
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from config.lib.sql import queries
from segments.compiler import contacts_matching
from segments.errors import SegmentTooSlow
from segments.models import Attribute, Contact, Promotion
from segments.selectors.limits import time_limit

# Units of Postgres's cost that it gets through in a second: measured by `bench segment`, 190,000 to 270,000.
COST_PER_SECOND = 200_000
_PATIENCE = 2.0  # seconds for the plan itself
_WORTH_SAYING = 0.01  # of the cost
_DEAR = 1.0  # in units of cost: what a look-up may cost at each row without making the estimate a bound
_DOUBT = 2.0  # a plan is an estimate: what it says takes twice the time is not tried
_PEOPLE = Contact._meta.db_table  # noqa: SLF001


@dataclass(frozen=True)
class Reading:
    """One table that is read: by which index (blank: from end to end), and how many rows come of it by estimate."""

    table: str
    index: str
    rows: int


@dataclass(frozen=True)
class Plan:
    """How Postgres would count a rule. `everybody`: about how many people there are.

    `looks_up`: something dear is looked up for single rows, such as the hours of people whose clock is ahead of ours.
    Postgres takes it for needed at each row, so the cost is a bound and no estimate.
    """

    people: int
    cost: float
    readings: tuple[Reading, ...]
    everybody: int
    looks_up: bool = False

    @property
    def seconds(self) -> float:
        """About how long it takes, once."""
        return self.cost / COST_PER_SECOND

    @property
    def reads_everybody(self) -> bool:
        return Reading(_PEOPLE, "", 0) in {Reading(one.table, one.index, 0) for one in self.readings}


def plan_of(criteria: Any) -> Plan:
    """The plan for counting a rule; nothing is read but statistics. Raises InvalidCriteria and SegmentTooSlow."""
    return plan(contacts_matching(criteria))


def plan(people: QuerySet[Contact]) -> Plan:
    """The plan for counting these people. Raises SegmentTooSlow when even planning takes two seconds."""
    try:
        statement, values = people.values("pk").query.sql_with_params()
    except EmptyResultSet:  # Django sees that nobody can match
        return Plan(0, 0.0, (), 0)
    with time_limit(_PATIENCE), connection.cursor() as cursor:
        cursor.execute(queries("segments", "segments")["explain"].replace("{people}", statement), values)
        (found,) = cursor.fetchone()
        cursor.execute(queries("segments", "segments")["everybody"])
        (everybody,) = cursor.fetchone()
    top = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    readings = tuple(dict.fromkeys(_readings(top, "", least=top["Total Cost"] * _WORTH_SAYING)))
    return Plan(_matched(top), float(top["Total Cost"]), readings, round(everybody), looks_up=_looks_up(top))


def judge(people: QuerySet[Contact], *, seconds: float) -> None:
    """Raises SegmentTooSlow when the plan says that counting would take much longer than somebody waits."""
    found = plan(people)
    if not found.looks_up and found.seconds > _DOUBT * seconds:
        raise SegmentTooSlow


def _matched(node: Mapping[str, Any], workers: int = 0) -> int:
    """Rows below the counting. What one of several workers finds is a part of them, as Postgres divides it."""
    workers = node.get("Workers Planned", workers)
    if "Aggregate" in node["Node Type"] or "Gather" in node["Node Type"]:
        return _matched(node["Plans"][0], workers)
    share = workers + max(0.0, 1 - 0.3 * workers) if workers else 1.0
    return round(float(node["Plan Rows"]) * share)


def _looks_up(node: Mapping[str, Any]) -> bool:
    below = node.get("Plans", ())
    dear = (one for one in below if one.get("Parent Relationship") == "SubPlan" and one["Total Cost"] > _DEAR)
    return any(dear) or any(_looks_up(one) for one in below)


def _readings(node: Mapping[str, Any], table: str, *, least: float) -> Iterator[Reading]:
    """What is read; small tables from end to end (an empty partition, say) are not worth a word."""
    table = node.get("Relation Name", table)
    below = node.get("Plans", ())
    small = node["Node Type"] == "Seq Scan" and node["Total Cost"] < least
    if table and "Scan" in node["Node Type"] and not small and not any("Bitmap" in one["Node Type"] for one in below):
        yield Reading(table, node.get("Index Name", ""), int(node["Plan Rows"]))
    for one in below:
        yield from _readings(one, table, least=least)


def in_words(found: Plan) -> list[str]:
    """Which indexes serve the rule, and what is read from end to end."""
    names = _indexes() | _promoted()
    said = dict.fromkeys(filter(None, (_sentence(one, names, found.everybody) for one in found.readings)))
    return list(said) or [_("reads no table: nobody can fit")]


def _sentence(one: Reading, names: Mapping[str, str], everybody: int) -> str:
    if one.table == _PEOPLE and not one.index:
        return _("reads all %(n)s people") % {"n": number_format(everybody, force_grouping=True)}
    if one.table == _PEOPLE:
        return _("uses the index on %(what)s") % {"what": names[one.index]} if one.index in names else ""
    what = next((words for start, words in _tables() if one.table.startswith(start)), one.table)
    return _("reads %(what)s by index") % {"what": what} if one.index else _("reads all of %(what)s") % {"what": what}


def _tables() -> tuple[tuple[str, str], ...]:
    return (
        ("segments_listmembership", _("the members of lists")),
        ("segments_activitytotal", _("what each person ever did")),
        ("segments_activity", _("what people did, by the hour")),
        ("segments_rawevent", _("the log of events")),
        ("segments_rfmscore", _("the RFM scores")),
        ("segments_membership", _("who is in segments")),
        ("segments_importrow", _("what imports brought")),
        ("segments_identitylink", _("which visitor is whom")),
        ("segments_formercontact", _("who was merged")),
        ("delivery_message", _("the messages")),
        ("delivery_deliveryevent", _("what became of messages")),
        ("delivery_engagement", _("what people did with messages")),
        ("compliance_suppression", _("the suppressions")),
    )


@cache
def _indexes() -> dict[str, str]:
    """The fields that each index of the contact table stands for."""
    meta = Contact._meta  # noqa: SLF001
    named = {one.name: one.fields or _columns(one.expressions) for one in meta.indexes}
    unique = {one.name: one.fields for one in meta.constraints if isinstance(one, UniqueConstraint)}
    return {name: ", ".join(_word(one) for one in fields) for name, fields in {**named, **unique}.items() if fields}


def _columns(expressions: Any) -> list[str]:
    flat = [part for one in expressions for part in getattr(one, "flatten", list)()]
    return list(dict.fromkeys(part.name for part in flat if hasattr(part, "name")))


def _word(field: str) -> str:
    return field.lstrip("-").replace("_", " ")


def _promoted() -> dict[str, str]:
    rows = Promotion.objects.select_related("attribute").filter(attribute__in=Attribute.objects.all())
    return {row.index_name: row.attribute.name.replace("_", " ") for row in rows}
