"""Imports, their staged rows, and what became of each row."""

from django.conf import settings
from django.db import models

from segments.models.contact import Contact
from segments.models.list import ContactList


class Import(models.Model):
    """One file, CSV or JSON Lines, on its way into contacts: mapping, dry run, chunks done, outcome.

    Work on it is under a lease: whoever holds `lease_until` as it wrote it may go on, and a lease that ran out
    is taken by the next one, who resumes behind `line_done`.
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded"  # file kept, mapping not yet confirmed
        STAGING = "staging"  # being read, cleaned and checked; nothing is written to contacts
        CHECKED = "checked"  # dry run done: counts are known
        RUNNING = "running"
        COMPLETED = "completed"
        FAILED = "failed"

    AT_WORK = (State.STAGING, State.RUNNING)

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        JSONL = "jsonl", "JSON Lines"

    class UpdatePolicy(models.TextChoices):
        OVERWRITE = "overwrite", "Overwrite with what the file has"
        FILL_BLANKS = "fill_blanks", "Fill in only what is blank"
        SKIP = "skip", "Leave existing contacts as they are"

    name = models.CharField(max_length=255, help_text="The file's name as uploaded")
    file = models.FileField(upload_to="imports/", max_length=255)
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes")
    state = models.CharField(max_length=10, choices=State, default=State.UPLOADED)
    format = models.CharField(max_length=5, choices=Format, default=Format.CSV, db_default=Format.CSV)
    encoding = models.CharField(max_length=40, blank=True, default="")
    delimiter = models.CharField(max_length=1, blank=True, default="")
    columns = models.JSONField(default=list, help_text="Headers in the order of the file")
    mapping = models.JSONField(default=dict, help_text='{header: contact field, "attribute:<name>:<type>" or blank}')
    update_policy = models.CharField(max_length=12, choices=UpdatePolicy, default=UpdatePolicy.OVERWRITE)
    default_region = models.CharField(max_length=2, blank=True, default="", help_text="Country of national numbers")
    list = models.ForeignKey(
        ContactList, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="To put people on"
    )
    counts = models.JSONField(default=dict, help_text="Dry run: rows, new, changed, unchanged, invalid, duplicate, …")
    results = models.JSONField(default=dict, help_text="Rows written so far by outcome")
    line_done = models.PositiveBigIntegerField(default=0, help_text="Last line read or written in this state")
    rows_done = models.PositiveBigIntegerField(default=0)
    bytes_done = models.PositiveBigIntegerField(default=0)
    error = models.TextField(blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Takers of the lease since the last progress")
    lease_until = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # the tick's list of imports whose worker may have died
            models.Index("lease_until", name="import_at_work", condition=models.Q(state__in=["staging", "running"])),
        ]

    def __str__(self) -> str:
        return self.name


class StagedRow(models.Model):
    """A row in clean form, waiting to be written. Blank is null and never erases; gone once it is written."""

    pk = models.CompositePrimaryKey("imported_from_id", "line")
    imported_from = models.ForeignKey(
        Import, on_delete=models.CASCADE, related_name="staged", db_constraint=False, db_index=False
    )
    line = models.PositiveBigIntegerField()
    external_id = models.TextField(null=True)
    email = models.TextField(null=True)
    email_as_given = models.TextField(null=True, help_text="Null when it is the same")
    email_key = models.BigIntegerField(null=True)
    phone = models.TextField(null=True)
    first_name = models.TextField(null=True)
    last_name = models.TextField(null=True)
    country = models.TextField(null=True)
    language = models.TextField(null=True)
    timezone = models.TextField(null=True)
    attributes = models.JSONField(null=True)
    suppressed = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"line {self.line}"


class ImportRow(models.Model):
    """What became of one line of an import, and whom it concerned. Holds nothing of what the line said."""

    class Outcome(models.TextChoices):
        NEW = "new"
        CHANGED = "changed"
        UNCHANGED = "unchanged"
        INVALID = "invalid"
        DUPLICATE = "duplicate"  # an earlier line of the file is the same person
        CONFLICT = "conflict"  # its external_id and its email are of different people

    PROBLEMS = (Outcome.INVALID, Outcome.DUPLICATE, Outcome.CONFLICT)

    pk = models.CompositePrimaryKey("imported_from_id", "line")
    # no constraints: these rows are written by the million, and only under a lock on their import
    imported_from = models.ForeignKey(
        Import, on_delete=models.CASCADE, related_name="rows", db_constraint=False, db_index=False
    )
    line = models.PositiveBigIntegerField(help_text="Line in the file, the header is line 1")
    outcome = models.CharField(max_length=12, choices=Outcome)
    reason = models.CharField(max_length=255, blank=True, default="", db_default="")
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        indexes = [
            models.Index("contact", "imported_from", name="import_row_contact"),
            # the error file
            models.Index(
                "imported_from",
                "outcome",
                "line",
                name="import_row_problem",
                condition=models.Q(outcome__in=["invalid", "duplicate", "conflict"]),
            ),
        ]

    def __str__(self) -> str:
        return f"line {self.line}: {self.outcome}"
