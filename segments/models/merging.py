"""Two contacts that turned out to be one person."""

from django.db import models
from django.db.models.functions import Now


class FormerContact(models.Model):
    """Who a contact became that is no more. The logs keep its id, and a sender may keep its external_id."""

    former_id = models.BigIntegerField(primary_key=True)
    contact_id = models.BigIntegerField(help_text="Who it is now, however many merges later")
    external_id = models.CharField(max_length=255, null=True, help_text="What it was known by, when that is given up")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["external_id"], name="former_contact_external_id")]
        indexes = [models.Index("contact_id", name="former_contact_now")]

    def __str__(self) -> str:
        return f"contact {self.former_id} is contact {self.contact_id}"


class ContactMerge(models.Model):
    """That two were made one, by whom and when (append-only). Holds no value of the person."""

    kept_id = models.BigIntegerField()
    gone_id = models.BigIntegerField()
    actor_id = models.BigIntegerField(null=True)
    taken = models.JSONField(help_text="Names of the fields and attributes that were filled in from the one that went")
    moved = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField()), help_text="How many lists, …"
    )
    merged_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index("kept_id", name="contact_merge_kept")]

    def __str__(self) -> str:
        return f"contact {self.gone_id} into {self.kept_id}"
