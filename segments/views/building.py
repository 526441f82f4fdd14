"""The builder of rules: a form over a name and a rule. What it asks while somebody writes is in looking.py."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from config.api.auditing import audit, difference
from config.api.endpoints import etag
from config.api.errors import under
from config.lib import public_ids
from config.lib.errors import FieldError, Invalid
from config.pages.forms import FormPage, tell
from config.pages.views import find
from segments.errors import InvalidCriteria, SegmentArchived, SegmentChanged
from segments.forms.rules import MAX_RULE, SegmentForm, read_rule
from segments.models import Segment
from segments.selectors.vocabulary import vocabulary
from segments.services.segments import create_segment, edit_segment, save_criteria
from segments.trees import MAX_DEPTH, MAX_LEAVES, names_of
from segments.views.segments import CRUMBS, url_of

_NOTHING: dict[str, Any] = {"logic": "AND", "conditions": []}


class Builder(FormPage):
    """What new and edited segments share."""

    form_class = SegmentForm
    template_name = "segments/segment_form.html"
    crumbs: Sequence[tuple[StrOrPromise, StrOrPromise]] = CRUMBS
    segment: Segment | None = None
    marks: tuple[FieldError, ...] = ()
    meanwhile = ""

    def show(self, form: Any, status: int = 200) -> HttpResponse:
        rule = self._rule_of(form)
        config = {
            "vocabulary": vocabulary(),
            "names": names_of(rule),
            "marks": [asdict(one) for one in self.marks],
            "draft": f"segment:{public_ids.encode('segment', self.segment.pk) if self.segment else 'new'}",
            "segment": public_ids.encode("segment", self.segment.pk) if self.segment else "",
            "base": form["base"].value() or "",
            "fresh": not form.is_bound,
            "limits": {"depth": MAX_DEPTH, "leaves": MAX_LEAVES, "characters": MAX_RULE},
            "urls": {"look": reverse("segments:look"), "values": reverse("segments:values")},
            "people": self.may("contacts:read"),
        }
        return self.render(form=form, config=config, meanwhile=self.meanwhile, conflict=status == 409, status=status)

    def _rule_of(self, form: Any) -> Any:
        with suppress(forms.ValidationError):
            return read_rule(form["criteria"].value() or "")
        return None

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.form(data=request.POST, **self.form_kwargs())
        if not form.is_valid():
            return self.show(form, status=422)
        try:
            with transaction.atomic():
                return self.save(form)
        except SegmentChanged as error:
            return self.changed_meanwhile(form, error)
        except Invalid as error:
            return self.refused(form, error)
        except SegmentArchived as error:
            tell(form, error)
            return self.show(form, status=422)

    def refused(self, form: Any, error: Invalid) -> HttpResponse:
        """What is wrong with the rule is marked at its condition; the rest stands beside its field."""
        at = "/criteria"
        self.marks = tuple(FieldError(one.pointer.removeprefix(at), one.detail, one.code)
                           for one in error.errors if one.pointer.startswith(at))  # fmt: skip
        for one in error.errors:
            if not one.pointer.startswith(at):
                tell(form, Invalid(one))
        if self.marks:
            form.add_error("criteria", _("Not everything in the rule can be used: see the marks in it."))
        return self.show(form, status=422)

    def changed_meanwhile(self, form: Any, error: SegmentChanged) -> HttpResponse:
        raise NotImplementedError

    def user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user


class NewSegment(Builder):
    """A new one; `?from=` begins with the rule of another."""

    needs = {"GET": "segments:write", "POST": "segments:write"}
    title = gettext_lazy("New segment")
    sentence = gettext_lazy("Say who belongs to it. How many people that is stands beside it while you write.")
    submit = gettext_lazy("Make the segment")

    def form_kwargs(self) -> dict[str, Any]:
        start: dict[str, Any] = {"criteria": _written(_NOTHING)}
        if other := self.request.GET.get("from", ""):
            model = find(Segment.objects.select_related("current"), "segment", other)
            start["name"] = _("%(name)s (copy)") % {"name": model.name[:240]}
            start["criteria"] = _written(model.current.criteria if model.current else _NOTHING)
        return {"initial": start}

    def save(self, form: Any) -> HttpResponse:
        given = form.cleaned_data
        with under("/criteria", InvalidCriteria):
            made = create_segment(
                name=given["name"], description=given["description"], criteria=given["criteria"], note=given["note"],
                by=self.user(),
            )  # fmt: skip
        audit(self.request, "segment_created", "segment", made.pk, {"name": ["", made.name]})
        return self.done(_("%(name)s is made.") % {"name": made.name}, url_of(made))


class EditSegment(Builder):
    """Another rule makes a new version. What somebody else saved meanwhile is told, never overwritten."""

    needs = {"GET": "segments:write", "POST": "segments:write"}
    submit = gettext_lazy("Save")

    def form_kwargs(self) -> dict[str, Any]:
        segment = find(Segment.objects.select_related("current__created_by"), "segment", self.kwargs["public_id"])
        self.segment, self.title = segment, segment.name
        self.crumbs = (*CRUMBS, (segment.name, url_of(segment)))
        rule = segment.current.criteria if segment.current else _NOTHING
        return {"initial": {"name": segment.name, "description": segment.description, "criteria": _written(rule),
                            "base": etag(segment)}}  # fmt: skip

    def save(self, form: Any) -> HttpResponse:
        given = form.cleaned_data
        rows = Segment.objects.select_related("current").select_for_update(of=("self",))
        segment = find(rows, "segment", self.kwargs["public_id"])
        if given["base"] != etag(segment):
            raise SegmentChanged
        before = _facts(segment)
        if (given["name"].strip(), given["description"].strip()) != (segment.name, segment.description):
            edit_segment(segment, name=given["name"], description=given["description"], dynamic=segment.dynamic)
        with under("/criteria", InvalidCriteria):
            version = save_criteria(segment, given["criteria"], by=self.user(), note=given["note"])
        after = {**_facts(segment), "version": version.number}
        audit(self.request, "segment_changed", "segment", segment.pk, difference(before, after))
        said = (
            _("Version %(n)d is saved.") if before["version"] != version.number else _("Saved. The rule is the same.")
        )
        return self.done(said % {"n": version.number}, url_of(segment))

    def changed_meanwhile(self, form: Any, error: SegmentChanged) -> HttpResponse:
        """What was typed stays; sending it once more, knowingly, puts it on top as the next version."""
        assert self.segment
        form.data = form.data.copy()
        form.data["base"] = etag(self.segment)
        current = self.segment.current
        self.meanwhile = str(current.created_by or "") if current else ""
        return self.show(form, status=409)


def _facts(segment: Segment) -> dict[str, Any]:
    number = segment.current.number if segment.current else None
    return {"name": segment.name, "description": segment.description, "version": number}


def _written(rule: Any) -> str:
    return json.dumps(rule, indent=2, ensure_ascii=False)
