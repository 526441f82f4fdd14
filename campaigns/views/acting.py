"""What can be done to a campaign from its page: each act is a POST of its own, confirmed with its effect in numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_stubs_ext import StrOrPromise

from campaigns import services, states
from campaigns.forms import LimitsForm
from campaigns.models import Campaign
from campaigns.services.after_all import Done, Note
from campaigns.views.places import author, one, url_of
from config.api.auditing import audit, difference
from config.lib.errors import Conflict, NotFound
from config.pages.views import Page, came_from
from delivery.dispositions import Choice, Unknowns


@dataclass(frozen=True)
class Act:
    """One move of a campaign; `said` is the toast after it."""

    need: str
    participle: str
    run: Callable[[Campaign, Any], object]
    said: StrOrPromise
    move: states.Move | None = None


ACTS: dict[str, Act] = {
    "pause": Act("campaigns:launch", "paused", lambda one, by: services.pause(one, by=by),
                 gettext_lazy("Paused. Nothing more is begun; nobody is lost."), states.PAUSE),
    "resume": Act("campaigns:launch", "resumed", lambda one, by: services.resume(one, by=by),
                  gettext_lazy("It goes on where it stood."), states.RESUME),
    "cancel": Act("campaigns:launch", "cancelled", lambda one, by: services.cancel(one, by=by),
                  gettext_lazy("Cancelled. Nothing more is begun."), states.CANCEL),
    "unschedule": Act("campaigns:launch", "unscheduled", lambda one, by: services.unschedule(one, by=by),
                      gettext_lazy("It is a draft again. Nothing goes out."), states.UNSCHEDULE),
    "release": Act("campaigns:launch", "launched", lambda one, by: services.release(one, by=by, at=timezone.now()),
                   gettext_lazy("It goes out now.")),
    "archive": Act("campaigns:write", "archived", lambda one, by: services.archive(one, by=by, at=timezone.now()),
                   gettext_lazy("Archived. Its figures stay."), states.ARCHIVE),
}  # fmt: skip
_AGAIN = {"pause": "resume"}  # what takes an act back, where the world allows it


class Do(Page):
    """One act on one campaign."""

    needs = {"POST": ("campaigns:launch", "campaigns:write")}

    def post(self, request: HttpRequest, public_id: str, act: str) -> HttpResponse:
        """Raises IllegalMove."""
        known = ACTS.get(act)
        if known is None:
            raise NotFound
        if not self.may(known.need):
            raise Conflict(_("Your role does not allow that."))
        campaign = one(public_id)
        before = campaign.state
        with transaction.atomic():
            known.run(campaign, author(request))
            audit(
                request, f"campaign_{known.participle}", "campaign", campaign.pk, {"status": [before, campaign.state]}
            )
        undo = url_of(campaign, "do", _AGAIN[act]) if act in _AGAIN else ""
        return self.done(known.said, url_of(campaign), undo=undo)


class Clone(Page):
    """A new draft with the same plan."""

    needs = {"POST": "campaigns:write"}

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        with transaction.atomic():
            copy = services.clone(one(public_id), by=author(request))
            audit(request, "campaign_created", "campaign", copy.pk)
        return self.done(_("This is the copy. Nothing goes out before you launch it."), url_of(copy, "audience"))


class Adjust(Page):
    """How fast it goes and what it may cost, under way."""

    needs = {"POST": "campaigns:launch"}

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        """Raises Invalid, IllegalMove."""
        campaign, form = one(public_id), LimitsForm(request.POST)
        if not form.is_valid():
            found = [f"{form.fields[name].label}: {error}" for name, errors in form.errors.items() for error in errors]
            raise Conflict(" ".join(found))
        limits = form.cleaned_data
        before = {name: str(getattr(campaign, name)) for name in limits}
        with transaction.atomic():
            services.adjust(campaign, by=author(request), **limits)
            after = {name: str(value) for name, value in limits.items()}
            audit(request, "campaign_adjusted", "campaign", campaign.pk, difference(before, after))
        return self.done(_("The new limits hold from now on."), url_of(campaign))


class AfterAll(Page):
    """What ended badly: sent after all, dropped, or marked as sent."""

    needs = {"POST": "campaigns:launch"}

    def post(self, request: HttpRequest, public_id: str, deed: str) -> HttpResponse:
        """Raises IllegalMove when the campaign was cancelled."""
        campaign, by = one(public_id), author(request)
        letters = Choice(campaign.pk, reason=request.POST.get("reason", "")[:60],
                         fingerprint=request.POST.get("fingerprint", "")[:16])  # fmt: skip
        unknowns = Unknowns(campaign.pk)
        deeds: dict[str, tuple[str, Callable[[Note], Done]]] = {
            "replay": ("dead_letters_replayed", lambda note: services.replay(campaign, letters, by=by, note=note)),
            "drop": ("dead_letters_dropped", lambda note: services.drop(letters, by=by, note=note)),
            "send-again": (
                "unknown_sent_again",
                lambda note: services.send_again(campaign, unknowns, by=by, note=note),
            ),
            "mark-sent": ("unknown_marked_sent", lambda note: services.mark_sent(unknowns, note=note)),
        }
        if deed not in deeds:
            raise NotFound
        action, run = deeds[deed]
        done = run(lambda count: audit(request, action, "campaign", campaign.pk, {"messages": count}))
        words = ngettext("Done for %(n)s message.", "Done for %(n)s messages.", done.count) % {"n": f"{done.count:,}"}
        more = " " + _("There are more: do it again.") if done.more else ""
        return self.done(words + more, came_from(request) or url_of(campaign, "problems"))
