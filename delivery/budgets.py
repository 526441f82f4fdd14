"""Money on the way to the wire: a group is charged in the transaction of its intent, and what was not taken is given
back in the transaction of its outcome.

So the sum of the charges is at every commit what was sent, what may have been, and what is on the wire, whatever dies
in between; and a budget, one row locked for the few milliseconds of an intent, is never overspent by any number of
workers. Accounts without a price cost nothing here either: not one query.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from delivery import ledger
from delivery.accounts import Account
from delivery.ledger import Claimed, Settlement
from delivery.models import Budget, Charge, Message, SendOrder

_TAKEN = frozenset({Message.State.SENT, Message.State.UNKNOWN})


def begin(
    address_keys: Mapping[int, int], claimed: Sequence[Claimed], account: Account
) -> tuple[dict[int, int], set[int]]:
    """Commit the intent of what can be paid for. The attempt of those that may go on, and the ids of those that cannot.

    `address_keys` by message id. Raises what ledger.begin raises; then nothing is charged.
    """
    if not account.cost:
        return ledger.begin(dict(address_keys), account_id=account.id), set()
    with transaction.atomic():
        wanted = _by_campaign(claimed)
        # always in the same order: two groups of the same campaigns never wait for each other
        paid = {campaign: _reserve(campaign, ids, account.cost) for campaign, ids in sorted(wanted.items())}
        keys = {pk: address_keys[pk] for ids in paid.values() for pk in ids}
        attempts = ledger.begin(keys, account_id=account.id) if keys else {}
        for campaign, ids in paid.items():
            begun = sum(pk in attempts for pk in ids)
            _give_back(campaign, len(ids) - begun, account.cost)
            _write(campaign, account, begun)
    return attempts, {one.id for one in claimed} - keys.keys()


def begin_again(
    address_keys: Mapping[int, int], claimed: Sequence[Claimed], account: Account, *, attempts: dict[int, int]
) -> tuple[dict[int, int], set[int]]:
    """The same when the connection was cut in it: see ledger.begin_again. What that had committed is charged."""
    anew, unpaid = begin(address_keys, claimed, account)
    before = dict(ledger.run("begun", ids=list(attempts), attempts=list(attempts.values())))
    return before | anew, unpaid - before.keys()


def settle(settlements: Sequence[Settlement], claimed: Sequence[Claimed], account: Account) -> set[int]:
    """Write the outcome of begun messages, and give back what was charged for those that were not taken."""
    if not account.cost:
        return ledger.settle(settlements)
    with transaction.atomic():
        held = ledger.settle(settlements)
        untaken = {one.message_id for one in settlements if one.state not in _TAKEN} & held
        for campaign, ids in sorted(_by_campaign([one for one in claimed if one.id in untaken]).items()):
            _give_back(campaign, len(ids), account.cost)
            _write(campaign, account, -len(ids))
    return held


def _by_campaign(claimed: Collection[Claimed]) -> dict[int, list[int]]:
    orders = Counter(one.order_id for one in claimed)
    campaigns = dict(SendOrder.objects.filter(pk__in=orders).values_list("pk", "campaign_id")) if orders else {}
    found: dict[int, list[int]] = defaultdict(list)
    for one in claimed:
        found[campaigns[one.order_id]].append(one.id)
    return found


def _reserve(campaign_id: int, ids: list[int], cost: Decimal) -> list[int]:
    """Those that the budget pays for, all without one. The row stays locked until the intent is committed."""
    budget = Budget.objects.select_for_update().filter(pk=campaign_id).first()
    if budget is None:
        return ids
    affordable = ids[: max(int((budget.amount - budget.charged) // cost), 0)]
    Budget.objects.filter(pk=campaign_id).update(charged=F("charged") + len(affordable) * cost)
    return affordable


def _give_back(campaign_id: int, messages: int, cost: Decimal) -> None:
    # a budget first given while this group was on the wire does not hold its charge: never below nothing
    if messages:
        rest = Greatest(F("charged") - messages * cost, Decimal(0), output_field=Budget._meta.get_field("charged"))  # noqa: SLF001
        Budget.objects.filter(pk=campaign_id).update(charged=rest)


def _write(campaign_id: int, account: Account, messages: int) -> None:
    if messages:
        Charge.objects.create(campaign_id=campaign_id, account_id=account.id, messages=messages, cost_each=account.cost)
