"""Forms of write keys."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from config.pages.forms import PageForm
from segments.models import Source

_KINDS = [
    (Source.SERVER, _("A server or an app's backend: its key is a secret")),
    (Source.BROWSER, _("A website: its key stands in the page, so everybody can read it")),
]


class WriteKeyForm(PageForm):
    """What may be changed of a key."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("The site or system that will use it."))
    origins = forms.CharField(
        label=_("Sites that may use it"), required=False, widget=forms.Textarea({"rows": 3, "spellcheck": "false"}),
        help_text=_("One a line, such as https://shop.example. Blank: any. It holds for browsers: servers name none."),
    )  # fmt: skip
    rate_per_minute = forms.IntegerField(
        label=_("Events a minute"), min_value=1, max_value=2_000_000_000, initial=600_000,
        help_text=_("What comes beyond that is told to come later."),
    )  # fmt: skip

    def clean_origins(self) -> list[str]:
        return list(dict.fromkeys(self.cleaned_data["origins"].split()))


class NewWriteKeyForm(WriteKeyForm):
    """A new key."""

    kind = forms.ChoiceField(label=_("Who sends with it"), choices=_KINDS, initial=Source.SERVER,
                             widget=forms.RadioSelect)  # fmt: skip
    field_order = ["name", "kind"]


def shown_origins(origins: list[str]) -> Any:
    return "\n".join(origins)
