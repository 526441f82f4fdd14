"""Lists: kept by hand, by import or by a form."""

from django.db import models
from django.db.models.functions import Now

from segments.models.contact import Contact


class ContactList(models.Model):
    """A list people are put on and can leave; an unsubscribe may be from just this list."""

    name = models.CharField(max_length=200, unique=True)
    public_name = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="As people see it who leave it; blank: the name",
    )
    description = models.CharField(max_length=255, blank=True, default="")
    is_seed = models.BooleanField("seed list", default=False, help_text="Its people may be sent tests")
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "list"

    def __str__(self) -> str:
        return self.name

    @property
    def shown_name(self) -> str:
        """What it is called on public pages."""
        return self.public_name or self.name


class ListMembership(models.Model):
    """One contact on one list."""

    list = models.ForeignKey(ContactList, on_delete=models.PROTECT, related_name="memberships")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="list_memberships")
    added_at = models.DateTimeField(editable=False, db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["list", "contact"], name="list_membership_once")]
