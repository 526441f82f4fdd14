"""The forms of the builder: each holds one part of the plan, and gives it as services take it."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import scheduling
from campaigns.models import Campaign
from compliance.models import Sender
from config.lib.errors import Invalid
from config.pages.forms import PageForm
from delivery.models import Purpose
from segments.models import ContactList, Segment
from templates.models import MessageTemplate

NOW, AT = "now", "at"
_MOST_RATE = 10_000_000
_PURPOSES = [
    (Purpose.MARKETING, gettext_lazy("Marketing: with an unsubscribe link, and only to who has not opted out")),
    (Purpose.TRANSACTIONAL, gettext_lazy("Transactional: about something they did, such as a receipt")),
]
_LATE = [
    ("hold", gettext_lazy("Wait for me to look at it")),
    ("send", gettext_lazy("Go out all the same")),
]


def _typed(mode: str) -> forms.TextInput:
    """For a number: a browser gives nothing for what is none in a field of type number, and nothing means no limit."""
    return forms.TextInput({"inputmode": mode, "autocomplete": "off"})


class NameForm(PageForm):
    """What one calls it; readers never see it."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=255,
        help_text=gettext_lazy("For you and your team. Readers never see it."),
    )


class PlanForm(PageForm):
    """One step of the builder. `values` are what the campaign holds now; `plan` is what services take."""

    @classmethod
    def values(cls, campaign: Campaign) -> dict[str, Any]:
        raise NotImplementedError  # no ABC: a form has a metaclass of its own

    def plan(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


def _ticks(model: Any, label: Any) -> forms.ModelMultipleChoiceField[Any]:
    rows = model.objects.none()
    return forms.ModelMultipleChoiceField(rows, required=False, label=label, widget=forms.CheckboxSelectMultiple)


class AudienceForm(PlanForm):
    """Who gets it, and who does not."""

    lists = _ticks(ContactList, gettext_lazy("Lists"))
    segments = _ticks(Segment, gettext_lazy("Segments"))
    excluded_lists = _ticks(ContactList, gettext_lazy("Lists left out"))
    excluded_segments = _ticks(Segment, gettext_lazy("Segments left out"))

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        for name, field in fields.items():
            chosen = getattr(campaign, name).values("pk")
            rows = field.queryset.model.objects.filter(Q(archived_at=None) | Q(pk__in=chosen))
            field.queryset = rows.order_by("name")

    @classmethod
    def values(cls, campaign: Campaign) -> dict[str, Any]:
        return {name: [one.pk for one in getattr(campaign, name).all()] for name in cls.base_fields}


class ContentForm(PlanForm):
    """What is said, and as whom. Choosing a sender chooses the brand."""

    template = forms.ModelChoiceField(
        MessageTemplate.objects.none(), required=False, label=gettext_lazy("Message template"),
        empty_label=gettext_lazy("Choose a template"),
    )  # fmt: skip
    sender = forms.ModelChoiceField(Sender.objects.none(), required=False, label=gettext_lazy("From"))
    purpose = forms.ChoiceField(label=gettext_lazy("Purpose"), choices=_PURPOSES, widget=forms.RadioSelect)
    list = forms.ModelChoiceField(
        ContactList.objects.none(), required=False, label=gettext_lazy("What its unsubscribe link leaves"),
        empty_label=gettext_lazy("Everything of the brand"),
        help_text=gettext_lazy("A list: readers can leave it and keep getting your other mail."),
    )  # fmt: skip

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        live = Q(archived_at=None)
        fields["template"].queryset = MessageTemplate.objects.filter(live | Q(pk=campaign.template_id)).order_by("name")
        fields["list"].queryset = ContactList.objects.filter(live | Q(pk=campaign.list_id)).order_by("name")
        senders = Sender.objects.filter(Q(archived_at=None, brand__archived_at=None) | Q(pk=campaign.sender_id))
        fields["sender"].queryset = senders.select_related("brand")
        fields["sender"].choices = _by_brand(fields["sender"].queryset)

    @classmethod
    def values(cls, campaign: Campaign) -> dict[str, Any]:
        return {"template": campaign.template_id, "sender": campaign.sender_id, "purpose": campaign.purpose,
                "list": campaign.list_id}  # fmt: skip

    def plan(self) -> dict[str, Any]:
        sender, purpose = self.cleaned_data["sender"], self.cleaned_data["purpose"]
        plan = {**self.cleaned_data, "brand": sender.brand if sender else None}
        # only transactional mail may: left on, it would block the launch with nowhere to switch it off
        return plan if purpose == Purpose.TRANSACTIONAL else {**plan, "resend_unknown": False}


class ScheduleForm(PlanForm):
    """When, how fast, how much, and for how long."""

    when = forms.ChoiceField(
        label=gettext_lazy("When"), widget=forms.RadioSelect,
        choices=[(NOW, gettext_lazy("As soon as I launch it")), (AT, gettext_lazy("At a time"))],
    )  # fmt: skip
    scheduled_local = forms.CharField(
        label=gettext_lazy("Date and time"), required=False, max_length=25,
        widget=forms.DateTimeInput({"type": "datetime-local"}),
    )  # fmt: skip
    scheduled_zone = forms.CharField(
        label=gettext_lazy("Time zone"), required=False, max_length=50,
        widget=forms.TextInput({"list": "zones", "autocomplete": "off"}),
        help_text=gettext_lazy("Everybody gets it at this moment, whatever their own clock shows."),
    )  # fmt: skip
    late_policy = forms.ChoiceField(label=gettext_lazy("If Postrider was down at that time"), choices=_LATE)
    late_after_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes late before that matters"), min_value=1, max_value=10_080, widget=_typed("numeric")
    )
    rate_per_minute = forms.IntegerField(
        label=gettext_lazy("Messages a minute"), required=False, min_value=1, max_value=_MOST_RATE,
        widget=_typed("numeric"), help_text=gettext_lazy("Blank: as fast as the provider accounts take it."),
    )  # fmt: skip
    budget = forms.DecimalField(
        label=gettext_lazy("Budget"), required=False, min_value=0, max_digits=12, decimal_places=2,
        widget=_typed("decimal"), help_text=gettext_lazy("It pauses before it has cost more. Blank: no limit."),
    )  # fmt: skip
    expires_after_hours = forms.IntegerField(
        label=gettext_lazy("Stop after hours"), required=False, min_value=1, max_value=8760, widget=_typed("numeric"),
        help_text=gettext_lazy("What has not gone out so long after the launch never does. Blank: no limit."),
    )  # fmt: skip

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    @classmethod
    def values(cls, campaign: Campaign) -> dict[str, Any]:
        plain = ("scheduled_local", "scheduled_zone", "late_policy", "late_after_minutes", "rate_per_minute", "budget",
                 "expires_after_hours")  # fmt: skip
        given = {name: getattr(campaign, name) for name in plain}
        return {**given, "scheduled_local": campaign.scheduled_local[:16], "when": AT if campaign.scheduled_at else NOW}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        given["scheduled_at"] = self._instant(given) if given.get("when") == AT else None
        return given

    def plan(self) -> dict[str, Any]:
        given = {name: value for name, value in self.cleaned_data.items() if name != "when"}
        if given["scheduled_at"] is None:
            return {**given, "scheduled_local": "", "scheduled_zone": ""}
        return {**given, "scheduled_local": scheduling.wall_time(given["scheduled_local"]).isoformat()}

    def _instant(self, given: dict[str, Any]) -> Any:
        for name in ("scheduled_local", "scheduled_zone"):
            if not given.get(name) and name not in self.errors:
                self.add_error(name, _("Say when: with a date, a time and a time zone."))
        if self.errors:
            return None
        try:
            due = scheduling.instant(
                scheduling.wall_time(given["scheduled_local"]), scheduling.zone(given["scheduled_zone"])
            )
        except Invalid as error:
            for one in error.errors:
                self.add_error(one.pointer.strip("/"), one.detail)
            return None
        except OverflowError:
            self.add_error("scheduled_local", _("Choose a date of our time."))
            return None
        if due <= timezone.now():
            self.add_error("scheduled_local", _("That is past: choose a later time, or launch it now."))
        return due


class WhoForm(PageForm):
    """Whom a question is about."""

    contact = forms.CharField(
        label=gettext_lazy("Address"), max_length=320, widget=forms.TextInput({"autocomplete": "off"})
    )


class LimitsForm(PageForm):
    """What may change under way."""

    rate_per_minute = forms.IntegerField(
        label=gettext_lazy("Messages a minute"),
        required=False,
        min_value=1,
        max_value=_MOST_RATE,
        widget=_typed("numeric"),
    )
    budget = forms.DecimalField(
        label=gettext_lazy("Budget"),
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
        widget=_typed("decimal"),
    )


def zone_names() -> list[str]:
    """The zones one may mean: Europe/Berlin, not the old names."""
    return sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))


def _by_brand(senders: QuerySet[Sender]) -> list[Any]:
    groups: dict[str, list[Any]] = {}
    for sender in senders.order_by("brand__name", "from_name"):
        groups.setdefault(sender.brand.name, []).append((sender.pk, str(sender)))
    blank: Iterable[Any] = [("", _("Choose who it is from"))]
    return [*blank, *groups.items()]
