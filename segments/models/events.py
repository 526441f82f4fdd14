"""Events: what people did. The log is append-only and holds no person; every number is derived from it."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now


class EventType(models.Model):
    """A kind of fact that may be told, such as order_completed. What its properties look like is in its versions."""

    name = models.SlugField(max_length=100, unique=True, help_text="noun_verbed, past tense")
    description = models.CharField(max_length=255, blank=True, default="")
    built_in = models.BooleanField(default=False, editable=False)
    current = models.ForeignKey("EventTypeVersion", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class EventTypeVersion(models.Model):
    """An immutable JSON Schema of an event type's properties (append-only table)."""

    event_type = models.ForeignKey(EventType, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    schema = models.JSONField(help_text="JSON Schema, draft 2020-12, of `properties`")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.DO_NOTHING, related_name="+",
        db_constraint=False,
    )  # fmt: skip
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event_type", "number"], name="event_type_version_number")]

    def __str__(self) -> str:
        return f"version {self.number}"


class JsonPathField(models.TextField):  # type: ignore[type-arg]
    """A predicate over jsonb that Postgres parses once: `properties @@ path`."""

    def db_type(self, connection: Any) -> str:
        return "jsonpath"


class ExactField(models.DecimalField):  # type: ignore[type-arg]
    """A decimal number of any length: a sum that is the same in whatever order it is added up."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 1000, "decimal_places": 500, **options})

    def db_type(self, connection: Any) -> str:
        return "numeric"


class Metric(models.Model):
    """What is counted of an event type: all of it (each type has that one), or what passes a filter.

    Rows of the log up to `log_end` were there before it; of those it has counted the ones up to `counted_to`.
    """

    name = models.SlugField(max_length=100, unique=True)
    event_type = models.ForeignKey(EventType, on_delete=models.PROTECT, related_name="metrics")
    filters = models.JSONField(default=list, blank=True, help_text="Of property, operator and value; all must hold")
    path = JsonPathField(null=True, editable=False)
    value_property = models.CharField(max_length=100, blank=True, default="", help_text="The number that is added up")
    log_end = models.BigIntegerField(default=0, editable=False)
    counted_to = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            # the tick's list of metrics that have yet to count what was there before them
            models.Index("log_end", name="metric_backfill", condition=models.Q(counted_to__lt=models.F("log_end"))),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_ready(self) -> bool:
        return self.counted_to >= self.log_end


class EventKey(models.Model):
    """That an event was taken, for ever: a unique key cannot live on a log in time partitions (STANDARDS 0.3).

    Hash-partitioned and append-only.
    """

    event_id = models.UUIDField(primary_key=True)
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.event_id)


class Source(models.TextChoices):
    """Who told us: for conversions a server is the authority, since anybody can speak for a browser."""

    SERVER = "server"
    BROWSER = "browser"


class RawEvent(models.Model):
    """One event as it was told (append-only, month partitions of received_at).

    `contact_id` is whom the event itself named; anonymous ones are attributed by the view `segments_personevent`.
    """

    received_at = models.DateTimeField(db_column="at", db_default=Now())
    event_id = models.UUIDField()
    event_type_id = models.BigIntegerField()
    version_id = models.BigIntegerField(help_text="The event type's version that let it in")
    occurred_at = models.DateTimeField(help_text="When it happened, the client's clock corrected")
    claimed_at = models.DateTimeField(null=True, help_text="What the client said, when that is something else")
    is_early = models.BooleanField(db_default=False, help_text="It claimed to happen over 5 minutes after we had it")
    contact_id = models.BigIntegerField(null=True)
    visitor_id = models.BigIntegerField(null=True)
    session_id = models.CharField(max_length=255, db_default="")
    source = models.CharField(max_length=7, choices=Source)
    write_key_id = models.BigIntegerField(null=True)
    properties = models.JSONField()
    context = models.JSONField()

    def __str__(self) -> str:
        return str(self.event_id)


class Activity(models.Model):
    """The rollup: what one contact did of one metric within one UTC hour. Derived; see sql/events.sql.

    An hour whose first is not before the edge of a window, or whose last is, needs no look into the log.
    """

    pk = models.CompositePrimaryKey("metric_id", "contact_id", "hour")
    metric_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()
    hour = models.DateTimeField(help_text="Its beginning")
    count = models.BigIntegerField()
    total = ExactField(help_text="Sum of the metric's value")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        indexes = [
            # the log comes in the order of time and so does this: a window reads the pages it falls on
            BrinIndex(
                fields=["hour"], opclasses=["timestamptz_minmax_multi_ops"],
                name="activity_hour", pages_per_range=32, autosummarize=True,
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.count} in {self.hour:%Y-%m-%d %H:00}"


class ActivityTotal(models.Model):
    """The rollup's own rollup: what one contact ever did of one metric. Hash-partitioned by metric."""

    pk = models.CompositePrimaryKey("metric_id", "contact_id")
    metric_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()
    count = models.BigIntegerField()
    total = ExactField(help_text="Sum of the metric's value")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.count} of metric {self.metric_id}"
