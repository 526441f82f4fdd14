"""What operators decide about messages that ended badly, on the page of their campaign and in the list of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.models import User

from campaigns import services
from campaigns.models import Campaign
from campaigns.services.after_all import Done, Note
from compliance.services.audit import record
from config.lib.errors import Conflict, DomainError
from delivery.dispositions import Choice, Unknowns


@dataclass(frozen=True)
class Deed:
    """`run` takes the campaign, what the form says, who decides, and what writes it down."""

    action: str
    run: Callable[[Campaign, Mapping[str, str], User, Note], Done]


def replay(campaign: Campaign, given: Mapping[str, str], by: User, note: Note) -> Done:
    return services.replay(campaign, _letters(campaign, given), by=by, note=note)


def drop(campaign: Campaign, given: Mapping[str, str], by: User, note: Note) -> Done:
    return services.drop(_letters(campaign, given), by=by, note=note)


def send_again(campaign: Campaign, given: Mapping[str, str], by: User, note: Note) -> Done:
    if not given.get("may_arrive_twice"):
        raise Conflict("Say that you know that some will get it twice.")
    return services.send_again(campaign, Unknowns(campaign.pk), by=by, note=note)


def mark_sent(campaign: Campaign, given: Mapping[str, str], by: User, note: Note) -> Done:
    return services.mark_sent(Unknowns(campaign.pk), note=note)


DEEDS = {
    "replay": Deed("dead_letters_replayed", replay),
    "drop": Deed("dead_letters_dropped", drop),
    "send_again": Deed("unknown_sent_again", send_again),
    "mark_sent": Deed("unknown_marked_sent", mark_sent),
}


def do(deed: Deed, campaign: Campaign, given: Mapping[str, str], *, by: User) -> tuple[int, str]:
    """Do it; returns the level and the words of the message that says so."""
    try:
        done = deed.run(campaign, given, by, audited(deed.action, campaign, by))
    except DomainError as error:
        return messages.ERROR, error.detail
    rest = " There are more: do it again." if done.more else ""
    return messages.SUCCESS, f"Done for {done.count:,} messages.{rest}"


def audited(action: str, campaign: Campaign, by: User) -> Note:
    """What writes down each chunk in its transaction."""
    return lambda count: record(
        actor_id=by.pk, action=action, object_kind="campaign", object_id=campaign.pk,
        changes={"messages": count, "through": "admin"},
    )  # fmt: skip


def _letters(campaign: Campaign, given: Mapping[str, str]) -> Choice:
    return Choice(campaign.pk, reason=given.get("reason", ""), fingerprint=given.get("fingerprint", ""))
