"""Where messages are handed over, and what its end takes."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from compliance.models import Brand
from delivery.models.ledger import Lane


class ProviderAccount(models.Model):
    """Where mail is handed over: a provider kind with its settings, for which lanes and brands, and at what price."""

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=20, help_text="smtp, …")
    channel = models.CharField(max_length=10, default="email")
    config = models.JSONField(default=dict, blank=True, help_text="Host, port, security, user; the password is sealed")
    sealed_secret = models.TextField(blank=True, default="", editable=False)
    priority = models.PositiveSmallIntegerField(default=100, help_text="The lowest that works is used")
    weight = models.PositiveSmallIntegerField(default=1, help_text="Its share among accounts of the same priority")
    lanes = ArrayField(
        models.CharField(max_length=15, choices=Lane), default=list, blank=True, help_text="None: every lane"
    )
    brands = models.ManyToManyField(Brand, blank=True, related_name="+", help_text="None: every brand")
    rate_per_second = models.FloatField(null=True, blank=True, help_text="Messages a second; blank: no limit")
    shaping = models.BooleanField(
        null=True, blank=True, help_text="Keep to the limits of mailbox providers; unknown: as its kind does"
    )
    cost_per_message = models.DecimalField(
        max_digits=12, decimal_places=6, default=0, help_text="In the currency of the deployment"
    )
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Breaker(models.Model):
    """Whether an account is used: shared by all workers. An open breaker lets one group through when its time comes."""

    class State(models.TextChoices):
        CLOSED = "closed"  # it works
        OPEN = "open"  # it does not: nothing goes through it until `retry_at`
        HALF_OPEN = "half_open"  # one worker tries

    account = models.OneToOneField(ProviderAccount, primary_key=True, on_delete=models.CASCADE, related_name="breaker")
    state = models.CharField(max_length=9, choices=State, default=State.CLOSED, db_default=State.CLOSED)
    failures = models.PositiveIntegerField(default=0, db_default=0, help_text="In a row")
    reason = models.CharField(max_length=300, blank=True, default="", db_default="", help_text="No address")
    changed_at = models.DateTimeField(db_default=Now())
    retry_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.account_id} {self.state}"
