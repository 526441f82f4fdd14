"""What forbids us to write to an address."""

from django.db import models
from django.db.models.functions import Now


class Scope(models.TextChoices):
    """How far a suppression reaches; `scope_id` is the list's or the brand's id, 0 for global."""

    LIST = "list"
    BRAND = "brand"
    GLOBAL = "global"


class Reason(models.TextChoices):
    """Why an address is suppressed."""

    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    BOUNCED = "bounced"
    MANUAL = "manual"
    ERASED = "erased"


class _AddressScope(models.Model):
    channel = models.CharField(max_length=10, default="email")
    address_digest = models.BinaryField(max_length=32, help_text="HMAC-SHA256 of the normalised address")
    key_id = models.PositiveSmallIntegerField(help_text="Which of ADDRESS_KEYS made the digest")
    address_key = models.BigIntegerField(help_text="First 8 bytes of the digest")
    scope = models.CharField(max_length=10, choices=Scope)
    scope_id = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=20, choices=Reason)
    source = models.CharField(max_length=50, help_text="one_click, page, admin, command, api, import, smtp, …")

    class Meta:
        abstract = True


class Suppression(_AddressScope):
    """What holds now: the current view of the suppression log, keyed by address hash, channel and scope."""

    created_at = models.DateTimeField(editable=False, db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                # each reason by itself: an erasure must not hide behind an earlier unsubscribe
                fields=["address_key", "channel", "scope", "scope_id", "reason", "address_digest"],
                name="suppression_once",
            ),
            models.CheckConstraint(
                condition=models.Q(scope=Scope.GLOBAL, scope_id=0)
                | (~models.Q(scope=Scope.GLOBAL) & models.Q(scope_id__gt=0)),
                name="suppression_scope_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.scope})"


class SuppressionEvent(_AddressScope):
    """The append-only log of suppressions laid and lifted. Holds no address, and no foreign key: it outlives all."""

    class Action(models.TextChoices):
        SUPPRESSED = "suppressed"
        LIFTED = "lifted"

    action = models.CharField(max_length=10, choices=Action)
    contact_id = models.BigIntegerField(null=True)
    message_id = models.BigIntegerField(null=True)
    actor_id = models.BigIntegerField(null=True, help_text="The person with a role who did it")
    note = models.CharField(max_length=255, blank=True, default="")
    at = models.DateTimeField(editable=False, db_default=Now())

    class Meta:
        indexes = [models.Index("address_key", "at", name="suppression_event_address")]
