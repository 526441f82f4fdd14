"""What an opt-out does to the ledger (OPT_OUT_EFFECTS)."""

from datetime import timedelta

from django.conf import settings

from compliance.effects import OptOut, OptOutEffect
from compliance.models import Reason
from compliance.rules.suppression import BLOCKS_TRANSACTIONAL
from delivery import ledger
from delivery.models import DeliveryEvent

_SLACK_S = 10
_EVENT = {Reason.UNSUBSCRIBED: DeliveryEvent.Kind.UNSUBSCRIBED, Reason.COMPLAINED: DeliveryEvent.Kind.COMPLAINED}


class SkipWaiting(OptOutEffect):
    """Everything that waits for the address in the scope is skipped; what is on the wire is waited for."""

    kind = "skip_waiting"

    def apply(self, opt_out: OptOut) -> None:
        ledger.count(
            "skip_waiting",
            address_keys=opt_out.address_keys,
            channel=opt_out.channel,
            scope=opt_out.scope,
            scope_id=opt_out.scope_id,
            reason=opt_out.reason,
            transactional=opt_out.reason in BLOCKS_TRANSACTIONAL,
        )
        event = _EVENT.get(opt_out.reason)
        if event and opt_out.is_new and opt_out.message_id:
            ledger.count("log_unsubscribed", kind=event, message=opt_out.message_id, reason=opt_out.scope)

    def in_flight(self, opt_out: OptOut) -> bool:
        if opt_out.is_under_current_key:
            return bool(ledger.run("in_flight", address_keys=opt_out.address_keys, channel=opt_out.channel)[0][0])
        # It may be any of those whose intent came before our commit, a moment after `at`.
        until = opt_out.at + timedelta(seconds=settings.SEND_LEASE_S + _SLACK_S)
        return bool(ledger.run("any_in_flight", until=until, channel=opt_out.channel)[0][0])
