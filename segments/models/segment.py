"""Segments: rules over contacts, kept as data with their history."""

from django.conf import settings
from django.db import models


class Segment(models.Model):
    """A named rule. What it means is in its current version."""

    name = models.CharField(max_length=255, unique=True)
    description = models.CharField(max_length=500, blank=True, default="")
    dynamic = models.BooleanField(default=True, help_text="Membership follows the data")
    current = models.ForeignKey("SegmentVersion", null=True, on_delete=models.PROTECT, related_name="+")
    frozen_at = models.DateTimeField(null=True, blank=True, help_text="Since when it is its members and not its rule")
    size = models.PositiveBigIntegerField(null=True, blank=True)
    sized_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class SegmentVersion(models.Model):
    """An immutable predicate tree (append-only table)."""

    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    criteria = models.JSONField()
    note = models.CharField(
        max_length=255, blank=True, default="", db_default="", help_text="What has changed, and why"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "number"], name="segment_version_number")]

    def __str__(self) -> str:
        return f"version {self.number}"
