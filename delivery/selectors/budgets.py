"""What campaigns have cost, from the log of charges."""

from collections.abc import Collection
from decimal import Decimal

from django.db.models import DecimalField, ExpressionWrapper, F, Min, Sum

from delivery.models import Budget, Charge, ProviderAccount

_COST = ExpressionWrapper(F("messages") * F("cost_each"), output_field=DecimalField(max_digits=18, decimal_places=6))


def charged(campaign_id: int) -> Decimal:
    """What the campaign has cost, what is on the wire and what is unknown included."""
    return Charge.objects.filter(campaign_id=campaign_id).aggregate(cost=Sum(_COST))["cost"] or Decimal(0)


def exhausted(campaign_ids: Collection[int]) -> set[int]:
    """Those campaigns whose budget does not pay for one message more, at the cheapest account in use."""
    cheapest = ProviderAccount.objects.filter(active=True).aggregate(cost=Min("cost_per_message"))["cost"]
    if not cheapest:
        return set()
    used_up = Budget.objects.filter(pk__in=campaign_ids, amount__lt=F("charged") + cheapest)
    return set(used_up.values_list("pk", flat=True))
