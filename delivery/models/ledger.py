"""The ledger: one message for one contact on one channel at one time, and what became of it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from compliance.models import Brand, Sender
from segments.models import ContactList
from templates.models import TemplateVersion


class Lane(models.TextChoices):
    """Each lane has its own queue and workers, so that a broadcast never delays a trigger."""

    TRANSACTIONAL = "transactional"
    TRIGGERED = "triggered"
    BULK = "bulk"


class Purpose(models.TextChoices):
    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"


THROTTLED = [
    "slowed", "throttle_away", "throttled_account", "throttled_campaign", "throttled_connections", "throttled_provider",
]  # fmt: skip
"""Reasons of messages that wait for their turn, as an index knows them."""


class SendOrder(models.Model):
    """What all messages of one step of one run share; campaigns give it, delivery carries it out.

    `campaign_id` and `step_id` name rows of an upper floor, so they are no foreign keys.
    """

    class State(models.TextChoices):
        OPEN = "open"
        HELD = "held"  # paused: nothing is claimed, nothing is lost
        CLOSED = "closed"  # completed or cancelled: nothing more goes out

    campaign_id = models.BigIntegerField()
    step_id = models.BigIntegerField()
    run = models.PositiveIntegerField(default=1)
    channel = models.CharField(max_length=10, default="email")
    lane = models.CharField(max_length=15, choices=Lane)
    purpose = models.CharField(max_length=15, choices=Purpose)
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    sender = models.ForeignKey(Sender, on_delete=models.PROTECT, related_name="+")
    template_version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, related_name="+")
    audience_lists = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text="Lists it goes to: who left one is not written to"
    )
    list = models.ForeignKey(ContactList, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="No attempt begins after this")
    rate_per_minute = models.PositiveIntegerField(null=True, blank=True, help_text="Messages a minute; null: no limit")
    resend_unknown = models.BooleanField(
        default=False, db_default=False, help_text="Send again when nobody knows whether it went out"
    )
    label = models.CharField(max_length=200, blank=True, default="", help_text="The campaign's name, to tag links with")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["step_id", "run", "channel"], name="send_order_once")]
        indexes = [
            # the claim's list of orders to go round
            models.Index("lane", "channel", name="send_order_open", condition=models.Q(state="open")),
            models.Index("campaign_id", name="send_order_campaign"),
        ]


class Message(models.Model):
    """One logical message: created once, sent at most once (promises 2 and 3)."""

    class State(models.TextChoices):
        READY = "ready"
        CLAIMED = "claimed"
        DISPATCHING = "dispatching"
        SENT = "sent"
        SKIPPED = "skipped"
        FAILED = "failed"
        UNKNOWN = "unknown"
        CANCELLED = "cancelled"

    order = models.ForeignKey(SendOrder, on_delete=models.PROTECT, related_name="messages", db_index=False)
    contact_id = models.BigIntegerField()
    channel = models.CharField(max_length=10, default="email", db_default="email")
    address_key = models.BigIntegerField(null=True, help_text="Hash key of the address at planning time")
    state = models.CharField(max_length=11, choices=State, db_default=State.READY)
    reason = models.CharField(max_length=60, blank=True, db_default="", help_text="Why skipped, failed, cancelled")
    due_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    attempt = models.PositiveIntegerField(db_default=0, help_text="Times it was begun; fences off late workers")
    losses = models.PositiveSmallIntegerField(db_default=0, help_text="Workers that died with it claimed")
    deferrals = models.PositiveIntegerField(db_default=0, help_text="Times the server asked to come back later")
    deferred_since = models.DateTimeField(null=True)
    provider_account_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # one order is one (step, run, channel), so this is promise 3
            models.UniqueConstraint(fields=["order", "contact_id"], name="message_once"),
        ]
        indexes = [
            models.Index("order", "due_at", "id", name="message_ready", condition=models.Q(state="ready")),
            models.Index(
                "lease_until", name="message_leased", condition=models.Q(state__in=["claimed", "dispatching"])
            ),
            # What an opt-out of one address has to skip or to wait for. Asking for an address implies that there is
            # one; the claim does not, so that it can't take this index: where nothing waited when statistics were
            # last taken, it looks cheaper than message_ready (158 ms a claim instead of 5, with 200,000 waiting).
            models.Index(
                "address_key",
                name="message_of_address",
                condition=models.Q(state__in=["ready", "claimed", "dispatching"], address_key__isnull=False),
            ),
            models.Index("contact_id", "order", name="message_contact"),
            models.Index("id", name="message_unknown", condition=models.Q(state="unknown")),  # shown and watched
            # what waits and why: shown, and woken when a limit is raised
            models.Index(
                "reason",
                "due_at",
                "id",
                name="message_throttled",
                condition=models.Q(state="ready", reason__in=THROTTLED),
            ),
        ]


class SendTally(models.Model):
    """What one settlement wrote, a row for each order and account in it: for rates, breakers and error limits.

    A window over the recent past, kept for hours; the log stays the truth.
    """

    at = models.DateTimeField(db_default=Now())
    order_id = models.BigIntegerField()
    provider_account_id = models.BigIntegerField(null=True)
    sent = models.PositiveIntegerField(db_default=0)
    failed = models.PositiveIntegerField(db_default=0)
    bounced = models.PositiveIntegerField(db_default=0, help_text="Of the failed, those that their mailbox refused")
    deferred = models.PositiveIntegerField(db_default=0)
    unknown = models.PositiveIntegerField(db_default=0)
    skipped = models.PositiveIntegerField(db_default=0)

    class Meta:
        indexes = [models.Index("at", name="send_tally_at")]


class DeadLetter(models.Model):
    """A message that was given up because of a fault of ours or of a provider, and what a person did about it."""

    class Resolution(models.TextChoices):
        REPLAYED = "replayed"
        DROPPED = "dropped"

    message_id = models.BigIntegerField()
    order_id = models.BigIntegerField()
    campaign_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()
    reason = models.CharField(max_length=60)
    error = models.CharField(max_length=500, blank=True, default="", help_text="In words, without addresses")
    fingerprint = models.CharField(max_length=16, blank=True, default="", help_text="The same for the same fault")
    attempts = models.PositiveIntegerField(db_default=0)
    at = models.DateTimeField(db_default=Now())
    resolution = models.CharField(max_length=8, choices=Resolution, blank=True, default="", db_default="")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message_id"], name="dead_letter_open_once", condition=models.Q(resolution="")
            )
        ]
        indexes = [
            models.Index("campaign_id", "reason", "id", name="dead_letter_open", condition=models.Q(resolution="")),
        ]
