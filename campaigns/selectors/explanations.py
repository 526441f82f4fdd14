"""Why did this person (not) get this campaign? One answer in words, and what happened in time order."""

from dataclasses import dataclass
from datetime import datetime

from campaigns.models import Campaign, Enrolment, EnrolmentEvent, Run
from campaigns.selectors.reasons import in_words
from delivery.models import DeliveryEvent, Message
from delivery.selectors import ledger
from segments.models import Contact
from segments.selectors import audience

_STATE = Message.State
_ENROLMENT = {
    "entered": "Entered the audience of run {run}.",
    "passed": "Passed a step ({outcome}).",
    "completed": "Reached the end of the journey ({outcome}).",
    "exited": "Left the journey: {outcome}.",
}
_MESSAGE = {
    _STATE.READY: "The message waits to be sent{why}.",
    _STATE.CLAIMED: "The message is about to be sent.",
    _STATE.DISPATCHING: "The message is being handed over now.",
    _STATE.SENT: "Yes: the message was sent on {when}.",
    _STATE.SKIPPED: "No: the message was skipped on {when}{why}.",
    _STATE.FAILED: "No: the message failed on {when}{why}.",
    _STATE.UNKNOWN: "Nobody can know: the message was handed over, but no answer came{why}. It may be sent again.",
    _STATE.CANCELLED: "No: the message was cancelled on {when}{why}.",
}


@dataclass(frozen=True)
class Happening:
    at: datetime
    text: str


@dataclass(frozen=True)
class Explanation:
    """`answer` is one or two sentences; `happenings` are in time order."""

    answer: str
    happenings: list[Happening]


def explain(contact: Contact, campaign: Campaign) -> Explanation:
    """What became of one contact in one campaign, and why."""
    happenings = [*_enrolment_log(contact, campaign), *_delivery_log(contact, campaign)]
    return Explanation(_answer(contact, campaign), sorted(happenings, key=lambda happening: happening.at))


def _answer(contact: Contact, campaign: Campaign) -> str:
    message = ledger.messages_of(contact.pk, campaign.pk).last()
    if message:
        return _about_message(message)
    enrolment = Enrolment.objects.filter(run__campaign=campaign, contact_id=contact.pk).select_related("run").last()
    if enrolment:
        return _about_enrolment(enrolment, campaign)
    return f"{_never_in(contact, campaign)} As things are now, they {_membership(contact, campaign)}."


def _about_message(message: Message) -> str:
    why = f": {in_words(message.reason)}" if message.reason else ""
    return _MESSAGE[_STATE(message.state)].format(when=_when(message.settled_at), why=why)


def _about_enrolment(enrolment: Enrolment, campaign: Campaign) -> str:
    if enrolment.state == Enrolment.State.EXITED:
        return f"No: they were in the audience, but {in_words(enrolment.outcome)} before their message was made."
    if campaign.state == Campaign.State.CANCELLED:
        return "No: they are in the audience, but the campaign was cancelled before their message was made."
    if campaign.state == Campaign.State.PAUSED:
        return "Not yet: they are in the audience, and the campaign is paused."
    if enrolment.run.state == Run.State.FREEZING:
        return "Not yet: they are in the audience, which is still being frozen."
    return "Not yet: they are in the audience, and their message is about to be made."


def _never_in(contact: Contact, campaign: Campaign) -> str:
    run = campaign.runs.order_by("number").last()
    if run is None:
        return f"No: the campaign has not been launched; it is {campaign.state}."
    if run.state == Run.State.FREEZING:
        return "Not yet: the audience is still being frozen, and they are not in it so far."
    if run.frozen_at is None:
        return "No: the campaign was cancelled before its audience was whole, and they were not in it yet."
    if run.audience == 0:
        return f"No: the audience was empty when it was frozen on {_when(run.frozen_at)}."
    if contact.created_at > run.frozen_at:
        return f"No: they became a contact after the audience was frozen on {_when(run.frozen_at)}."
    return f"No: they were not in the audience when it was frozen on {_when(run.frozen_at)}."


def _membership(contact: Contact, campaign: Campaign) -> str:
    """Which segment, list or exclusion decides now: `are in segment VIP, but are excluded by list Staff`."""
    included = _holding(contact, campaign, "segments", "lists")
    if not included:
        return "are in none of its segments and lists"
    excluded = _holding(contact, campaign, "excluded_segments", "excluded_lists")
    if excluded:
        return f"are in {' and '.join(included)}, but are excluded by {' and '.join(excluded)}"
    return f"would be in its audience, by {' and '.join(included)}"


def _holding(contact: Contact, campaign: Campaign, segments: str, lists: str) -> list[str]:
    """The names of the campaign's segments and lists that hold the contact now, each asked of the compiler."""
    asked = [
        *((f"segment {one.name}", audience(segments=[one.pk], lists=[])) for one in getattr(campaign, segments).all()),
        *((f"list {one.name}", audience(segments=[], lists=[one.pk])) for one in getattr(campaign, lists).all()),
    ]
    return [name for name, people in asked if people.filter(pk=contact.pk).exists()]


def _enrolment_log(contact: Contact, campaign: Campaign) -> list[Happening]:
    events = EnrolmentEvent.objects.filter(contact_id=contact.pk, campaign_id=campaign.pk)
    numbers = dict(campaign.runs.values_list("pk", "number"))
    return [
        Happening(e.at, _ENROLMENT[e.kind].format(run=numbers.get(e.run_id, "?"), outcome=in_words(e.outcome)))
        for e in events.order_by("at", "pk")
    ]


def _delivery_log(contact: Contact, campaign: Campaign) -> list[Happening]:
    return [Happening(event.at, _delivery(event)) for event in ledger.history(contact.pk, campaign.pk)]


def _delivery(event: DeliveryEvent) -> str:
    text = f"Message {event.kind}"
    if event.reason:
        text += f": {in_words(event.reason)}"
    return f"{text}. The server said: {event.detail}" if event.detail else f"{text}."


def _when(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d at %H:%M UTC}" if at else "an unknown date"
