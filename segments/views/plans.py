"""What a rule costs, beside the builder: which indexes serve it, and what would make it cheaper, by one click."""

from contextlib import suppress
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from config.api.auditing import audit
from config.lib.errors import NotFound
from config.pages.views import Page, toasted
from segments.errors import InvalidCriteria, SegmentTooSlow
from segments.forms.rules import read_rule
from segments.models import Attribute, EventType
from segments.selectors.costs import Plan, in_words, plan_of
from segments.selectors.remedies import Count, metrics_wanted, remedies
from segments.services.event_types import register_metric
from segments.services.promotions import promote


class RulePlan(Page):
    """The panel for the rule that is being written. Nothing is kept, and only statistics are read."""

    needs = {"POST": "segments:read"}
    template_name = "segments/rule_plan.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        return self.panel()

    def panel(self) -> HttpResponse:
        plan = self.plan()
        found = remedies(self.rule(), plan) if plan else []
        return self.render(
            plan=plan, words=in_words(plan) if plan else [], remedies=found, rule=self.request.POST.get("rule", ""),
            waits=any(one.state in ("waiting", "building") for one in found),
        )  # fmt: skip

    def rule(self) -> Any:
        with suppress(forms.ValidationError):
            return read_rule(self.request.POST.get("rule", ""))
        return None

    def plan(self) -> Plan | None:
        """None: the rule is not whole yet, or so large that planning it takes seconds."""
        with suppress(InvalidCriteria, SegmentTooSlow):
            return plan_of(self.rule())
        return None

    def user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user


class PromoteAttribute(RulePlan):
    """Ask for an index on an attribute."""

    needs = {"POST": "contacts:write"}

    def post(self, request: HttpRequest) -> HttpResponse:
        attribute = Attribute.objects.filter(name=request.POST.get("attribute", "")).first()
        if attribute is None:
            raise NotFound
        with transaction.atomic():
            row = promote(attribute, by=self.user())
            audit(request, "attribute_promoted", "attribute", attribute.pk, {"name": attribute.name})
        return toasted(self.panel(), _("An index on %(name)s is on its way.") % {"name": row.attribute.name})


class RegisterMetric(RulePlan):
    """Count from now on what a condition of this rule asks the log for."""

    needs = {"POST": "event_types:write"}

    def post(self, request: HttpRequest) -> HttpResponse:
        wanted = self._wanted(request.POST.get("metric", ""))
        event_type = EventType.objects.get(name=wanted.event_type)
        with transaction.atomic():
            made = register_metric(
                name=wanted.name, event_type=event_type, filters=list(wanted.filters),
                value_property=wanted.value_property,
            )  # fmt: skip
            audit(request, "metric_registered", "metric", made.pk, {"name": made.name})
        said = _("%(name)s is counted from now on; what was before follows.") % {"name": made.name}
        return toasted(self.panel(), said)

    def _wanted(self, name: str) -> Count:
        with suppress(InvalidCriteria):
            for one in metrics_wanted(self.rule()):
                if one.name == name and not one.state:
                    return one
        raise NotFound
