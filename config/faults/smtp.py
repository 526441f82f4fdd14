"""Mail servers that misbehave, each towards some of the audience (delivery/sink/script.py)."""

from collections.abc import Mapping, Sequence
from typing import Any

from compliance.models import Suppression
from config.faults.base import Fault
from config.faults.stage import Stage
from config.faults.sums import Sums
from delivery.models import DeliveryEvent, Purpose
from delivery.sink import Misbehaviour


class _Server(Fault):
    """The script is the fault: nothing else goes wrong."""

    celery = False

    def disturb(self, stage: Stage) -> dict[str, Any]:
        return {}


class GoodServer(_Server):
    """nothing goes wrong (to compare with)"""

    kind = "smtp-250"

    def also_broken(self, sums: Sums, told: Mapping[str, Any]) -> Sequence[str]:
        return () if sums.states["sent"] == len(sums.accepted) == sums.audience else ("not everybody got it",)


class ComeLater(_Server):
    """Every 20th is told 421 and cut off, every 20th 450, twice each"""

    kind = "smtp-4xx"
    script = (
        Misbehaviour("RCPT", "421 4.3.2 shutting down", drop=True, every=20, times=2),
        Misbehaviour("RCPT", "450 4.2.1 mailbox is busy", every=20, times=2),
    )

    def also_broken(self, sums: Sums, told: Mapping[str, Any]) -> Sequence[str]:
        return () if len(sums.accepted) == sums.audience else ("some were given up that only had to wait",)


class Refused(_Server):
    """Every 40th does not exist (550 5.1.1), every 40th is refused for our sake (550 5.7.515)"""

    kind = "smtp-550"
    script = (
        Misbehaviour("RCPT", "550 5.1.1 no such user", every=40, times=99),
        Misbehaviour("DOT", "550 5.7.515 Access denied, sending domain does not meet the required level", every=40),
    )

    def disturb(self, stage: Stage) -> dict[str, Any]:
        return {}

    def run(self, stage: Stage, people: int) -> dict[str, Any]:
        told = super().run(stage, people)
        events = DeliveryEvent.objects.filter(campaign_id=stage.campaign.pk)
        bounced = events.filter(reason="address_permanent").values("message_id").distinct().count()
        rejected = events.filter(reason="sender_policy").values("message_id").distinct().count()
        suppressed = Suppression.objects.count()
        broken = [] if suppressed == bounced else [f"{suppressed} suppressed, of whom {bounced} do not exist"]
        if not (bounced and rejected):
            broken.append("nobody was refused: that was no fault")
        return {**told, "rejected": rejected, "suppressed": suppressed, "broken": [*told["broken"], *broken]}


class Dropped(_Server):
    """The server hangs up: every 40th before DATA, every 40th in the middle of it, once each"""

    kind = "smtp-drop"
    script = (Misbehaviour("DATA", drop=True, every=40), Misbehaviour("BODY", drop=True, every=40))


class AcceptedThenDropped(_Server):
    """The server takes every 40th and hangs up after its 250, every 40th before it"""

    kind = "smtp-250-drop"
    script = (
        Misbehaviour("DOT", "250 2.0.0 Ok", drop=True, every=40),
        Misbehaviour("DOT", drop=True, every=40),
    )


class SlowAnswer(_Server):
    """The server takes every 200th and answers after our patience, every 20th a second late"""

    kind = "smtp-slow"
    script = (
        Misbehaviour("DOT", delay_ms=9_000, every=200),
        Misbehaviour("DOT", delay_ms=1_000, every=20),
    )


class Garbage(_Server):
    """Every 40th is answered with bytes that are no SMTP, before the message or after it"""

    kind = "smtp-garbage"
    script = (
        Misbehaviour("RCPT", "\x00\xfe\xff what is that", every=40),
        Misbehaviour("DOT", "200\x00-\xff\xff", every=40, drop=True),
    )


class AcceptedThenDroppedTransactional(_Server):
    """The same as smtp-250-drop to transactional mail that rather comes twice than never"""

    kind = "smtp-250-drop-transactional"
    purpose = Purpose.TRANSACTIONAL
    script = AcceptedThenDropped.script
