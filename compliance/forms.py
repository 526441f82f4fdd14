"""Forms of Settings."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.roles import ROLES
from config.api.scopes import SCOPES
from config.pages.forms import PageForm

_AS = [("program", gettext_lazy("A program of its own, with a role")), ("me", gettext_lazy("Me"))]


class KeyForm(PageForm):
    """What a new key is for."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=100, help_text=gettext_lazy("The program that will use it.")
    )
    acts_as = forms.ChoiceField(
        label=gettext_lazy("It acts as"), choices=_AS, initial="program", widget=forms.RadioSelect
    )
    roles = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Role of the program"), queryset=Group.objects.filter(name__in=ROLES).order_by("name"),
        required=False, widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"), choices=[(scope, scope) for scope in SCOPES], widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Never more than whom it acts as may."),
    )  # fmt: skip
    expires_at = forms.DateTimeField(
        label=gettext_lazy("Ends at"), required=False, widget=forms.DateTimeInput({"type": "datetime-local"}),
        help_text=gettext_lazy("UTC. Blank: it does not end by itself."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("acts_as") == "program" and not given.get("roles"):
            self.add_error("roles", _("Without a role it may nothing: choose one."))
        if (ends := given.get("expires_at")) and ends <= timezone.now():
            self.add_error("expires_at", _("That is past: choose a later time, or none."))
        return given
