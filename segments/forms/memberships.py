"""Asking of one person and a segment; putting people into one that is kept by hand."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.lib import public_ids
from config.pages.forms import PageForm
from segments.models import Contact
from segments.selectors.contacts import find_contacts
from segments.selectors.lists import lists_in_use

_WHO = _("Address, external id or name")


def _only(words: str) -> Contact:
    """The one contact meant. Raises ValidationError when it is nobody or several."""
    found = list(find_contacts(words).order_by("pk")[:2])
    exact = [one for one in found if words.strip() in (one.email, one.external_id)]
    if len(exact or found) != 1:
        raise forms.ValidationError(
            _("Several people are called that: give the whole address.") if found else _("Nobody is called that.")
        )
    return (exact or found)[0]


class WasInForm(PageForm):
    """Whom, and on which day."""

    who = forms.CharField(label=_WHO, max_length=320)
    on = forms.DateField(
        label=_("On this day"), widget=forms.DateInput(attrs={"type": "date"}), help_text=_("At its end (UTC)")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].initial = timezone.now().date().isoformat()

    def clean_who(self) -> Contact:
        return _only(self.cleaned_data["who"])


class AddPeopleForm(PageForm):
    """One person, everybody on a list, or both."""

    who = forms.CharField(label=_WHO, max_length=320, required=False)
    list = forms.ChoiceField(label=_("Or everybody who is on the list"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lists = [(public_ids.encode("list", pk), name) for pk, name in lists_in_use()]
        self.fields["list"].choices = [("", "–"), *lists]  # type: ignore[attr-defined]

    def clean_who(self) -> Contact | None:
        words = self.cleaned_data["who"]
        return _only(words) if words else None

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors and not given.get("who") and not given.get("list"):
            raise forms.ValidationError(_("Name a person or choose a list."))
        return given
