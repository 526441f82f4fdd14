"""What happened, counted: derived from the delivery log, it can be worked out again. And what people take out."""

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class StreamMark(models.Model):
    """How far one generation of counters has read the delivery log.

    The log is read in the order (native, xid, id): first what a dump brought along from another cluster, if anything
    (`base_xid`, `base_id`), then what this cluster wrote. `xid` and `event_id` name the last event that was counted.
    """

    class State(models.TextChoices):
        LIVE = "live"  # what dashboards read
        BUILDING = "building"  # counted anew beside the live one, takes its place when it has caught up
        RETIRED = "retired"  # on its way out

    state = models.CharField(max_length=8, choices=State)
    system_identifier = models.BigIntegerField(help_text="The cluster whose transaction ids these are")
    timeline = models.IntegerField()
    base_xid = models.BigIntegerField(default=0, help_text="With base_id: events from here up to that id are restored")
    base_id = models.BigIntegerField(default=0)
    native = models.BooleanField(default=True, help_text="Whether it has done with what was restored")
    xid = models.BigIntegerField(default=0)
    event_id = models.BigIntegerField(default=0)
    events = models.BigIntegerField(default=0, help_text="How many it has counted")
    as_of = models.DateTimeField(null=True, help_text="Everything logged before this is counted")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint("state", condition=models.Q(state="live"), name="stream_mark_one_live"),
            models.UniqueConstraint("state", condition=models.Q(state="building"), name="stream_mark_one_building"),
        ]

    def __str__(self) -> str:
        return f"{self.state} mark {self.pk}"

    @property
    def place(self) -> tuple[bool, int, int]:
        """Of the last event that was counted, in the order of the log."""
        return self.native, self.xid, self.event_id


class Counters(models.Model):
    """Counts of one hour. `unique` counts a message in the hour of its first such event, so hours add up."""

    mark = models.ForeignKey(StreamMark, on_delete=models.CASCADE, related_name="+", db_index=False)
    campaign_id = models.BigIntegerField()
    step_id = models.BigIntegerField(help_text="The step of the order; 0 when the order is gone")
    channel = models.CharField(max_length=10)
    hour = models.DateTimeField(help_text="UTC")
    total = models.BigIntegerField(default=0, help_text="Events")
    unique = models.BigIntegerField(default=0, help_text="Messages")
    human_total = models.BigIntegerField(default=0, help_text="Events, without those of machines")
    human_unique = models.BigIntegerField(default=0, help_text="Messages, without events of machines")

    class Meta:
        abstract = True


class CampaignStat(Counters):
    """Counts per campaign, step, channel, kind of event and hour.

    Besides the log's kinds there is `returned`: messages that were sent and bounced, in whichever order we learnt it.
    """

    RETURNED = "returned"

    kind = models.CharField(max_length=12)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mark", "campaign_id", "step_id", "channel", "kind", "hour"], name="campaign_stat_once"
            )
        ]


class LinkStat(Counters):
    """Clicks per link of a step."""

    link_id = models.BigIntegerField(help_text="Of the template version's links")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mark", "campaign_id", "step_id", "channel", "link_id", "hour"], name="link_stat_once"
            )
        ]


class Freshness(models.Model):
    """How old a derived table may become; operators may change both limits."""

    name = models.CharField(max_length=50, primary_key=True, help_text="The derived table")
    expected_lag = models.DurationField(help_text="What is usual")
    alert_threshold = models.DurationField(help_text="Older than this is reported")
    last_success_at = models.DateTimeField(null=True, help_text="The table tells everything up to this moment")
    late_since = models.DateTimeField(null=True, blank=True, help_text="Since when the check has found it too old")

    class Meta:
        verbose_name_plural = "freshness"

    def __str__(self) -> str:
        return self.name


class Export(models.Model):
    """A campaign's figures or the people of a segment or list, on their way into a file for whoever asked.

    Work on it is under a lease: whoever holds `lease_until` as it wrote it may finish; one that ran out is free.
    """

    KEPT = timedelta(hours=24)

    class Kind(models.TextChoices):
        CAMPAIGN = "campaign"
        SEGMENT = "segment"
        LIST = "list"
        CONTACTS = "contacts"

    class Format(models.TextChoices):
        CSV = "csv"
        JSON = "json"
        XLSX = "xlsx"
        JSONL = "jsonl"

    class State(models.TextChoices):
        PROCESSING = "processing"
        COMPLETED = "completed"
        FAILED = "failed"
        EXPIRED = "expired"  # its file is deleted

    kind = models.CharField(max_length=8, choices=Kind)
    object_id = models.BigIntegerField(help_text="Of the campaign, segment or list")
    contact_ids = ArrayField(
        models.BigIntegerField(),
        default=list,
        db_default=[],
        blank=True,
        help_text="Of contacts: whom, as they were chosen",
    )
    format = models.CharField(max_length=5, choices=Format)
    metrics = models.JSONField(default=list, help_text="Of a campaign: the counts to export, in this order")
    state = models.CharField(max_length=10, choices=State, default=State.PROCESSING)
    rows = models.PositiveBigIntegerField(null=True, help_text="In the file, without the header")
    file = models.FileField(upload_to="exports/", max_length=255, blank=True)
    error = models.TextField(blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="How many workers began it")
    lease_until = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", help_text="Who may have it"
    )
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        permissions = [("export_contacts", "Can export people to a file")]
        indexes = [
            models.Index("lease_until", name="export_at_work", condition=models.Q(state="processing")),
            models.Index("finished_at", name="export_to_forget", condition=models.Q(state="completed")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id} as {self.format}"

    @property
    def holds_people(self) -> bool:
        return self.kind != Export.Kind.CAMPAIGN
