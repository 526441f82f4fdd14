"""What a campaign may cost."""

from decimal import Decimal

from django.db import transaction

from delivery.models import Budget
from delivery.selectors.budgets import charged


@transaction.atomic
def set_budget(*, campaign_id: int, amount: Decimal | None) -> None:
    """From now on the campaign costs no more than `amount`, in all its runs; None: no limit.

    Less than it has cost already is no error: nothing more goes out.
    """
    if amount is None:
        Budget.objects.filter(pk=campaign_id).delete()
        return
    # the row first, then the sum: what begins meanwhile waits for the row, and is in the sum or charges the row
    budget, _ = Budget.objects.select_for_update().get_or_create(pk=campaign_id, defaults={"amount": amount})
    Budget.objects.filter(pk=budget.pk).update(amount=amount, charged=charged(campaign_id))
