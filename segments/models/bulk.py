"""Bulk jobs: one thing done to many contacts by a worker."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class BulkJob(models.Model):
    """What is to be done (a kind of segments.actions), to whom, how far it is, and what came of it.

    Whom it concerns is chosen by one statement and kept as its targets; then they are gone through by contact id, a
    stretch a transaction, under a lease. A job that undoes another goes through what that one changed.
    """

    class State(models.TextChoices):
        CHOOSING = "choosing"  # whom it concerns is being written down; nothing is done yet
        WORKING = "working"
        COMPLETED = "completed"
        CANCELLED = "cancelled"
        FAILED = "failed"

    AT_WORK = (State.CHOOSING, State.WORKING)

    action = models.CharField(max_length=20)
    given = models.JSONField(default=dict, help_text="What was asked beside it, such as the list")
    choice = models.JSONField(default=dict, help_text="Whom: contact ids, or filters as the page of contacts has them")
    undoes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="undone_by")
    state = models.CharField(max_length=9, choices=State, default=State.CHOOSING)
    total = models.PositiveBigIntegerField(default=0, help_text="How many people it concerns")
    done = models.PositiveBigIntegerField(default=0, help_text="How many of them it has gone through")
    changed = models.PositiveBigIntegerField(default=0, help_text="For how many of those it changed something")
    contact_done = models.BigIntegerField(default=0, help_text="The last contact id it has gone through")
    leads_to = models.CharField(max_length=255, blank=True, default="", help_text="Where it is carried on or seen")
    error = models.TextField(blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Takers of the lease since the last progress")
    lease_until = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("lease_until", name="bulk_job_at_work", condition=models.Q(state__in=["choosing", "working"])),
        ]

    def __str__(self) -> str:
        return f"{self.action} of {self.total}"


class BulkTarget(models.Model):
    """One contact a bulk job concerns, and what was there before it: that is how it is undone.

    No constraints: these rows are written by the million, and only under the lease of their job.
    """

    pk = models.CompositePrimaryKey("job_id", "contact_id")
    job = models.ForeignKey(
        BulkJob, on_delete=models.CASCADE, related_name="targets", db_constraint=False, db_index=False
    )
    contact_id = models.BigIntegerField()
    changed = models.BooleanField(null=True, help_text="Null until it was gone through")
    before = models.JSONField(null=True)

    class Meta:
        indexes = [models.Index("contact_id", "job", name="bulk_target_contact")]

    def __str__(self) -> str:
        return f"contact {self.contact_id}"
