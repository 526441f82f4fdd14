"""What is sent, through what, and what became of it."""

from delivery.models.accounts import Breaker, ProviderAccount
from delivery.models.costs import Budget, Charge
from delivery.models.ledger import DeadLetter, Lane, Message, Purpose, SendOrder, SendTally
from delivery.models.logs import DeliveryEvent
from delivery.models.mailbox_providers import MailboxProvider, MailDomain
from delivery.models.tracking import Agent, Hit, Judgement, Unjudged

__all__ = [
    "Agent", "Breaker", "Budget", "Charge", "DeadLetter", "DeliveryEvent", "Hit", "Judgement", "Lane", "MailDomain",
    "MailboxProvider", "Message", "ProviderAccount", "Purpose", "SendOrder", "SendTally", "Unjudged",
]  # fmt: skip
