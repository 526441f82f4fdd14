"""The form of a mailbox provider and its limits."""

import hashlib
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from config.pages.forms import PageForm
from delivery.models import MailboxProvider

LISTS = ("domains", "mx_suffixes")
FIELDS = (
    "name",
    *LISTS,
    "connections",
    "messages_per_connection",
    "rate_per_second",
    "requires_tls",
    "slow_for_minutes",
)


class _Lines(forms.CharField):
    """A domain a line; commas and spaces do, too."""

    widget = forms.Textarea

    def __init__(self, *, most: int, **options: Any) -> None:
        super().__init__(
            required=False, max_length=100_000, widget=forms.Textarea({"rows": 3, "spellcheck": "false"}), **options
        )
        self.most = most

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        names = str(super().clean(value)).replace(",", " ").split()
        if len(names) > self.most:
            raise forms.ValidationError(gettext_lazy("At most %(n)s."), params={"n": f"{self.most:,}"})
        if too_long := next((name for name in names if len(name) > 253), ""):
            raise forms.ValidationError(gettext_lazy("This is no domain: %(name)s …"), params={"name": too_long[:40]})
        return names


class ProviderForm(PageForm):
    """Whose mailboxes they are, and how much of our mail they take."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    domains = _Lines(
        label=gettext_lazy("Domains"), most=1000, help_text=gettext_lazy("Of addresses, one a line: gmail.com")
    )
    mx_suffixes = _Lines(
        label=gettext_lazy("Mail servers"), most=100,
        help_text=gettext_lazy("Every domain whose mail servers end like this is meant, too: google.com"),
    )  # fmt: skip
    connections = forms.IntegerField(
        label=gettext_lazy("Connections at a time"), min_value=1, max_value=1000, initial=10
    )
    messages_per_connection = forms.IntegerField(
        label=gettext_lazy("Messages a connection"), min_value=1, max_value=1_000_000, initial=100
    )
    rate_per_second = forms.FloatField(
        label=gettext_lazy("Messages a second"), required=False, min_value=0.001, max_value=1_000_000,
        help_text=gettext_lazy("From each sending domain. Blank: no limit."),
    )  # fmt: skip
    requires_tls = forms.BooleanField(
        label=gettext_lazy("Wants encryption"), required=False,
        help_text=gettext_lazy("It takes no mail in clear: a note for whoever sets up the relay, which needs TLS."),
    )  # fmt: skip
    slow_for_minutes = forms.IntegerField(
        label=gettext_lazy("Slow down for, minutes"), min_value=1, max_value=10_080, initial=90,
        help_text=gettext_lazy("After it asked us to, for our reputation: one message a minute."),
    )  # fmt: skip
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, row: MailboxProvider | None = None, **kwargs: Any) -> None:
        initial = {} if row is None else {name: getattr(row, name) for name in FIELDS} | {"seen": seen_of(row)}
        super().__init__(*args, initial=initial, **kwargs)
        if row is not None and row.is_default:
            for name in LISTS:
                del self.fields[name]

    def changes(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "seen"}


def seen_of(row: MailboxProvider) -> str:
    """What somebody saw of it: another value once one of its fields was changed."""
    return hashlib.blake2b(repr([getattr(row, name) for name in FIELDS]).encode(), digest_size=12).hexdigest()
