"""Writes of the schema registry: event types, the versions of their properties, and what is counted of them."""

import re
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from config.lib.errors import Conflict, FieldError, Invalid
from segments.events.catalogue import CATALOGUE
from segments.events.filters import check_filters, path_of
from segments.events.schemas import check_schema
from segments.models import EventType, EventTypeVersion, Metric
from segments.services.rollups import end_of_log

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")


class EventTypeTaken(Conflict):
    """There is an event type with this name: add a version to it."""

    code = "event_type_taken"


class MetricTaken(Conflict):
    """There is a metric with this name."""

    code = "metric_taken"


def register_event_type(
    *, name: str, schema: Mapping[str, Any], description: str = "", value_property: str = "", by: User | None = None
) -> EventType:
    """A new event type with its first version and the metric that counts all of it, adding up `value_property`.

    Raises Invalid for a name that is not lower_case or a schema that is none, EventTypeTaken.
    """
    _check_name(name)
    check_schema(schema)
    try:
        with transaction.atomic():
            event_type = EventType.objects.create(name=name, description=description)
            add_version(event_type, schema=schema, by=by)
            Metric.objects.create(name=name, event_type=event_type, value_property=value_property)
    except IntegrityError:
        raise EventTypeTaken from None
    return event_type


def add_version(event_type: EventType, *, schema: Mapping[str, Any], by: User | None = None) -> EventTypeVersion:
    """What the properties look like from now on. What is in the log stays. The same schema again is no new version."""
    check_schema(schema)
    with transaction.atomic():
        locked = EventType.objects.select_for_update(of=["self"]).select_related("current").get(pk=event_type.pk)
        if locked.current and locked.current.schema == schema:
            return locked.current
        number = locked.current.number + 1 if locked.current else 1
        version = locked.versions.create(number=number, schema=dict(schema), created_by=by)
        locked.current = version
        locked.save(update_fields=["current"])
    event_type.refresh_from_db()
    return version


def register_metric(
    *, name: str, event_type: EventType, filters: list[Mapping[str, Any]], value_property: str = ""
) -> Metric:
    """Count those events of a type that pass all filters, from now on; what is in the log follows in stretches.

    Raises Invalid with pointers, MetricTaken.
    """
    _check_name(name)
    check_filters(filters)
    try:
        with transaction.atomic():
            return Metric.objects.create(
                name=name, event_type=event_type, filters=list(filters), path=path_of(filters),
                value_property=value_property, log_end=end_of_log(),
            )  # fmt: skip
    except IntegrityError:
        raise MetricTaken from None


def make_built_in(using: str = "owner", **_: Any) -> None:
    """After migrations: the event types of the catalogue that are not there yet. What an operator made of one stays."""
    known = set(EventType.objects.using(using).values_list("name", flat=True))
    for one in CATALOGUE:
        if one.name in known:
            continue
        with transaction.atomic(using=using):
            kind = EventType.objects.using(using).create(name=one.name, description=one.description, built_in=True)
            kind.current = EventTypeVersion.objects.using(using).create(event_type=kind, number=1, schema=one.schema)
            kind.save(using=using, update_fields=["current"])
            Metric.objects.using(using).create(name=one.name, event_type=kind, value_property=one.value)


def _check_name(name: str) -> None:
    if len(name) > 100 or not _NAME.match(name):
        raise Invalid(FieldError("/name", "use lower-case letters and digits in words with _ between: order_completed"))
