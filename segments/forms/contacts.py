"""The form of a contact: its fields, and a field of the right type for each registered attribute."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from config.lib.errors import FieldError, Invalid
from config.pages.forms import PageForm, dress
from segments.cleaning import MAX_TEXT
from segments.models import Attribute, Contact

FIELDS = ("first_name", "last_name", "email", "phone", "external_id", "country", "language", "timezone")
PREFIX = "attribute_"
_LABELS = {
    "first_name": (_("First name"), ""),
    "last_name": (_("Last name"), ""),
    "email": (_("Mail address"), ""),
    "phone": (_("Phone"), _("International, such as +14155550100.")),
    "external_id": (_("External id"), _("What your own system calls them.")),
    "country": (_("Country"), _("A name or its two letters, such as DE.")),
    "language": (_("Language"), _("Such as en or pt-BR.")),
    "timezone": (_("Time zone"), _("Such as Europe/Berlin.")),
}
_HELP = {
    "number": _("A number, such as 1234.5."),
    "date": _("A day, such as 2024-12-31."),
    "list": _("One a line."),
}


class ContactForm(PageForm):
    """What is typed goes to the service as it is; the service says what is wrong with it."""

    version = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *, contact: Contact | None = None, version: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.initial["version"] = version
        for name in FIELDS:
            label, help_text = _LABELS[name]
            known = (contact.email_as_given or contact.email) if contact and name == "email" else None
            self._add(name, label, help_text, known or getattr(contact, name, None) or "", forms.TextInput())
        for one in Attribute.objects.order_by("name"):
            value = contact.attributes.get(one.name) if contact else None
            self._add(f"{PREFIX}{one.name}", one.name, one.description or _HELP.get(one.type, ""),
                      _shown(value), _widget(one.type))  # fmt: skip

    def _add(self, name: str, label: Any, help_text: Any, initial: str, widget: forms.Widget) -> None:
        field = forms.CharField(
            label=label, help_text=help_text, required=False, widget=widget, initial=initial, max_length=10 * MAX_TEXT
        )
        dress(field)
        self.fields[name] = field

    def attribute_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(PREFIX)]

    def contact_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in FIELDS]

    def changed_values(self) -> dict[str, Any]:
        """What differs from what was shown, as the services of contacts take it; blank clears."""
        given = {name: self.cleaned_data[name].strip() for name in self.changed_data if name != "version"}
        attributes = {name.removeprefix(PREFIX): _typed(value, self.fields[name].widget)
                      for name, value in given.items() if name.startswith(PREFIX)}  # fmt: skip
        values: dict[str, Any] = {name: value for name, value in given.items() if not name.startswith(PREFIX)}
        return {**values, "attributes": attributes} if attributes else values


@contextmanager
def beside_fields() -> Iterator[None]:
    """What a service refuses meanwhile points to the fields of the form it is about, in sentences. Raises Invalid."""
    try:
        yield
    except Invalid as error:
        found = [FieldError(_field(one.pointer), _sentence(one.detail), one.code) for one in error.errors]
        raise Invalid(*found) from None


def _field(pointer: str) -> str:
    return pointer.replace("/attributes/", f"/{PREFIX}")


def _sentence(text: str) -> str:
    """What is said beside a line number of an import, as a sentence."""
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _widget(type_: str) -> forms.Widget:
    if type_ == Attribute.Type.BOOLEAN:
        return forms.Select(choices=[("", _("not known")), ("true", _("yes")), ("false", _("no"))])
    if type_ == Attribute.Type.LIST:
        return forms.Textarea({"rows": 3})
    if type_ == Attribute.Type.NUMBER:
        return forms.TextInput({"inputmode": "decimal"})
    if type_ == Attribute.Type.DATE:
        return forms.DateInput({"type": "date"})
    return forms.TextInput()


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "\n".join(value) if isinstance(value, list) else str(value)


def _typed(value: str, widget: forms.Widget) -> str | list[str] | None:
    if not value:
        return None
    return value.splitlines() if isinstance(widget, forms.Textarea) else value


def as_words(attributes: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, value as people read it) of a contact's attributes."""
    return [(name, _words(value)) for name, value in sorted(attributes.items())]


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return str(_("yes")) if value else str(_("no"))
    return ", ".join(value) if isinstance(value, list) else str(value)
