"""The history of a template: its versions, what changed between two of them, and the way back."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.api.auditing import audit
from config.pages.views import Page, find
from templates import diffing, selectors, services
from templates.models import MessageTemplate, TemplateVersion
from templates.views.templates import tabs_of, url_of

_SHOWN = 100


class History(Page):
    """Versions beside what changed from one to another: `?old=3&new=5`, else the last step."""

    needs = {"GET": "templates:read"}
    template_name = "templates/history.html"
    crumbs = ((gettext_lazy("Templates"), reverse_lazy("content:templates")),)

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        template = find(MessageTemplate.objects.select_related("current"), "template", public_id)
        self.title, self.tabs = template.name, tabs_of(template, "history")
        versions = list(selectors.history(template).select_related("created_by").prefetch_related("contents")[:_SHOWN])
        if not versions:
            return self.render(template=template, versions=[])
        new = self._asked(versions, "new") or versions[0]
        old = self._asked(versions, "old") or _before(versions, new)
        return self.render(
            template=template, versions=versions, old=old, new=new, number=template.current and template.current.number,
            differences=diffing.compare(selectors.drafts(old), selectors.drafts(new)) if old else [],
            policies=_policies(old, new) if old else [], visual=request.GET.get("as") == "message",
            old_mail=url_of(template, "version-mail", old.number) if old else "",
            new_mail=url_of(template, "version-mail", new.number),
        )  # fmt: skip

    def _asked(self, versions: list[TemplateVersion], name: str) -> TemplateVersion | None:
        given = self.request.GET.get(name, "")
        return next((one for one in versions if str(one.number) == given), None)


def _before(versions: list[TemplateVersion], new: TemplateVersion) -> TemplateVersion | None:
    return next((one for one in versions if one.number < new.number), None)


def _policies(old: TemplateVersion, new: TemplateVersion) -> list[tuple[Any, Any, Any]]:
    """(what, before, after) of what is not text."""
    names = {
        "default_language": _("Default language"),
        "missing_policy": _("When a value is missing"),
        "fallbacks": _("Fallbacks"),
        "block_versions": _("Shared blocks"),
    }
    return [
        (words, getattr(old, name), getattr(new, name))
        for name, words in names.items()
        if getattr(old, name) != getattr(new, name)
    ]


class RollBack(Page):
    """A new version with the contents of an old one."""

    needs = {"POST": "templates:write"}

    def post(self, request: HttpRequest, public_id: str, number: int) -> HttpResponse:
        template = find(MessageTemplate.objects.all(), "template", public_id)
        assert isinstance(request.user, User)
        with transaction.atomic():
            made = services.roll_back(template, number, by=request.user)
            audit(request, "template_rolled_back", "template", template.pk, {"to": number, "version": made.number})
        said = _("Version %(new)d has the contents of version %(old)d.") % {"new": made.number, "old": number}
        return self.done(said, url_of(template, "history"))
