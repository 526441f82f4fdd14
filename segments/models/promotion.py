"""Attributes that have an index of their own, so that rules over them need not read every contact."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from segments.models.contact import Attribute


class Promotion(models.Model):
    """An attribute's index: asked for, on its way, there, or failed. Postgres itself knows whether it is valid."""

    class State(models.TextChoices):
        WAITING = "waiting"
        BUILDING = "building"
        READY = "ready"
        FAILED = "failed"
        LEAVING = "leaving"  # taken back: the index is dropped, then this row

    OPEN = (State.WAITING, State.BUILDING, State.LEAVING)

    attribute = models.OneToOneField(Attribute, on_delete=models.CASCADE, related_name="promotion")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Beginnings since it was asked for")
    error = models.CharField(max_length=500, blank=True, default="")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_at = models.DateTimeField(editable=False, db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"index on {self.attribute}: {self.state}"

    @property
    def index_name(self) -> str:
        return f"contact_attribute_{self.attribute_id}"
