"""Trust: a file of addresses to suppress. First what it would do, then doing it; no address of it is kept."""

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from compliance.forms_trust import FileForm
from compliance.models import Reason, Scope, SuppressionFile
from compliance.services.suppression_files import apply, receive
from config.api.auditing import audit
from config.lib import public_ids
from config.lib.errors import DomainError, FieldError, Invalid
from config.pages.forms import FormPage
from config.pages.views import Page, find
from segments.exporting import csv_lines

KIND = "suppression_file"
_SHOWN = 20
_WRITE = "suppressions:write"
_CRUMBS = ((gettext_lazy("Suppressions"), reverse_lazy("trust:suppressions")),)


class Upload(FormPage):
    """Takes the file."""

    needs = {"GET": _WRITE, "POST": _WRITE}
    form_class = FileForm
    template_name = "compliance/import.html"
    title = gettext_lazy("Import suppressions")
    sentence = gettext_lazy("Nothing is suppressed before you have seen what the file would do.")
    crumbs = _CRUMBS
    submit = gettext_lazy("Check the file")

    def save(self, form: Any) -> HttpResponse:
        given = form.cleaned_data
        assert isinstance(self.request.user, User)
        try:
            file = receive(
                given["file"].file, scope=Scope(given["scope"]), scope_id=form.scope_id,
                reason=Reason(given["reason"]), by=self.request.user.pk, at=timezone.now(),
            )  # fmt: skip
        except DomainError as error:
            raise Invalid(FieldError("/file", error.detail)) from None
        audit(self.request, "suppression_file_checked", "suppression", None, file.counts)
        return redirect("trust:import-check", public_ids.encode(KIND, file.pk))


class Check(Page):
    """What the file would do, and the button that does it."""

    needs = {"GET": _WRITE, "POST": _WRITE}
    template_name = "compliance/import_check.html"
    title = gettext_lazy("What the file would do")
    crumbs = (*_CRUMBS, (gettext_lazy("Import"), reverse_lazy("trust:import")))

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        file = _file(public_id)
        new, left_out = file.counts["new"], len(file.problems)
        button = ngettext("Suppress %(n)s address", "Suppress %(n)s addresses", new) % {
            "n": number_format(new, force_grouping=True)
        }
        return self.render(file=file, counts=file.counts, public_id=public_id, button=button, left_out=left_out,
                           problems=file.problems[:_SHOWN])  # fmt: skip

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        file = _file(public_id)
        done = apply(file, by=request.user.pk, at=timezone.now())
        audit(request, "suppressions_imported", "suppression", None, {"new": done.new, "already": done.already})
        words = _("Suppressed: %(new)s. So already: %(already)s. Of the file nothing is kept.")
        numbers = {"new": number_format(done.new, force_grouping=True),
                   "already": number_format(done.already, force_grouping=True)}  # fmt: skip
        return self.done(words % numbers, reverse("trust:suppressions"))


class Discard(Page):
    """Not to be applied: what was read is erased."""

    needs = {"POST": _WRITE}

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        file = _file(public_id)
        audit(request, "suppression_file_discarded", "suppression", None)
        file.delete()
        return self.done(_("Nothing was suppressed, and of the file nothing is kept."), reverse("trust:suppressions"))


class LeftOut(Page):
    """The lines that are left out, by number: their addresses are not here any more."""

    needs = {"GET": _WRITE}

    def get(self, request: HttpRequest, public_id: str) -> HttpResponseBase:
        lines = csv_lines(("line", "why"), _file(public_id).problems)
        disposition = {"Content-Disposition": f'attachment; filename="left-out-{public_id}.csv"'}
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=disposition)


def _file(public_id: str) -> SuppressionFile:
    return find(SuppressionFile.objects.all(), KIND, public_id)
