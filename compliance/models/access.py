"""Who may call the API, what was done by whom, and which answers are kept for a repeated request."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class ApiKey(models.Model):
    """A Bearer key: acts as its owner, narrowed to its scopes. Only its hash is kept."""

    name = models.CharField(max_length=100)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    prefix = models.CharField(max_length=20, editable=False, help_text="Its first letters, to recognise it by")
    digest = models.BinaryField(max_length=32, unique=True, editable=False, help_text="SHA-256 of the key")
    scopes = models.JSONField(default=list, help_text="What it may do, within what its owner may")
    created_at = models.DateTimeField(editable=False, db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def is_live(self, *, at: datetime) -> bool:
        """Whether it opens anything at this time."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


class AuditEntry(models.Model):
    """The append-only log of who changed what, in month partitions. No values of persons, no foreign key."""

    at = models.DateTimeField(db_default=Now())
    actor_id = models.BigIntegerField(null=True, help_text="The person with a role")
    api_key_id = models.BigIntegerField(null=True)
    action = models.CharField(max_length=60, help_text="segment_created, …")
    object_kind = models.CharField(max_length=30)
    object_id = models.BigIntegerField(null=True)
    changes = models.JSONField(db_default=models.Value({}, models.JSONField()), help_text="{field: [before, after]}")
    request_id = models.CharField(max_length=64, blank=True, db_default="")
    ip = models.GenericIPAddressField(null=True)

    class Meta:
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} {self.object_kind} {self.object_id or ''}".strip()


class IdempotencyRecord(models.Model):
    """The answer to a POST with an Idempotency-Key, replayed to a repeated request until it expires."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32, help_text="Hash of method, path and body")
    status = models.PositiveSmallIntegerField(null=True, help_text="Null while the first request is at work")
    sealed_answer = models.BinaryField(null=True, help_text="Headers and body, sealed: they may hold a person's values")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api_key", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key
