"""Delivery: what ended badly over all campaigns, and what a person decides about it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns import services
from campaigns.models import Campaign
from campaigns.selectors.reasons import in_words
from campaigns.services.after_all import Done, Note
from config.api.auditing import audit
from config.lib import public_ids
from config.lib.errors import DomainError, NotFound
from config.pages.filters import Choice as Among
from config.pages.filters import Filter, Rows
from config.pages.lists import Bulk, Column, Empty, ListPage
from config.pages.views import Page, find
from delivery.dispositions import Choice, Unknowns
from delivery.models import DeadLetter
from delivery.selectors import dead_letters, sending
from delivery.views_sending import tabs
from segments.models import Contact

READ, DECIDE = "messages:read", "campaigns:launch"
_MOST = 20_000  # dead letters taken up by one act on the list


@dataclass(frozen=True)
class Unsure:
    """The unknown messages of one campaign."""

    public_id: str
    name: str
    url: str
    messages: int
    reasons: list[tuple[str, int]]


class UnknownMessages(Page):
    """By campaign: count them as sent, or send to the rest."""

    needs = {"GET": READ}
    template_name = "campaigns/unknowns.html"
    title = gettext_lazy("Unknown messages")
    sentence = gettext_lazy("They were handed over whole, and no answer came: each may have arrived, or not.")

    def get(self, request: HttpRequest) -> HttpResponse:
        found = dead_letters.unknown_by_campaign()
        names = _names(found)
        unsure = [_unsure(pk, names.get(pk, ""), reasons) for pk, reasons in found.items()]
        self.tabs = tabs("unknowns", unknowns=sum(one.messages for one in unsure), letters=sending.open_dead_letters())
        return self.render(unsure=sorted(unsure, key=lambda one: -one.messages), at=timezone.now())


def _unsure(pk: int, name: str, reasons: Mapping[str, int]) -> Unsure:
    words = [(in_words(reason), n) for reason, n in reasons.items()]
    return Unsure(public_ids.encode("campaign", pk), name or _("A test"), _page_of(pk), sum(reasons.values()), words)


class Decide(Page):
    """What a person decides about all unknown messages of a campaign, or about its dead letters of one cause."""

    needs = {"POST": DECIDE}

    def post(self, request: HttpRequest, public_id: str, deed: str) -> HttpResponse:
        """Raises IllegalMove when the campaign was cancelled, NotFound for what cannot be done."""
        campaign = find(Campaign.objects.all(), "campaign", public_id)
        if deed in _OF_UNKNOWNS:
            action, run = _OF_UNKNOWNS[deed]
            done = run(campaign, Unknowns(campaign.pk), _author(request), _note(request, action, campaign))
            return self.done(_said(done), reverse("sending:unknowns"))
        if deed not in _OF_LETTERS:
            raise NotFound
        fault = {name: request.POST.get(name, "")[:60] for name in ("reason", "fingerprint")}
        done = _with_letters(request, deed, campaign, Choice(campaign.pk, None, **fault), fault)
        return self.done(_said(done), reverse("sending:dead-letters"))


class _OfCampaign(Filter):
    widget = "none"  # chosen by a link

    def narrow(self, rows: Rows, value: str) -> Rows:
        pk = _campaign_of(value)
        return rows if pk is None else rows.filter(campaign_id=pk)

    def words(self, value: str) -> str:
        pk = _campaign_of(value)
        return _names([pk]).get(pk, "") if pk is not None else ""


class _OfReason(Filter):
    widget = "none"

    def narrow(self, rows: Rows, value: str) -> Rows:
        return rows.filter(reason=value[:60])

    def words(self, value: str) -> str:
        return in_words(value[:60])


_DEALT_WITH = [("replayed", gettext_lazy("Replayed")), ("dropped", gettext_lazy("Dropped"))]


class DeadLetters(ListPage):
    """Grouped by their cause, and one by one."""

    needs = {"GET": READ, "POST": DECIDE}
    template_name = "campaigns/dead_letters.html"
    name, kind = "dead-letters", "dead_letter"
    noun = (gettext_lazy("dead letter"), gettext_lazy("dead letters"))
    title = gettext_lazy("Dead letters")
    sentence = gettext_lazy(
        "Messages that failed because of a fault of ours or of a provider. Replayed ones go out after all."
    )
    columns = (
        Column("email", gettext_lazy("To"), lambda row: row.email or _("Nobody any more")),
        Column("campaign", gettext_lazy("Campaign"), lambda row: row.campaign),
        Column(
            "reason", gettext_lazy("Why"), lambda row: in_words(row.reason).capitalize(), under=lambda row: row.error
        ),
        Column("attempts", gettext_lazy("Attempts"), kind="number"),
        Column("at", gettext_lazy("Given up"), kind="ago"),
        Column(
            "resolution",
            gettext_lazy("Dealt with"),
            lambda row: str(dict(_DEALT_WITH).get(row.resolution, "–")),
            shown=False,
        ),
    )
    filters = (
        Among("state", gettext_lazy("Not dealt with"), _DEALT_WITH, lambda rows, value: rows),
        _OfCampaign("campaign", gettext_lazy("Campaign")),
        _OfReason("reason", gettext_lazy("Why")),
    )
    bulk = (
        Bulk("replay", gettext_lazy("Replay"), DECIDE,
             gettext_lazy("They go out after all. Who has unsubscribed meanwhile gets nothing.")),
        Bulk("drop", gettext_lazy("Drop"), DECIDE,
             gettext_lazy("They stay failed and leave this list. This cannot be taken back."), dangerous=True),
    )  # fmt: skip
    empty = Empty(
        gettext_lazy("No dead letters"),
        gettext_lazy("Nothing was given up. What fails for good appears here, with its cause."),
        icon="check",
    )

    def rows(self) -> QuerySet[DeadLetter]:
        state = self.request.GET.get("state", "")
        rows = DeadLetter.objects.filter(resolution=state if state in dict(_DEALT_WITH) else "")
        campaigns = Campaign.objects.filter(pk=OuterRef("campaign_id")).values("name")[:1]
        contacts = Contact.objects.filter(pk=OuterRef("contact_id")).values("email")[:1]
        return rows.annotate(campaign=Subquery(campaigns), email=Subquery(contacts))

    def context(self, rows: list[Any]) -> dict[str, Any]:
        asked = self.request.GET
        groups = [] if asked.get("state") else dead_letters.groups(
            campaign_id=_campaign_of(asked.get("campaign", "")), reason=asked.get("reason", "")[:60]
        )  # fmt: skip
        self.tabs = tabs("dead-letters", unknowns=sending.unknowns(), letters=sending.open_dead_letters())
        names = _names(group.campaign_id for group in groups)
        return {"groups": [(group, public_ids.encode("campaign", group.campaign_id), names.get(group.campaign_id, ""),
                            in_words(group.reason).capitalize()) for group in groups]}  # fmt: skip

    def bulk_replay(self, rows: QuerySet[DeadLetter]) -> str:
        return self._each("replay", rows)

    def bulk_drop(self, rows: QuerySet[DeadLetter]) -> str:
        return self._each("drop", rows)

    def _each(self, deed: str, rows: QuerySet[DeadLetter]) -> str:
        """Campaign by campaign; one that was cancelled does not keep the others back."""
        chosen: dict[int, list[int]] = defaultdict(list)
        for campaign_id, pk in rows.filter(resolution="").order_by("pk").values_list("campaign_id", "pk")[:_MOST]:
            chosen[campaign_id].append(pk)
        count, refused = 0, []
        for campaign in Campaign.objects.filter(pk__in=chosen):
            try:
                choice = Choice(campaign.pk, chosen[campaign.pk])
                count += _with_letters(self.request, deed, campaign, choice, {}).count
            except DomainError as error:
                refused.append(f"{campaign.name}: {error.detail}")
        return " ".join([_said(Done(count, more=False)), *refused])


def _with_letters(request: HttpRequest, deed: str, campaign: Campaign, choice: Choice, told: Mapping[str, str]) -> Done:
    action, run = _OF_LETTERS[deed]
    chosen = {name: value for name, value in told.items() if value}
    return run(campaign, choice, _author(request), _note(request, action, campaign, chosen))


_Act = tuple[str, Callable[[Campaign, Any, User | None, Note], Done]]
_OF_UNKNOWNS: dict[str, _Act] = {
    "send-again": (
        "unknown_sent_again",
        lambda one, which, by, note: services.send_again(one, which, by=by, note=note),
    ),
    "mark-sent": ("unknown_marked_sent", lambda one, which, by, note: services.mark_sent(which, note=note)),
}
_OF_LETTERS: dict[str, _Act] = {
    "replay": ("dead_letters_replayed", lambda one, which, by, note: services.replay(one, which, by=by, note=note)),
    "drop": ("dead_letters_dropped", lambda one, which, by, note: services.drop(which, by=by, note=note)),
}


def _note(request: HttpRequest, action: str, campaign: Campaign, chosen: Mapping[str, str] | None = None) -> Note:
    return lambda count: audit(request, action, "campaign", campaign.pk, {"messages": count, **(chosen or {})})


def _author(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _said(done: Done) -> str:
    words = ngettext("Done for %(n)s message.", "Done for %(n)s messages.", done.count) % {"n": f"{done.count:,}"}
    return f"{words} {_('There are more: do it again.')}" if done.more else words


def _names(campaigns: Iterable[int]) -> dict[int, str]:
    return dict(Campaign.objects.filter(pk__in=set(campaigns)).values_list("pk", "name"))


def _campaign_of(public_id: str) -> int | None:
    try:
        return public_ids.decode("campaign", public_id)
    except NotFound:
        return None


def _page_of(campaign_id: int) -> str:
    try:
        return reverse("campaigns:campaign", args=[public_ids.encode("campaign", campaign_id)])
    except NoReverseMatch:
        return ""
