"""The batch recipe: from due rows of the ledger to the wire and back (DESIGN 3, "Send").

1. claim a batch   2. load what it needs, one query a kind, and choose its provider account
then in groups: 3. throttle   4. render and assemble   5. commit the intent   6. gate in a fresh read   7. dispatch
8. settle, and learn from the answers.

Nothing is dispatched whose intent is not committed, nothing whose gate was not read after that commit, and
nothing is begun after the group's own deadline. A worker that dies anywhere leaves rows that the sweep
gives back (claimed) or calls unknown (dispatching). Both sides of the race are told in STANDARDS B3.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import DataError, InterfaceError, OperationalError, connection
from django.utils import timezone

from compliance.gate import Action, Candidate, Verdict, decide
from compliance.models import Reason, Scope
from compliance.services.suppressions import suppress
from config.lib.bench import Stopwatch
from delivery import accounts, budgets, ledger, meters, throttle
from delivery.accounts import Account
from delivery.ledger import Claimed, Settlement
from delivery.models import DeliveryEvent, Message
from delivery.outcomes import settlement
from delivery.preparing import Loaded, Prepared, load_batch, prepare
from delivery.providers.base import Outcome, Receipt
from delivery.retrying import unreachable_until

BATCH = 300
GROUP = 100  # each costs two commits to the disk, whatever its size; all of it may become unknown

stages = Stopwatch()  # of this process, for `bench send`; two clock readings a stage and group
log = structlog.get_logger(__name__)
T = TypeVar("T")


def work_lane(lane: str, *, seconds: float, channel: str = "email", look_again_s: float | None = None) -> bool:
    """Send what is due in a lane for about `seconds`; true when more may be due.

    Ends when nothing is due, but with `look_again_s` looks again after each such pause.
    """
    end, more = time.monotonic() + seconds, True
    while time.monotonic() < end:
        with stages.stage("claim"):
            claimed = ledger.claim(lane, channel, limit=BATCH)
        soon = throttle.linger()
        more = bool(claimed or soon)
        if claimed:
            _work(claimed, lane, channel)
        elif pause := look_again_s or soon:
            time.sleep(pause)
        else:
            return False
    return more


def _work(claimed: Sequence[Claimed], lane: str, channel: str) -> None:
    routes = accounts.routes(channel, lane)
    by_account: dict[int, tuple[Account, list[Loaded]]] = {}
    homeless: list[Claimed] = []
    unbegun: list[Settlement] = []
    for one in load_batch(claimed, at=timezone.now()):
        if isinstance(one, Settlement):
            unbegun.append(one)
        elif account := routes.choose(brand_id=one.desk.order.brand_id, message_id=one.claimed.id):
            by_account.setdefault(account.id, (account, []))[1].append(one)
        else:
            homeless.append(one.claimed)
    ledger.settle_unbegun(unbegun)
    _put_back(homeless, "no_provider")
    # with a slow provider the rest of a batch goes back in time: a claim that runs out counts as a worker's death
    stop_at = min(one.lease_ends for one in claimed) - settings.SEND_LEASE_S / 6
    for account, loaded in by_account.values():
        for start in range(0, len(loaded), GROUP):
            group = loaded[start : start + GROUP]
            if accounts.rests(account):
                _put_back([one.claimed for one in group], "no_provider")
            elif time.monotonic() < stop_at:
                _work_group(group, account)
            else:
                ledger.settle_unbegun([_at_once(one.claimed) for one in group])


def _work_group(loaded: Sequence[Loaded], account: Account) -> None:
    """Throttle, render, send. Tokens are taken right before the group goes, so that what was granted is used."""
    with stages.stage("throttle"):
        demands = {one.claimed.id: one.demand() for one in loaded}
        admission = throttle.admit(list(demands.values()), account, at=timezone.now())
    try:
        _work_admitted(loaded, demands, admission, account)
    finally:
        admission.close()


def _work_admitted(
    loaded: Sequence[Loaded], demands: Mapping[int, throttle.Demand], admission: throttle.Admission, account: Account
) -> None:
    waits = admission.waits
    with stages.stage("render"):
        at = timezone.now()
        made = list(prepare([one for one in loaded if one.claimed.id not in waits], at=at))
    ledger.settle_unbegun(
        [_wait(one.claimed, waits[one.claimed.id]) for one in loaded if one.claimed.id in waits]
        + [one for one in made if isinstance(one, Settlement)]
    )
    ready = [one.shaped(admission.shapes.get(one.claimed.id)) for one in made if isinstance(one, Prepared)]
    if ready:
        receipts = _send_group(ready, account)
        at = timezone.now()
        gated, seconds = len(ready) - len(receipts), max(time.monotonic() - ready[0].claimed.claimed_at, 0)
        meters.handed_over(loaded[0].desk.order.lane, account.id, receipts, gated=gated, seconds=seconds)
        _tell(loaded, receipts, account)
        throttle.observe([demands[receipt.message_id] for receipt in receipts], receipts, account, at=at)
        accounts.report(account, receipts, at=at)


def _tell(loaded: Sequence[Loaded], receipts: Sequence[Receipt], account: Account) -> None:
    """A line for each message that was begun and not taken; never the server's words, which may hold an address."""
    campaigns = {one.claimed.id: one.desk.order.campaign_id for one in loaded}
    for receipt in receipts:
        if receipt.outcome not in (Outcome.SENT, Outcome.NOT_BEGUN):
            log.info(
                "message_not_sent", message=receipt.message_id, campaign=campaigns[receipt.message_id],
                account=account.id, outcome=receipt.outcome, category=receipt.category, code=receipt.code,
            )  # fmt: skip


