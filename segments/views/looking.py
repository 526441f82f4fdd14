"""What the builder of rules asks meanwhile: whom the rule matches, and values to offer. JSON in, JSON out."""

from contextlib import suppress
from dataclasses import asdict
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from config.lib.errors import DomainError, FieldError, Invalid
from config.pages.views import Page, find
from segments.errors import SegmentTooSlow
from segments.explaining import explain
from segments.forms.rules import MAX_RULE, read_rule
from segments.models import Segment
from segments.predicates.base import Catalogue
from segments.selectors.looking import Look, estimate, look
from segments.selectors.segments import PREVIEW_LIMIT
from segments.selectors.suggestions import suggestions
from segments.services.segments import checked_criteria
from segments.trees import names_of
from segments.views.segments import SegmentPage


class Call(SegmentPage):
    """JSON in, JSON out; a refusal says where."""

    def given(self) -> dict[str, Any]:
        """The body. Raises Invalid for what is too long or no JSON object."""
        too_long = FieldError(
            "", _("This rule is too long: keep the people on a list, and name the list."), "too_large"
        )
        if int(self.request.headers.get("Content-Length") or 0) > 2 * MAX_RULE:
            raise Invalid(too_long)
        try:
            found = read_rule(self.request.read().decode("utf-8", "replace"))
        except forms.ValidationError as error:
            raise Invalid(FieldError("", error.messages[0])) from None
        if not isinstance(found, dict):
            raise Invalid(FieldError("", _("This is not a rule.")))
        return found

    def refuse(self, error: DomainError) -> HttpResponse:
        errors = [asdict(one) for one in error.errors] if isinstance(error, Invalid) else []
        return JsonResponse({"detail": error.detail, "code": error.code, "errors": errors}, status=error.status)


class LookAtRule(Call):
    """Whom a rule matches now, and what it says in words. Nothing is kept."""

    needs = {"POST": "segments:read"}

    def post(self, request: HttpRequest) -> HttpResponse:
        given = self.given()
        segment = None
        if public_id := str(given.get("segment") or ""):
            segment = find(Segment.objects.all(), "segment", public_id)
        rule = checked_criteria(given.get("criteria"), segment)
        found = _looked(rule, exactly=given.get("exactly") is True)
        return JsonResponse(
            {"criteria": rule, "sentence": explain(rule), "names": names_of(rule), "look": self._shown(found)}
        )

    def _shown(self, found: Look | None) -> dict[str, Any] | None:
        if found is None:
            return None
        shown = found.sample if self.may("contacts:read") else []
        return {
            "size": found.size, "low": found.low, "high": found.high, "estimated": found.estimated,
            "at": found.at.isoformat(),
            "sample": [{"name": f"{one.first_name} {one.last_name}".strip(),
                        "address": one.email or one.phone or one.external_id or "", "country": one.country}
                       for one in shown],
        }  # fmt: skip


def _looked(rule: Any, *, exactly: bool) -> Look | None:
    """None: it takes too long even for an estimate."""
    try:
        return look(rule, seconds=PREVIEW_LIMIT) if exactly else look(rule)
    except SegmentTooSlow:
        if exactly:
            raise
    with suppress(SegmentTooSlow):
        return estimate(rule)
    return None


class Values(Page):
    """Values to offer for a field while one is typed."""

    needs = {"GET": "segments:read"}

    def get(self, request: HttpRequest) -> HttpResponse:
        field = Catalogue.load().find(request.GET.get("field", "")[:200])
        words = request.GET.get("q", "").replace("\x00", "")[:200].strip()
        of_people = field is not None and field.type.name != "reference"
        if field is None or (of_people and not self.may("contacts:read")):
            return JsonResponse({"values": []})
        return JsonResponse({"values": [asdict(one) for one in suggestions(field, words)]})
