"""What the review tells before a launch: who gets it, through what, when, and what it costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns import scheduling, selectors
from campaigns.models import Campaign
from campaigns.selectors.plans import EMPTY_AUDIENCE
from campaigns.selectors.reasons import in_words
from campaigns.views.places import clock_words, url_of
from config.lib import public_ids
from config.lib.errors import DomainError, FieldError
from config.pages.charts import Step, Waterfall
from delivery.selectors.ways import Ways, ways
from delivery.throttle.outlook import Slowest, any_limit
from delivery.throttle.outlook import slowest as slowest_of
from segments.selectors import known_fields
from templates import previewing, proofing
from templates.findings import Finding
from templates.previewing import Trial

# What stands against a launch, by the first part of its pointer: the step where it is mended.
_MENDED_AT = {
    "segments": "audience", "lists": "audience", "excluded_segments": "audience", "excluded_lists": "audience",
    "scheduled_local": "schedule", "scheduled_zone": "schedule",
}  # fmt: skip
_WORDS = {  # in the builder one chooses a sender, which has its brand
    ("/brand", "missing"): gettext_lazy("Say who it is from."),
    ("/segments", EMPTY_AUDIENCE): gettext_lazy("Nobody is in this audience now."),
}
TRIED = 50


@dataclass(frozen=True)
class Blocker:
    """What stands against a launch, and where it is mended (blank: by nobody here)."""

    words: str
    url: str
    step: str


@dataclass(frozen=True)
class Pace:
    """How long it takes at most of the limits that are set; None: none is set. `cost` of all of it."""

    ways: Ways
    per_second: float | None
    lasts: timedelta | None
    cost: Decimal
    budget_reaches: int | None  # people, when the budget ends before the audience does
    slowest: Slowest | None = None  # the mailbox provider that takes longer than all else

    @property
    def lasts_words(self) -> str:
        """`2 hours, 10 minutes`."""
        now = timezone.now()
        return timesince(now - (self.lasts or timedelta()), now, depth=2)


@dataclass(frozen=True)
class Clock:
    """A time zone of the audience, how many are in it, and what their clocks show."""

    zone: str
    people: int
    local: datetime


def blockers_of(campaign: Campaign, problems: Sequence[FieldError]) -> list[Blocker]:
    """What `selectors.readiness` found, with the step where each is mended."""
    return [_blocker(campaign, problem) for problem in problems]


def needs_only_approval(problems: Sequence[FieldError]) -> bool:
    """Whether somebody else's yes is all that is missing."""
    return bool(problems) and all(problem.code == selectors.NEEDS_APPROVAL for problem in problems)


def waterfall(found: selectors.Forecast) -> Waterfall:
    """From all in the audience to those who get it."""
    held = [Step(in_words(reason).capitalize(), -number) for reason, number in found.held.items()]
    return Waterfall(
        _("Who gets it, and who is held back"),
        [Step(_("In the audience"), found.audience, total=True), *held, Step(_("Get it"), found.reached, total=True)],
        unit=_("People"),
    )


def pace(campaign: Campaign, people: int) -> Pace:
    """By today's accounts, the campaign's own limit and those of mailbox providers."""
    found = ways(campaign.brand_id)
    own = campaign.rate_per_minute / 60 if campaign.rate_per_minute else None
    rates = [rate for rate in (own, found.per_second) if rate]
    slowest = min(rates, default=None)
    cost = found.cost_each * people
    reaches = None
    if campaign.budget is not None and cost > campaign.budget:
        reaches = int(campaign.budget / found.cost_each)
    lasts = timedelta(seconds=people / slowest) if slowest and found.first else None
    mailboxes = _mailboxes(campaign) if any(way.shapes for way in found.first) else None
    if mailboxes and mailboxes.seconds > (lasts or timedelta()).total_seconds():
        return Pace(found, slowest, timedelta(seconds=mailboxes.seconds), cost, reaches, mailboxes)
    return Pace(found, slowest, lasts, cost, reaches)


def _mailboxes(campaign: Campaign) -> Slowest | None:
    """Nobody is counted while no mailbox provider has a limit; nor when counting takes too long."""
    people, _trouble = softly(selectors.domains, campaign) if any_limit() else (None, "")
    return slowest_of(people) if people else None


def words(campaign: Campaign, people: int) -> dict[str, str]:
    """What the button says, and the question after it: the effect in numbers."""
    number = ngettext("%(n)s person", "%(n)s people", people) % {"n": f"{people:,}"}
    local = clock_words(scheduling.wall_time(campaign.scheduled_local)) if campaign.scheduled_local else ""
    if campaign.scheduled_at:
        send = _("Schedule for %(people)s") % {"people": number}
        then = _("It goes out on %(local)s, %(zone)s. Until then you can take it back.")
        sentence = then % {"local": local, "zone": campaign.scheduled_zone}
    else:
        send = _("Send to %(people)s") % {"people": number}
        sentence = _("It goes out ten seconds after you say so. Within these you can take it back.")
    return {"send_words": send, "confirm_title": f"{send}?", "confirm_sentence": sentence, "local_words": local}


def clocks(campaign: Campaign, at: datetime) -> list[Clock]:
    """What the recipients' clocks show at that time, for the zones most of them are in."""
    found = []
    for name, people in selectors.zones(campaign):
        try:
            found.append(Clock(name, people, at.astimezone(ZoneInfo(name)).replace(tzinfo=None)))
        except (ZoneInfoNotFoundError, ValueError, OSError):  # what somebody imported once
            continue
    return found


def findings(campaign: Campaign) -> list[Finding]:
    """What should be looked at in the message and forbids nothing. Raises TooCostly."""
    if campaign.template is None or campaign.template.current is None:
        return []
    address = campaign.brand.postal_address if campaign.brand else ""
    found = proofing.proof(
        campaign.template.current, purpose=campaign.purpose, brand_postal_address=address, known_fields=known_fields()
    )
    return [finding for finding in found if finding.level != "error"]


def tried(campaign: Campaign) -> Trial | None:
    """Its message made for the first people of the audience, as sending makes it. Raises TooCostly."""
    if campaign.template is None or campaign.template.current is None:
        return None
    people = selectors.audience_of(campaign).exclude(email=None).order_by("pk").values_list("pk", flat=True)[:TRIED]
    return previewing.trial(previewing.of_version(campaign.template.current), list(people)) if people else None


def softly(work: Callable[..., Any], *arguments: Any) -> tuple[Any, str]:
    """(what came of it, what went wrong in words): a review shows the rest all the same."""
    try:
        return work(*arguments), ""
    except DomainError as error:
        return None, error.detail


def _blocker(campaign: Campaign, problem: FieldError) -> Blocker:
    if problem.code == selectors.NEEDS_APPROVAL:
        return Blocker(problem.detail, "", "")
    words = str(_WORDS.get((problem.pointer, problem.code), problem.detail))
    head = problem.pointer.strip("/").split("/")[0]
    if campaign.brand_id and problem.pointer.startswith("/brand/"):
        return Blocker(words, reverse("settings:brand", args=[public_ids.encode("brand", campaign.brand_id)]), "brand")
    if campaign.template_id and head == "template":
        place = public_ids.encode("template", campaign.template_id)
        return Blocker(words, reverse("content:template", args=[place]), "template")
    step = _MENDED_AT.get(head, "content")
    return Blocker(words, url_of(campaign, step), step)
