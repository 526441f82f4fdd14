"""Messages of which nobody knows whether they went out: what is heard of them later, and asking for it."""

from collections.abc import Mapping, Sequence

import structlog
from django.conf import settings

from config.lib import public_ids
from config.lib.errors import DomainError, NotFound
from delivery import dispositions, providers
from delivery.accounts import open_secret
from delivery.dispositions import Truth
from delivery.models import Message, ProviderAccount
from delivery.preparing import return_domain
from delivery.providers.base import Outcome

ASKED_AT_ONCE = 100
REFUSED = "refused_later"
_STATES = {Outcome.SENT: Message.State.SENT, Outcome.PERMANENT: Message.State.FAILED}

log = structlog.get_logger(__name__)


def learn(message_id: int, outcome: Outcome, *, reason: str = "", detail: str = "") -> bool:
    """What became of a message, as its provider says: SENT (bounced later or not), or PERMANENT: it never went out.

    Once or often, in any order, before or after our own settlement; true when it changed something. Whatever else an
    event of a provider says is logged by whoever reads it.
    """
    truth = Truth(message_id, _STATES[outcome], reason or (REFUSED if outcome is Outcome.PERMANENT else ""), detail)
    return bool(dispositions.learn([truth]))


def message_of(reference: str) -> int:
    """The message of a metadata id or of a Message-ID, with brackets or without. Raises NotFound."""
    token = reference.strip().strip("<>").partition("@")[0]
    message_id = public_ids.decode("message", token)
    if not Message.objects.filter(pk=message_id).exists():
        raise NotFound
    return message_id


def reconcile() -> int:
    """Ask the providers that can tell about some of their unknown messages; returns how many are known now."""
    found = 0
    for account in ProviderAccount.objects.filter(kind__in=_who_can_tell()):
        rows = dispositions.rows(
            "unknown_of", account=account.pk, hours=settings.SEND_LOOK_UP_HOURS, limit=ASKED_AT_ONCE
        )
        if ids := [row[0] for row in rows]:
            found += len(dispositions.learn(_truths(_ask(account, references(ids)))))
    return found


def references(message_ids: Sequence[int]) -> dict[int, str]:
    """The Message-ID of each, as it was sent (no brackets)."""
    rows = Message.objects.filter(pk__in=message_ids).select_related("order__brand", "order__sender")
    return {
        one.pk: f"{public_ids.encode('message', one.pk)}@{return_domain(one.order.brand, one.order.sender)}"
        for one in rows
    }


def _who_can_tell() -> list[str]:
    return [kind for kind in providers.PROVIDERS.kinds() if providers.PROVIDERS.get(kind).can_look_up]


def _ask(account: ProviderAccount, wanted: Mapping[int, str]) -> Mapping[int, Outcome]:
    try:
        provider = providers.for_account(account.kind, account.config, open_secret(account))
    except DomainError as error:
        log.warning("provider_account_unusable", account=account.pk, error=error.detail)
        return {}
    try:
        return provider.look_up(wanted)
    finally:
        provider.close()


def _truths(outcomes: Mapping[int, Outcome]) -> list[Truth]:
    return [
        Truth(pk, _STATES[outcome], "" if outcome is Outcome.SENT else REFUSED)
        for pk, outcome in outcomes.items()
        if outcome in _STATES
    ]
