"""The form of a provider account: what all have, and a field for each setting of its kind."""

from dataclasses import MISSING, Field, fields
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.models import Brand
from config.lib.errors import DomainError, FieldError, Invalid
from config.pages.forms import PageForm, dress
from delivery import providers
from delivery.models import Lane, ProviderAccount

SETTING = "config-"
_FIRST = {"port", "security", "username"}  # shown at once, beside those without a default
_TYPES: dict[str, type[forms.Field]] = {
    "int": forms.IntegerField,
    "float": forms.FloatField,
    "bool": forms.BooleanField,
}
_CHOICES = {"security": [("none", "none"), ("starttls", "starttls"), ("tls", "tls")]}


class AccountForm(PageForm):
    """`kind` decides which settings there are; `row` is the account as it stands, if it does."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    priority = forms.IntegerField(
        label=gettext_lazy("Order"), min_value=0, max_value=32767, initial=100,
        help_text=gettext_lazy("The lowest that works is used."),
    )  # fmt: skip
    weight = forms.IntegerField(
        label=gettext_lazy("Share"), min_value=1, max_value=32767, initial=1,
        help_text=gettext_lazy("Among accounts of the same order."),
    )  # fmt: skip
    lanes = forms.MultipleChoiceField(
        label=gettext_lazy("Lanes"), choices=Lane.choices, required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None: every lane."),
    )  # fmt: skip
    brands = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Brands"), queryset=Brand.objects.filter(archived_at=None).order_by("name"), required=False,
        widget=forms.CheckboxSelectMultiple, help_text=gettext_lazy("None: every brand."),
    )  # fmt: skip
    rate_per_second = forms.FloatField(
        label=gettext_lazy("Messages a second"), min_value=0.001, required=False,
        help_text=gettext_lazy("At most. Blank: no limit."),
    )  # fmt: skip
    cost_per_message = forms.DecimalField(
        label=gettext_lazy("Cost of a message"), min_value=0, max_digits=12, decimal_places=6, initial=0
    )
    active = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)

    def __init__(self, *args: Any, kind: str, row: ProviderAccount | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.settings = fields(providers.PROVIDERS.get(kind).Config)
        for name, field in self._setting_fields(row).items():
            field.widget.attrs["autocomplete"] = "off"
            dress(field)
            self.fields[name] = field

    def _setting_fields(self, row: ProviderAccount | None) -> dict[str, forms.Field]:
        shown = [one for one in self.settings if not one.metadata.get("secret")]
        made = {f"{SETTING}{one.name}": _field(one) for one in shown}
        if len(shown) < len(self.settings):
            there = _("Stored sealed, never shown. Blank: the one there is.")
            made["secret"] = forms.CharField(
                label=_("Password or key"), max_length=2000, strip=False, widget=forms.PasswordInput,
                required=row is None and any(_is_required(one) for one in self.settings if one.metadata.get("secret")),
                help_text=there if row and row.sealed_secret else _("Stored sealed, never shown."),
            )  # fmt: skip
        return made

    def first(self) -> list[forms.BoundField]:
        """What most people fill in."""
        named = [f"{SETTING}{one.name}" for one in self.settings if _is_required(one) or one.name in _FIRST]
        return [self[name] for name in ["name", *named, "secret", "active"] if name in self.fields]

    def rest(self) -> list[forms.BoundField]:
        shown = {one.name for one in self.first()}
        return [one for one in self.visible_fields() if one.name not in shown]

    def config(self) -> dict[str, Any]:
        """The settings as given; what is left blank has its default."""
        given = {name.removeprefix(SETTING): value for name, value in self.cleaned_data.items()
                 if name.startswith(SETTING)}  # fmt: skip
        return {name: value for name, value in given.items() if value not in (None, "")}

    def changes(self) -> dict[str, Any]:
        names = ("name", "priority", "weight", "lanes", "rate_per_second", "cost_per_message", "active")
        return {**{name: self.cleaned_data[name] for name in names}, "config": self.config()}


def placed(error: DomainError) -> Invalid:
    """A refusal of the service with its pointers as this form names its fields."""
    found = error.errors if isinstance(error, Invalid) else (FieldError("/secret", error.detail),)
    return Invalid(*(FieldError(one.pointer.replace("/config/", f"/{SETTING}"), one.detail, one.code) for one in found))


def initial_of(row: ProviderAccount) -> dict[str, Any]:
    names = ("name", "priority", "weight", "lanes", "rate_per_second", "cost_per_message", "active")
    given = {name: getattr(row, name) for name in names}
    return {**given, "brands": row.brands.all(), **{f"{SETTING}{name}": value for name, value in row.config.items()}}


def _is_required(one: "Field[Any]") -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def _field(one: "Field[Any]") -> forms.Field:
    kind = str(getattr(one.type, "__name__", one.type))
    label = one.name.replace("_", " ").capitalize()
    default = None if one.default is MISSING else one.default
    if one.name in _CHOICES:
        return forms.ChoiceField(label=label, choices=_CHOICES[one.name], initial=default)
    made = _TYPES.get(kind, forms.CharField)
    return made(label=label, required=_is_required(one) and kind != "bool", initial=default)
