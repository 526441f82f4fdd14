"""What sending costs: every charge is a line of an append-only log, and a budget is the sum that it may come to."""

from django.db import models
from django.db.models.functions import Now


class Charge(models.Model):
    """What one group of a campaign's messages was charged when it was begun, at the price of then (append-only table).

    `messages` is negative where some of them were not taken after all. What is unknown stays charged.
    """

    at = models.DateTimeField(db_default=Now())
    campaign_id = models.BigIntegerField()
    account_id = models.BigIntegerField()
    messages = models.IntegerField()
    cost_each = models.DecimalField(max_digits=12, decimal_places=6, help_text="In the currency of the deployment")

    class Meta:
        indexes = [models.Index("campaign_id", name="charge_campaign")]

    def __str__(self) -> str:
        return f"{self.messages} × {self.cost_each} for campaign {self.campaign_id}"


class Budget(models.Model):
    """What a campaign may cost. `charged` is the sum of its charges, kept here so that one row guards the limit."""

    campaign_id = models.BigIntegerField(primary_key=True)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    charged = models.DecimalField(max_digits=18, decimal_places=6, default=0, db_default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(charged__gte=0), name="budget_charged_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.charged} of {self.amount} for campaign {self.campaign_id}"
