"""How events come in: keys to write with, and what could not be let in."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from segments.models.events import Source


class WriteKey(models.Model):
    """Lets a website, an app or a server send events, and nothing else. A browser's key is no secret."""

    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=7, choices=Source)
    prefix = models.CharField(max_length=10, editable=False, help_text="Its first letters, to tell keys apart")
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    origins = ArrayField(
        models.CharField(max_length=255), default=list, blank=True,
        help_text="Browser keys: the sites that may use it, such as https://shop.example; none: any",
    )  # fmt: skip
    rate_per_minute = models.PositiveIntegerField(default=600_000, help_text="Events")
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class QuarantinedEvent(models.Model):
    """An event that was not let in, kept until somebody repairs or drops it, or it is forgotten.

    What it said may be about a person, so it is sealed, and everything outside of the seal repeats nothing of it.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        REPLAYED = "replayed"
        DROPPED = "dropped"

    class Asked(models.TextChoices):
        """What a worker is to do about it, when somebody asked that for very many."""

        REPLAY = "replay"
        DROP = "drop"

    event_id = models.UUIDField(null=True, help_text="Null when it could not be read")
    event_type = models.CharField(max_length=100, blank=True, default="", help_text="As far as it could be read")
    code = models.CharField(max_length=40, help_text="unknown_type, unknown_property, wrong_type, …")
    pointer = models.CharField(max_length=500, blank=True, default="", help_text="JSON pointer to the place at fault")
    detail = models.CharField(max_length=500)
    source = models.CharField(max_length=7, choices=Source)
    write_key_id = models.BigIntegerField(null=True)
    size = models.PositiveIntegerField(help_text="Bytes as it came")
    sealed = models.BinaryField(null=True, help_text="The event under TOKEN_KEYS; null once it was replayed or dropped")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    received_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True, blank=True)
    asked = models.CharField(max_length=6, choices=Asked, blank=True, default="", db_default="")
    asked_by_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            # a client that repeats a bad event adds nothing
            models.UniqueConstraint(
                fields=["event_id"], name="quarantined_event_once", condition=models.Q(state="waiting")
            ),
        ]
        indexes = [
            models.Index("state", "code", "event_type", name="quarantined_event_state"),
            models.Index("received_at", name="quarantined_event_received"),
            models.Index(
                "id", name="quarantined_event_asked", condition=models.Q(state="waiting") & ~models.Q(asked="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type or 'event'}: {self.code}"

    def settle(self, state: "QuarantinedEvent.State", *, at: datetime) -> None:
        self.state, self.sealed, self.settled_at = state, None, at
        self.save(update_fields=["state", "sealed", "settled_at"])
