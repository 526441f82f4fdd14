"""Who is who: anonymous visitors, and the people they turned out to be."""

from django.db import models
from django.db.models.functions import Now


class Visitor(models.Model):
    """An anonymous person: one anonymous_id, as one browser or device has.

    The log knows the row number only, so that erasing a person cuts it off for ever.
    """

    key = models.CharField(max_length=255, help_text="The anonymous_id")
    created_at = models.DateTimeField(editable=False, db_default=Now())

    class Meta:
        # not unique=True, which would add a second index
        constraints = [models.UniqueConstraint(fields=["key"], name="visitor_key_once")]

    def __str__(self) -> str:
        return f"visitor {self.pk}"


class IdentityLink(models.Model):
    """From then on, what this visitor does is done by this contact (append-only).

    A visitor's history before its first link belongs to the first, later history to the last one before it.
    Rows are the turns among all events that named both; which is last is by (linked_at, event_id), never by arrival.
    """

    visitor_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()
    linked_at = models.DateTimeField(help_text="When the event that named both happened")
    event_id = models.UUIDField(help_text="That event")
    created_at = models.DateTimeField(editable=False, db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visitor_id", "linked_at", "event_id"], name="identity_link_once"),
        ]
        indexes = [models.Index("contact_id", name="identity_link_contact")]

    def __str__(self) -> str:
        return f"visitor {self.visitor_id} is contact {self.contact_id}"
