"""The page of a campaign: its plan, what it lacks, what can be done to it, its account, and why X (not)."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from campaigns import selectors, services
from campaigns.admin.acts import ACTS, Act, TimeForm, line, offered, perform
from campaigns.admin.deeds import DEEDS, Deed, do
from campaigns.models import Campaign
from campaigns.services.drafts import AUDIENCE_FIELDS, PLAN_FIELDS
from config.lib.addresses import InvalidAddress, normalise_email
from delivery.selectors import dead_letters
from segments.models import Contact

_STATE_FIELDS = (
    "state", "scheduled_local", "scheduled_zone", "scheduled_at", "held_reason",
    "created_by", "created_at", "launched_at", "completed_at", "archived_at",
)  # fmt: skip


@admin.register(Campaign)
class CampaignAdmin(admin.ModelAdmin[Campaign]):
    list_display = ["name", "state", "purpose", "brand", "audience", "sent", "scheduled_at", "launched_at", "is_held"]
    list_filter = ["state", "purpose", "brand", "archived_at"]
    list_select_related = ["brand"]
    list_per_page = 25
    search_fields = ["name", "description"]
    date_hierarchy = "created_at"
    ordering = ["-pk"]
    filter_horizontal = AUDIENCE_FIELDS
    readonly_fields = _STATE_FIELDS
    fieldsets = [
        (None, {"fields": ["name", "description", "purpose", "brand", "sender", "template", "list"]}),
        ("Audience", {"fields": list(AUDIENCE_FIELDS)}),
        ("Limits", {"fields": ["rate_per_minute", "budget", "expires_after_hours", "resend_unknown"]}),
        ("When a schedule is found late", {"fields": ["late_policy", "late_after_minutes"]}),
        ("State", {"fields": list(_STATE_FIELDS)}),
    ]
    change_form_template = "admin/campaigns/campaign/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        return selectors.with_figures(super().get_queryset(request))

    @admin.display(description="audience")
    def audience(self, campaign: Any) -> int:
        return int(campaign.audience)

    @admin.display(description="sent")
    def sent(self, campaign: Any) -> int:
        return int(campaign.sent)

    @admin.display(boolean=True, description="held")
    def is_held(self, campaign: Campaign) -> bool:
        return bool(campaign.held_reason)

    # Who may: a plan is edited as a draft only; what has been launched is never deleted.

    def has_launch_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("campaigns.launch_campaign")

    def has_change_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        editable = obj is None or (obj.state == Campaign.State.DRAFT and not obj.archived_at)
        return editable and super().has_change_permission(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        return super().has_view_permission(request, obj) or super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        unused = obj is None or (obj.state == Campaign.State.DRAFT and not obj.runs.exists())
        return unused and super().has_delete_permission(request, obj)

    # Writing goes through the services.

    def save_model(self, request: HttpRequest, obj: Campaign, form: forms.ModelForm[Campaign], change: bool) -> None:
        plan = {field: form.cleaned_data[field] for field in ("name", *PLAN_FIELDS, *AUDIENCE_FIELDS)}
        by = cast(User, request.user)
        saved = services.edit(obj, by=by, **plan) if change else services.create(by=by, **plan)
        obj.pk, obj._state.adding = saved.pk, False  # noqa: SLF001 (the form made it, the service saved it)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The audience was saved with the rest."""

    # What is beside the form.

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "POST" and "explain" in request.POST:
            # through the session: an address in the query string would stay in histories and logs
            request.session["explain"] = request.POST.get("contact", "").strip()
            return HttpResponseRedirect(f"{request.path}#explain")
        campaign = self.get_object(request, object_id)
        if request.method == "POST" and campaign and (deed := DEEDS.get(request.POST.get("after_all", ""))):
            return self._after_all(request, campaign, deed)
        beside = self._beside(request, campaign) if campaign else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **beside})

    def _after_all(self, request: HttpRequest, campaign: Campaign, deed: Deed) -> HttpResponse:
        if not self.has_launch_permission(request):
            raise PermissionDenied
        level, words = do(deed, campaign, request.POST, by=cast(User, request.user))
        self.message_user(request, words, level)
        return HttpResponseRedirect(f"{request.path}#after-all")

    def _beside(self, request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
        waits = campaign.state in (Campaign.State.DRAFT, Campaign.State.SCHEDULED)
        asked = request.session.pop("explain", "")
        return {
            "acts": [act for act in offered(campaign) if self._may(request, act)],
            "standing": selectors.standing(campaign),
            "waits": waits,
            "problems": selectors.readiness(campaign, by=cast(User, request.user)) if waits else [],
            "account": None if waits else selectors.waterfall(campaign),
            "faults": [] if waits else dead_letters.faults(campaign.pk),
            "unknown": {} if waits else dead_letters.unknown(campaign.pk),
            "may_decide": self.has_launch_permission(request) and campaign.state != Campaign.State.CANCELLED,
            "asked": asked,
            "explanation": _explanation(asked, campaign) if asked else None,
        }

    # Acts: from the list for several, from the page of one for that one; both lead to the same confirmation.

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        mine = {act.name: (_entrance(act), act.name, act.label) for act in ACTS if self._may(request, act)}
        return {**super().get_actions(request), **mine}

    def _may(self, request: HttpRequest, act: Act) -> bool:
        return bool(getattr(self, f"has_{act.permission}_permission")(request))

    def act(self, request: HttpRequest, act: Act, chosen: Sequence[Campaign]) -> HttpResponse | None:
        """The confirmation page, or when it was confirmed, the deed."""
        by = cast(User, request.user)
        confirmed = "confirmed" in request.POST
        time_form = TimeForm(request.POST if confirmed else None) if act.needs_time else None
        if not confirmed or (time_form and not time_form.is_valid()):
            return self._confirmation(request, act, chosen, by, time_form)
        failures = [perform(act, one, by=by, time=time_form.cleaned_data if time_form else {}) for one in chosen]
        for failure in filter(None, failures):
            self.message_user(request, failure, messages.ERROR)
        if done := failures.count(""):
            self.message_user(request, f"{act.label}: done for {done} of {len(chosen)}.", messages.SUCCESS)
        return None

    def _confirmation(
        self, request: HttpRequest, act: Act, chosen: Sequence[Campaign], by: User, time_form: TimeForm | None
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"{act.label}?",
            "opts": self.opts,
            "act": act,
            "lines": [line(campaign, act, by) for campaign in chosen],
            "any_offered": any(act in offered(campaign) for campaign in chosen),
            "time_form": time_form,
        }
        return TemplateResponse(request, "admin/campaigns/campaign/confirm.html", context)


def _entrance(act: Act) -> Any:
    def entrance(page: CampaignAdmin, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        return page.act(request, act, list(queryset))

    return entrance


def _explanation(address: str, campaign: Campaign) -> selectors.Explanation:
    """By address, since that is what a person who complains gives."""
    try:
        contact = Contact.objects.filter(email=normalise_email(address)).first()
    except InvalidAddress as error:
        return selectors.Explanation(error.detail, [])
    if contact is None:
        return selectors.Explanation("There is no contact with this address.", [])
    return selectors.explain(contact, campaign)
