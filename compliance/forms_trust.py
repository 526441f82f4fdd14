"""Forms of Trust."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.models import Brand, Scope
from config.lib.addresses import InvalidAddress, normalise_email
from config.pages.forms import PageForm
from segments.models import ContactList

_SCOPES = [
    (Scope.GLOBAL, gettext_lazy("All mail")),
    (Scope.BRAND, gettext_lazy("Mail of one brand")),
    (Scope.LIST, gettext_lazy("Mail to one list")),
]


class AddressField(forms.CharField):
    """A mail address in its normal form."""

    widget = forms.EmailInput({"autocomplete": "off", "spellcheck": "false"})

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=320, **options)

    def clean(self, value: Any) -> str:
        given = str(super().clean(value))
        try:
            return normalise_email(given)
        except InvalidAddress as error:
            raise forms.ValidationError(error.detail) from None


class FindForm(PageForm):
    """One exact address; sent by POST, since addresses do not belong into logs."""

    email = AddressField(label=gettext_lazy("Exact address"))


class SuppressForm(PageForm):
    """Write no more to an address."""

    email = AddressField(label=gettext_lazy("Address"))
    scope = forms.ChoiceField(
        label=gettext_lazy("How far"), choices=_SCOPES, initial=Scope.GLOBAL, widget=forms.RadioSelect
    )
    brand = forms.ModelChoiceField(label=gettext_lazy("Brand"), queryset=Brand.objects.none(), required=False)
    list = forms.ModelChoiceField(label=gettext_lazy("List"), queryset=ContactList.objects.none(), required=False)
    note = forms.CharField(
        label=gettext_lazy("Why"), max_length=255, help_text=gettext_lazy("Kept in the log. No address in it.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows: dict[str, Any] = {"brand": Brand.objects, "list": ContactList.objects}
        for name, manager in rows.items():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = manager.filter(archived_at=None).order_by("name")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        scope = given.get("scope")
        if scope in (Scope.BRAND, Scope.LIST) and not given.get(scope) and scope not in self.errors:
            self.add_error(str(scope), _("Choose which one."))
        return given

    @property
    def scope_id(self) -> int:
        scope = self.cleaned_data["scope"]
        return 0 if scope == Scope.GLOBAL else int(self.cleaned_data[scope].pk)


class LiftForm(PageForm):
    """Why it may be lifted."""

    email = AddressField(widget=forms.HiddenInput)
    asked_on = forms.DateField(
        label=gettext_lazy("The day they asked for mail again"), required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text=gettext_lazy("Needed where they had unsubscribed or complained."),
    )  # fmt: skip
    note = forms.CharField(
        label=gettext_lazy("Why, and how they asked"), max_length=200,
        help_text=gettext_lazy("Kept in the log. No address in it."),
    )  # fmt: skip
