"""The quarantine: events that were not let in, in groups, and what is done about a group."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_stubs_ext import StrOrPromise

from config.api.auditing import audit
from config.lib.errors import NotFound
from config.pages.views import Page
from segments.errors import NotRepairable
from segments.events.describing import differences
from segments.models import QuarantinedEvent, WriteKey
from segments.selectors import quarantine
from segments.selectors.quarantine import Group
from segments.services import repairs
from segments.services.quarantine import NEVER_JSON
from segments.views.catalogue import tabs

_SHOWN = 10
_OF_PROPERTY = {
    "unknown_property": gettext_lazy("The property “%(name)s” is not registered"),
    "missing_property": gettext_lazy("The property “%(name)s” is missing"),
    "wrong_type": gettext_lazy("The property “%(name)s” is of another type"),
    "invalid_value": gettext_lazy("The property “%(name)s” breaks a limit"),
}
_WORDS = {
    "unknown_type": gettext_lazy("The event type is not registered"),
    "unknown_field": gettext_lazy("“%(name)s” is no field of an event"),
    "missing_field": gettext_lazy("“%(name)s” is missing: nobody did it"),
    "wrong_type": gettext_lazy("“%(name)s” is of another type than it must be"),
    "unknown": gettext_lazy("The attribute “%(name)s” is not registered"),
    "identity_conflict": gettext_lazy("It is about two different people"),
    "malformed": gettext_lazy("It is no JSON in UTF-8"),
    "too_large": gettext_lazy("It is too large"),
    "too_deep": gettext_lazy("It is nested too deeply"),
    "invalid_id": gettext_lazy("“%(name)s” is no id"),
    "invalid_time": gettext_lazy("“%(name)s” is no time"),
    "out_of_range": gettext_lazy("“%(name)s” is before the year 2000 or more than a day ahead"),
    "invalid_text": gettext_lazy("“%(name)s” holds a character that nothing can store"),
}
_REMEDIES = {
    "unknown": gettext_lazy("Register the attribute, then judge them again."),
    "identity_conflict": gettext_lazy("Look at the two contacts and merge them if they are one, then judge again."),
}


class Quarantine(Page):
    """What waits, in groups of the same reason."""

    needs = {"GET": "events:read"}
    template_name = "segments/quarantine.html"
    title = gettext_lazy("Quarantine")
    sentence = gettext_lazy("Events that were not let in. Nothing is lost: let them in, or drop them.")

    def get(self, request: HttpRequest) -> HttpResponse:
        self.tabs = tabs(self, "quarantine")
        found = quarantine.groups()
        busy = sum(one.busy for one in found)
        rows = [(one, in_words(one.code, one.pointer), remedy(one.code, one.pointer), url_of(one)) for one in found]
        return self.render("segments/quarantine_groups.html" if self.htmx else "", rows=rows, busy=busy)


class OneGroup(Page):
    """What letting a group in would change, then doing it, or dropping what they said."""

    needs = {"GET": "events:read", "POST": "event_types:write"}
    template_name = "segments/quarantine_group.html"
    crumbs = ((gettext_lazy("Quarantine"), reverse_lazy("audience:quarantine")),)

    def get(self, request: HttpRequest) -> HttpResponse:
        group = self.group()
        self.title, self.sentence = str(in_words(group.code, group.pointer)), group.event_type
        rows = list(self.members().defer("sealed").order_by("-pk")[:_SHOWN])
        keys = dict(WriteKey.objects.filter(pk__in={one.write_key_id for one in rows}).values_list("pk", "name"))
        proposal = self.proposal(group)
        return self.render(
            group=group, rows=[(one, keys.get(one.write_key_id or 0, "")) for one in rows], proposal=proposal,
            changes=list(differences(proposal.before, proposal.after)) if proposal else (),
            can_replay=group.code not in NEVER_JSON, remedy=remedy(group.code, group.pointer),
        )  # fmt: skip

    def post(self, request: HttpRequest) -> HttpResponse:
        """`do`: accept, replay or drop. Raises NotRepairable."""
        group, verb = self.group(), request.POST.get("do", "")
        if verb not in ("accept", "replay", "drop"):
            raise NotFound
        assert isinstance(request.user, User)
        with transaction.atomic():
            if verb == "accept":
                repairs.accept_group(self.members(), by=request.user)
            else:
                repairs.ask(self.members(), QuarantinedEvent.Asked(verb), by=request.user)
            said = {
                "event_type": group.event_type,
                "code": group.code,
                "pointer": group.pointer,
                "number": group.number,
            }
            audit(request, f"quarantine_{verb}", "quarantined_event", None, said)
        settled = repairs.carry_out_asked(at=timezone.now(), seconds=1)  # the rest is left to workers
        return self.done(_said(verb, settled, quarantine.members(*self.key()).count()), reverse("audience:quarantine"))

    def key(self) -> tuple[str, str, str]:
        asked = self.request.GET
        event_type, code, pointer = (asked.get(name, "").replace("\x00", "") for name in ("type", "code", "at"))
        return event_type, code, pointer

    def members(self) -> Any:
        return quarantine.members(*self.key())

    def group(self) -> Group:
        """Raises NotFound for one in which nothing waits any more."""
        event_type, code, pointer = self.key()
        found = [one for one in quarantine.groups(event_type) if (one.code, one.pointer) == (code, pointer)]
        if not found:
            raise NotFound
        return found[0]

    def proposal(self, group: Group) -> repairs.Proposal | None:
        try:
            return repairs.proposal(self.members())
        except NotRepairable:
            return None


def in_words(code: str, pointer: str) -> StrOrPromise:
    """What is wrong, in a sentence that names the place."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    of_property = parts[:1] == ["properties"] and len(parts) > 1
    words = (_OF_PROPERTY if of_property else _WORDS).get(code) or _WORDS.get(code)
    name = ".".join(parts[1:] if of_property or parts[:1] == ["traits"] else parts)
    return str(words) % {"name": name} if words else f"{code.replace('_', ' ').capitalize()}: {pointer}"


def remedy(code: str, pointer: str) -> StrOrPromise:
    """What one can do about it."""
    if repairs.is_acceptable(code, pointer):
        return _("Accept it: such events are let in from now on.")
    return _REMEDIES.get(code) or _("Its sender has to mend it and send it again: drop it here.")


def url_of(group: Group) -> str:
    """The page of a group."""
    asked = {"type": group.event_type, "code": group.code, "at": group.pointer}
    return f"{reverse('audience:quarantine-group')}?{urlencode(asked)}"


def _said(verb: str, settled: int, left: int) -> str:
    if verb == "drop":
        text = ngettext("%(n)d event is dropped.", "%(n)d events are dropped.", settled)
    else:
        text = ngettext("%(n)d event is let in.", "%(n)d events are let in.", settled)
    rest = ngettext("%(n)d more is being looked at.", "%(n)d more are being looked at.", left)
    return f"{text % {'n': settled}} {rest % {'n': left}}" if left else text % {"n": settled}