def _wait(claimed: Claimed, wait: throttle.Wait) -> Settlement:
    return Settlement(claimed.id, claimed.attempt, Message.State.READY, reason=wait.reason, due_at=wait.until)


def _at_once(claimed: Claimed) -> Settlement:
    return Settlement(claimed.id, claimed.attempt, Message.State.READY)


def _put_back(claimed: Sequence[Claimed], reason: str) -> None:
    """Nothing can be sent for now: look again in a while, and say why they wait."""
    at = timezone.now()
    ledger.settle_unbegun(
        [
            Settlement(
                c.id, c.attempt, Message.State.READY, reason=reason,
                due_at=unreachable_until(message_id=c.id, at=at),
            )
            for c in claimed
        ]
    )  # fmt: skip


def _send_group(group: Sequence[Prepared], account: Account) -> Sequence[Receipt]:
    # taken before the intent, on a clock that nobody sets: shorter than the lease that the intent gives
    begin_before = time.monotonic() + settings.SEND_BEGIN_WINDOW_S
    with stages.stage("intent"):
        attempts, unpaid = _begin(group, account, begin_before)
        _put_back([p.claimed for p in group if p.claimed.id in unpaid], "budget_spent")
    begun = {p.claimed.id: p for p in group if p.claimed.id in attempts}
    with stages.stage("gate"):
        verdicts = _gate(begun, begin_before)
    with stages.stage("wire"):
        receipts = _dispatch(begun, verdicts, account, begin_before)
    with stages.stage("settle"):
        _settle(begun, attempts, verdicts or {}, receipts, account)
    return receipts


def _begin(group: Sequence[Prepared], account: Account, begin_before: float) -> tuple[dict[int, int], set[int]]:
    """Commit the intent of what can be paid for, and which cannot.

    When the connection is cut in it nobody knows whether it was: asked again, we do.
    """
    claimed = [p.claimed for p in group]
    keys = {p.claimed.id: p.candidate.addresses[0].key for p in group}
    try:
        return budgets.begin(keys, claimed, account)
    except (OperationalError, InterfaceError):
        connection.close()
    attempts = {p.claimed.id: p.claimed.attempt + 1 for p in group}
    sure_until = min(begin_before, *(p.claimed.lease_ends for p in group))
    again = _until(sure_until, lambda: budgets.begin_again(keys, claimed, account, attempts=attempts))
    return again or ({}, set())


