"""Plan and advance: campaigns, their journeys, and who is where in them."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from compliance.models import Brand, Sender
from delivery.models import Purpose
from segments.models import ContactList, Segment
from templates.models import MessageTemplate


class Campaign(models.Model):
    """What is to be said to whom and when. A broadcast is a journey with one send step."""

    class Kind(models.TextChoices):
        BROADCAST = "broadcast"

    class State(models.TextChoices):
        DRAFT = "draft"
        SCHEDULED = "scheduled"
        ACTIVE = "active"
        PAUSED = "paused"
        COMPLETED = "completed"
        CANCELLED = "cancelled"

    class LatePolicy(models.TextChoices):
        """What to do when the schedule is found more than `late_after_minutes` late."""

        SEND = "send"
        HOLD = "hold"

    name = models.CharField(max_length=255)
    description = models.TextField(blank=True, default="")
    kind = models.CharField(max_length=15, choices=Kind, default=Kind.BROADCAST)
    purpose = models.CharField(max_length=15, choices=Purpose, default=Purpose.MARKETING)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    sender = models.ForeignKey(Sender, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    template = models.ForeignKey(MessageTemplate, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    list = models.ForeignKey(
        ContactList,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="What its unsubscribe link leaves; blank: the brand",
    )
    segments = models.ManyToManyField(Segment, blank=True, related_name="+")
    lists = models.ManyToManyField(ContactList, blank=True, related_name="+")
    excluded_segments = models.ManyToManyField(Segment, blank=True, related_name="+")
    excluded_lists = models.ManyToManyField(ContactList, blank=True, related_name="+")

    # A schedule is a wall-clock time in a named zone; `scheduled_at` is the instant worked out from them.
    scheduled_local = models.CharField(max_length=19, blank=True, default="", help_text="2026-12-24T09:00:00")
    scheduled_zone = models.CharField(max_length=50, blank=True, default="")
    scheduled_at = models.DateTimeField(null=True, blank=True)
    late_policy = models.CharField(max_length=4, choices=LatePolicy, default=LatePolicy.HOLD)
    late_after_minutes = models.PositiveIntegerField(default=30)
    # How fast, how much, and what to do when it goes wrong
    rate_per_minute = models.PositiveIntegerField(null=True, blank=True, help_text="Messages a minute; blank: no limit")
    budget = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, help_text="It stops before it has cost more"
    )
    expires_after_hours = models.PositiveIntegerField(
        null=True, blank=True, help_text="After its launch nothing more goes out; blank: no limit"
    )
    resend_unknown = models.BooleanField(
        default=False, db_default=False, help_text="Transactional only: rather twice than never"
    )
    held_reason = models.TextField(blank=True, default="", help_text="Why it waits for a person")

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    launched_at = models.DateTimeField(null=True, blank=True)
    resumed_at = models.DateTimeField(null=True, blank=True, help_text="Since when its error rates count")
    completed_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # the tick looks for due schedules
            models.Index("scheduled_at", name="campaign_due", condition=models.Q(state="scheduled", held_reason="")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="scheduled") | models.Q(scheduled_at__isnull=False),
                name="campaign_scheduled_has_a_time",
            ),
        ]
        permissions = [
            ("launch_campaign", "Can launch, schedule, pause, resume and cancel campaigns"),
            ("send_transactional", "Can launch and schedule campaigns of transactional purpose"),
        ]

    def __str__(self) -> str:
        return self.name


class Approval(models.Model):
    """A second person's yes to a campaign as it was then (append-only table): an edit makes it worthless."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="approvals")
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of what goes out and to whom")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"approval of {self.campaign_id}"


class JourneyVersion(models.Model):
    """The immutable graph of steps that a run follows (append-only table)."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    entry = models.CharField(max_length=50, help_text="Key of the first step")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "number"], name="journey_version_number")]

    def __str__(self) -> str:
        return f"journey version {self.number}"


class Step(models.Model):
    """One node of a journey version: its kind names the class that carries it out (append-only table)."""

    version = models.ForeignKey(JourneyVersion, on_delete=models.PROTECT, related_name="steps")
    key = models.SlugField(max_length=50)
    kind = models.CharField(max_length=20)
    config = models.JSONField(default=dict)
    next = models.JSONField(default=dict, help_text="{outcome: key of the next step}; none: the journey ends")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="step_key")]

    def __str__(self) -> str:
        return self.key


class Run(models.Model):
    """One launch of a campaign over one frozen audience."""

    class State(models.TextChoices):
        FREEZING = "freezing"
        RUNNING = "running"
        CLOSING = "closing"  # cancelled: who still waits leaves, what is on the wire settles
        ENDED = "ended"

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="runs")
    number = models.PositiveIntegerField()
    version = models.ForeignKey(JourneyVersion, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.FREEZING)
    audience = models.PositiveBigIntegerField(default=0, help_text="Its enrolments; final once running")
    lease_until = models.DateTimeField(null=True, blank=True, help_text="Of the worker that freezes")
    started_at = models.DateTimeField()
    failures = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="Freezes in a row that broke off")
    frozen_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "number"], name="run_number")]
        indexes = [models.Index("state", name="run_live", condition=~models.Q(state="ended"))]

    def __str__(self) -> str:
        return f"run {self.number}"


class Enrolment(models.Model):
    """One contact in one run: at which step, and when that is due. A wait is a row, never a timer."""

    class State(models.TextChoices):
        WAITING = "waiting"
        COMPLETED = "completed"
        EXITED = "exited"

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="enrolments", db_index=False)
    contact_id = models.BigIntegerField()
    step = models.ForeignKey(Step, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=10, choices=State, db_default=State.WAITING)
    due_at = models.DateTimeField(db_default=Now())
    outcome = models.CharField(max_length=60, blank=True, db_default="", help_text="Why it ended")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "contact_id"], name="enrolment_once")]
        indexes = [
            models.Index("run", "step", "due_at", name="enrolment_due", condition=models.Q(state="waiting")),
            models.Index("contact_id", name="enrolment_contact"),
        ]

    def __str__(self) -> str:
        return f"contact {self.contact_id} in run {self.run_id}"


class EnrolmentEvent(models.Model):
    """The append-only log of who entered, passed and left, in month partitions. No person, no foreign key."""

    class Kind(models.TextChoices):
        ENTERED = "entered"
        PASSED = "passed"
        COMPLETED = "completed"
        EXITED = "exited"

    at = models.DateTimeField(db_default=Now())
    kind = models.CharField(max_length=10, choices=Kind)
    contact_id = models.BigIntegerField()
    campaign_id = models.BigIntegerField()
    run_id = models.BigIntegerField()
    step_id = models.BigIntegerField(null=True)
    outcome = models.CharField(max_length=60, blank=True, db_default="")

    def __str__(self) -> str:
        return f"contact {self.contact_id} {self.kind}"
