"""What happened to messages, as an append-only log."""

from django.db import models
from django.db.models.functions import Now


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
        # Each takes one earlier event of its message back, so that the figures follow the ledger:
        REVIVED = "revived"  # a `failed`
        READMITTED = "readmitted"  # a `rejected`
        RESOLVED = "resolved"  # an `unknown`

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
