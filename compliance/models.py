"""Legal senders, and what forbids us to write to an address."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now

from config.lib.addresses import InvalidAddress, normalise_email


class Brand(models.Model):
    """A legal sender: its name and postal address are in every marketing message (STANDARDS A3.1)."""

    name = models.CharField(max_length=200, unique=True)
    legal_name = models.CharField(max_length=200, blank=True, default="")
    postal_address = models.TextField(blank=True, default="")
    contact_url = models.URLField(blank=True, default="", help_text="Web page or mailto: to reach the sender")
    public_base_url = models.URLField(blank=True, default="", help_text="Where links in its mails point; blank: ours")
    return_path_domain = models.CharField(max_length=253, blank=True, default="", help_text="Takes bounces")
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Brings the return path's domain to its normal form, as it stands in envelopes."""
        if self.return_path_domain:
            address = _clean("return_path_domain", f"bounces@{self.return_path_domain}")
            self.return_path_domain = address.rpartition("@")[2]


class Sender(models.Model):
    """A From identity of a brand, with its Reply-To."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="senders")
    from_name = models.CharField(max_length=200)
    from_email = models.CharField(max_length=320)
    reply_to = models.CharField(max_length=320, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["brand", "from_email", "from_name"], name="sender_once")]

    def __str__(self) -> str:
        return f"{self.from_name} <{self.from_email}>"

    def clean(self) -> None:
        """Brings both addresses to their normal form, ASCII: not every server takes others (RFC 6531)."""
        self.from_email = _clean("from_email", self.from_email)
        self.reply_to = _clean("reply_to", self.reply_to) if self.reply_to else ""


def _clean(field: str, address: str) -> str:
    try:
        normal = normalise_email(address)
    except InvalidAddress as error:
        raise ValidationError({field: error.detail}) from None
    if not normal.isascii():
        raise ValidationError({field: "Use only unaccented letters before the @: not every mail server takes others."})
    return normal


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
