"""Who we may talk to. The only table that holds names, addresses and traits of a person."""

from django.db import models
from django.db.models.functions import Collate, Lower, Now
from django.utils.translation import gettext_lazy as _


class Contact(models.Model):
    """A person. `external_id` and `email` are each unique and may be null; `phone` is not unique."""

    external_id = models.CharField(max_length=255, null=True, blank=True)
    email = models.CharField(max_length=320, null=True, blank=True, help_text="In normal form")
    email_as_given = models.CharField(max_length=320, blank=True, default="", db_default="")
    # First 8 bytes of the address HMAC under the current key: what the ledger and suppression are matched by.
    email_key = models.BigIntegerField(null=True, blank=True, editable=False)
    phone = models.CharField(max_length=16, null=True, blank=True, help_text="E.164")
    first_name = models.CharField(max_length=100, blank=True, default="", db_default="")
    last_name = models.CharField(max_length=100, blank=True, default="", db_default="")
    country = models.CharField(max_length=2, blank=True, default="", db_default="", help_text="ISO 3166-1 alpha-2")
    language = models.CharField(max_length=10, default="en", db_default="en")
    timezone = models.CharField(max_length=50, default="UTC", db_default="UTC")
    tracking = models.BooleanField(default=True, db_default=True, help_text="Whether opens and clicks are recorded")
    attributes = models.JSONField(default=dict, blank=True, db_default=models.Value({}, models.JSONField()))
    cohort_on = models.DateField(editable=False, db_default=Now(), help_text="Set at creation, never changed")
    created_at = models.DateTimeField(editable=False, db_default=Now())
    updated_at = models.DateTimeField(editable=False, db_default=Now())

    class Meta:
        indexes = [
            models.Index("phone", name="contact_phone", condition=models.Q(phone__isnull=False)),
            models.Index("email_key", name="contact_email_key", condition=models.Q(email_key__isnull=False)),
            # what somebody types into the search begins a name, in any database's order of letters
            models.Index(
                Collate(Lower("first_name"), "C"), Collate(Lower("last_name"), "C"), name="contact_names_begin"
            ),
            models.Index(Collate(Lower("last_name"), "C"), name="contact_last_name_begins"),
            models.Index(fields=["country", "-id"], name="contact_country"),
        ]
        constraints = [
            # not unique=True, which would add a second index to each that no query of ours needs
            models.UniqueConstraint(fields=["external_id"], name="contact_external_id_once"),
            models.UniqueConstraint(fields=["email"], name="contact_email_once"),
            models.CheckConstraint(
                condition=models.Q(email__isnull=True) | ~models.Q(email=""), name="contact_email_not_blank"
            ),
            models.CheckConstraint(
                condition=models.Q(external_id__isnull=True) | ~models.Q(external_id=""),
                name="contact_external_id_not_blank",
            ),
            models.CheckConstraint(
                condition=models.Q(email__isnull=True, email_key__isnull=True)
                | models.Q(email__isnull=False, email_key__isnull=False),
                name="contact_email_with_its_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email or self.external_id or f"contact {self.pk}"


class Attribute(models.Model):
    """A registered trait: its name in `Contact.attributes` and the type its values are kept in."""

    class Type(models.TextChoices):
        STRING = "string"
        NUMBER = "number"
        BOOLEAN = "boolean"
        DATE = "date"
        LIST = "list"  # of strings

    class Writer(models.TextChoices):
        IMPORT = "import", _("Import")
        API = "api", _("API key")
        PERSON = "person", _("By hand")
        EVENTS = "events", _("Events")
        BULK_JOB = "bulk_job", _("Bulk job")

    name = models.SlugField(max_length=63, unique=True)
    type = models.CharField(max_length=10, choices=Type)
    description = models.CharField(max_length=255, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    writer_kind = models.CharField(max_length=10, choices=Writer, blank=True, default="", db_default="")
    writer = models.CharField(max_length=200, blank=True, default="", db_default="", help_text="Who wrote it last")
    writer_row = models.BigIntegerField(null=True, editable=False, help_text="The id of that import")
    written_at = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return self.name