def _gate(begun: dict[int, Prepared], begin_before: float) -> dict[int, Verdict] | None:
    """The verdicts; None when there were none to be had: then nothing of the group is sent."""
    candidates = [prepared.candidate for prepared in begun.values()]
    try:
        return _until(begin_before, lambda: decide(candidates, at=timezone.now()))
    except Exception:  # a rule with a fault: nothing was handed over yet, so nothing needs to become unknown
        log.exception("gate_failed", messages=len(candidates))
        return None


def _dispatch(
    begun: dict[int, Prepared], verdicts: dict[int, Verdict] | None, account: Account, begin_before: float
) -> Sequence[Receipt]:
    if verdicts is None:  # no gate, no mail
        return [Receipt(message_id, Outcome.NOT_BEGUN) for message_id in begun]
    allowed = [p.envelope for message_id, p in begun.items() if message_id not in verdicts]
    if not allowed:
        return []
    try:
        return account.provider.send(allowed, begin_before=begin_before)
    except Exception:  # a provider with a fault: what it had done nobody knows
        log.exception("provider_failed", messages=len(allowed))
        return [Receipt(envelope.message_id, Outcome.UNKNOWN) for envelope in allowed]


def _settle(
    begun: dict[int, Prepared], attempts: dict[int, int], verdicts: dict[int, Verdict], receipts: Sequence[Receipt],
    account: Account,
) -> None:  # fmt: skip
    at = timezone.now()
    # before the outcome is written: dying in between repeats it instead of forgetting it (STANDARDS B3.6)
    for receipt in receipts:
        if receipt.outcome is Outcome.PERMANENT and receipt.category == "address_permanent":
            _suppress_bounced(begun[receipt.message_id].candidate, at=at)
    outcomes = [_blocked(verdict, message_id, attempts[message_id]) for message_id, verdict in verdicts.items()]
    outcomes += [
        settlement(receipt, begun[receipt.message_id].claimed, attempt=attempts[receipt.message_id], at=at)
        for receipt in receipts
    ]
    deadline, claimed = time.monotonic() + settings.SEND_LEASE_S, [p.claimed for p in begun.values()]
    try:
        _until(deadline, lambda: budgets.settle(outcomes, claimed, account))
    except DataError:  # one row's words that Postgres cannot hold: the outcomes count for more than the words
        log.exception("settled_without_details")
        plain = [replace(outcome, detail="") for outcome in outcomes]
        _until(deadline, lambda: budgets.settle(plain, claimed, account))


def _blocked(verdict: Verdict, message_id: int, attempt: int) -> Settlement:
    if verdict.action is Action.HOLD:
        return Settlement(message_id, attempt, Message.State.READY, reason=verdict.reason)
    if verdict.action is Action.CANCEL:
        return Settlement(message_id, attempt, Message.State.CANCELLED, DeliveryEvent.Kind.CANCELLED, verdict.reason)
    return Settlement(message_id, attempt, Message.State.SKIPPED, DeliveryEvent.Kind.SKIPPED, verdict.reason)


def _suppress_bounced(candidate: Candidate, *, at: datetime) -> None:
    """Only an address that does not exist is suppressed, and at once, globally (STANDARDS A8.1)."""
    _until(
        time.monotonic() + settings.SEND_BEGIN_WINDOW_S,
        lambda: suppress(
            addresses=candidate.addresses, scope=Scope.GLOBAL, scope_id=0, reason=Reason.BOUNCED, source="smtp",
            at=at, contact_id=candidate.contact_id, message_id=candidate.message_id, wait=False,
        ),
    )  # fmt: skip


def _until(deadline: float, work: Callable[[], T]) -> T | None:
    """Do it, over a new connection when the database cut the old one; None when it stayed away until the deadline.

    Each piece of work here may run twice: the gate only reads, settling holds for a row once.
    """
    pause = 0.05
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() + pause > deadline:
                log.warning("database_away", error=type(error).__name__)
                return None
            connection.close()
            time.sleep(pause)
            pause = min(pause * 2, 2.0)
