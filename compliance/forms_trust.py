"""Forms of Trust."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.models import Brand, Reason, Scope
from compliance.reading_files import MAX_BYTES
from compliance.words import in_words
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


class ScopeForm(PageForm):
    """How far a suppression reaches."""

    scope = forms.ChoiceField(
        label=gettext_lazy("How far"), choices=_SCOPES, initial=Scope.GLOBAL, widget=forms.RadioSelect
    )
    brand = forms.ModelChoiceField(label=gettext_lazy("Brand"), queryset=Brand.objects.none(), required=False,
                                   empty_label=gettext_lazy("Choose a brand"))  # fmt: skip
    list = forms.ModelChoiceField(label=gettext_lazy("List"), queryset=ContactList.objects.none(), required=False,
                                  empty_label=gettext_lazy("Choose a list"))  # fmt: skip

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


class SuppressForm(ScopeForm):
    """Write no more to an address."""

    email = AddressField(label=gettext_lazy("Address"))
    note = forms.CharField(
        label=gettext_lazy("Why"), max_length=255, help_text=gettext_lazy("Kept in the log. No address in it.")
    )
    field_order = ["email"]


class FileForm(ScopeForm):
    """A file of addresses, and what holds for the lines that do not say."""

    file = forms.FileField(
        label=gettext_lazy("CSV file, or one address a line"),
        widget=forms.FileInput({"accept": ".csv,.tsv,.txt,text/csv"}),
        help_text=gettext_lazy(
            "At most 50,000 lines and 5 MB. Columns by name: address or email; and if you like reason, scope, date."
        ),
        error_messages={"required": gettext_lazy("Choose a file first."),
                        "empty": gettext_lazy("The file is empty.")},
    )  # fmt: skip
    reason = forms.ChoiceField(
        label=gettext_lazy("Why, where a line does not say"), initial=Reason.MANUAL,
        choices=[(one, in_words(one)) for one in Reason if one != Reason.ERASED],
    )  # fmt: skip
    field_order = ["file", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scope"].label = gettext_lazy("How far, where a line does not say")

    def clean_file(self) -> Any:
        """Before it is read: a large file costs nothing."""
        given = self.cleaned_data["file"]
        if given.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than 5 MB: cut it into several."))
        return given


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
