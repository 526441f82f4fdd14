"""Who runs the mailboxes we write to, and how much of our mail they take."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class MailboxProvider(models.Model):
    """A group of recipient domains whose mail servers are one (STANDARDS A10.7-8), with the limits they set."""

    slug = models.SlugField(max_length=30, unique=True)
    name = models.CharField(max_length=100)
    domains = ArrayField(models.CharField(max_length=253), default=list, blank=True, help_text="gmail.com, …")
    mx_suffixes = ArrayField(
        models.CharField(max_length=253), default=list, blank=True, help_text="google.com: every domain served there"
    )
    is_default = models.BooleanField(default=False, help_text="For every domain that is nobody else's, each by itself")
    connections = models.PositiveSmallIntegerField(default=10)
    messages_per_connection = models.PositiveIntegerField(default=100)
    rate_per_second = models.FloatField(null=True, blank=True, help_text="For each sending domain; blank: no limit")
    requires_tls = models.BooleanField(default=False)  # told, not enforced: the last hop is the relay's
    slow_for_minutes = models.PositiveSmallIntegerField(default=90, help_text="After a deferral for reputation")
    slowed_until = models.DateTimeField(null=True, blank=True)
    slowed_reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], name="mailbox_provider_default", condition=models.Q(is_default=True)
            )
        ]

    def __str__(self) -> str:
        return self.name


class MailDomain(models.Model):
    """A recipient domain and whose mail servers take its mail, as DNS last said."""

    domain = models.CharField(max_length=253, primary_key=True)
    provider = models.ForeignKey(MailboxProvider, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    mx = models.CharField(max_length=253, blank=True, default="")
    wanted_at = models.DateTimeField(auto_now_add=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    slowed_until = models.DateTimeField(null=True, blank=True, help_text="By itself, when it is nobody's")
    slowed_reason = models.CharField(max_length=300, blank=True, default="", db_default="")

    class Meta:
        indexes = [
            models.Index("checked_at", name="mail_domain_checked"),
            models.Index("slowed_until", name="mail_domain_slowed", condition=models.Q(slowed_until__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.domain
