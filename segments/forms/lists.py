"""The form of a list."""

import hashlib

from django import forms
from django.utils.translation import gettext_lazy as _

from config.pages.forms import PageForm
from segments.models import ContactList


class ListForm(PageForm):
    """What a list is called and what it is for."""

    name = forms.CharField(label=_("Name"), max_length=200)
    public_name = forms.CharField(
        label=_("Public name"), max_length=200, required=False,
        help_text=_("As people see it where they leave it. Blank: the name."),
    )  # fmt: skip
    description = forms.CharField(label=_("What it is for"), max_length=255, required=False)
    is_seed = forms.BooleanField(
        label=_("Its people get test sends"), required=False,
        help_text=_("A seed list: your own addresses, to look at a campaign before others see it."),
    )  # fmt: skip
    version = forms.CharField(required=False, widget=forms.HiddenInput)

    @classmethod
    def initial_of(cls, row: ContactList) -> dict[str, object]:
        shown = {name: getattr(row, name) for name in ("name", "public_name", "description", "is_seed")}
        return {**shown, "version": version_of(row)}


def version_of(row: ContactList) -> str:
    """Differs whenever the list was changed; lists keep no time of that."""
    return hashlib.blake2b(
        repr((row.name, row.public_name, row.description, row.is_seed)).encode(), digest_size=9
    ).hexdigest()
