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


class ProviderAccount(models.Model):
    """Where mail is handed over: a provider kind with its settings. The lowest `priority` that is active is used."""

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=20, help_text="smtp, …")
    channel = models.CharField(max_length=10, default="email")
    config = models.JSONField(default=dict, blank=True, help_text="Host, port, security, user; the password is sealed")
    sealed_secret = models.TextField(blank=True, default="", editable=False)
    priority = models.PositiveSmallIntegerField(default=100)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


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
            # what an opt-out of one address has to skip or to wait for
            models.Index(
                "address_key", name="message_waiting", condition=models.Q(state__in=["ready", "claimed", "dispatching"])
            ),
            models.Index("contact_id", "order", name="message_contact"),
            models.Index("id", name="message_unknown", condition=models.Q(state="unknown")),  # shown and watched
        ]


class DeliveryEvent(models.Model):
    """The append-only log of what happened to messages, in month partitions. Holds no person, no foreign key."""

    class Kind(models.TextChoices):
        QUEUED = "queued"
        SENT = "sent"
        DELIVERED = "delivered"
        OPENED = "opened"
        CLICKED = "clicked"
        REJUDGED = "rejudged"  # an open or click, from a person to a machine or back: see tracking/judging.py
        BOUNCED = "bounced"
        DEFERRED = "deferred"
        COMPLAINED = "complained"
        UNSUBSCRIBED = "unsubscribed"
        REJECTED = "rejected"
        FAILED = "failed"
        SKIPPED = "skipped"
        UNKNOWN = "unknown"
        CANCELLED = "cancelled"

    at = models.DateTimeField(db_default=Now())
    kind = models.CharField(max_length=12, choices=Kind)
    message_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()
    campaign_id = models.BigIntegerField()
    order_id = models.BigIntegerField()
    channel = models.CharField(max_length=10)
    attempt = models.PositiveIntegerField(db_default=0)
    reason = models.CharField(max_length=60, blank=True, db_default="")
    detail = models.CharField(max_length=500, blank=True, db_default="", help_text="The server's words, no address")


class Hit(models.Model):
    """The append-only log of requests for pixels and tracked links, in month partitions; judged later.

    Holds no person, no foreign key; neither an address nor the words of a browser.
    """

    class Kind(models.TextChoices):
        OPENED = "opened"
        CLICKED = "clicked"
        BAITED = "baited"  # the link that only machines find

    at = models.DateTimeField(db_default=Now())
    kind = models.CharField(max_length=8, choices=Kind)
    message_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()
    campaign_id = models.BigIntegerField()
    order_id = models.BigIntegerField()
    link_id = models.BigIntegerField(null=True, help_text="The template's link; null when it has contact data in it")
    target_hash = models.BigIntegerField(null=True, help_text="Of the address, where the link has no row")
    agent_hash = models.BigIntegerField(help_text="Of the words of User-Agent")
    network = models.CharField(max_length=43, blank=True, db_default="", help_text="A /24 or /48")


class Agent(models.Model):
    """The words of a User-Agent behind their hash, forgotten after TRACKING_AGENT_DAYS."""

    hash = models.BigIntegerField(primary_key=True)
    words = models.CharField(max_length=500)
    seen_at = models.DateTimeField(db_default=Now())


class Unjudged(models.Model):
    """The judge's queue: hits without a verdict."""

    hit_id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()


class Judgement(models.Model):
    """Who made a hit, as the rules of that version saw it; the newest row of a hit holds, the older ones say why."""

    class Verdict(models.TextChoices):
        HUMAN = "human"
        PREFETCH = "prefetch"
        SCANNER = "scanner"

    hit_id = models.BigIntegerField()
    verdict = models.CharField(max_length=8, choices=Verdict)
    rule = models.CharField(max_length=20, blank=True, db_default="", help_text="Which rule said so; blank for human")
    rules_version = models.PositiveSmallIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index("hit_id", "id", name="judgement_of_hit")]
