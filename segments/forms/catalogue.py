"""Forms of the catalogue: event types, their schemas, attributes."""

from typing import Any

import orjson
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.pages.forms import PageForm
from segments.models import Attribute

_SCHEMA = {
    "type": "object",
    "properties": {"order_id": {"type": "string"}, "total": {"type": "number"}},
    "required": ["order_id"],
    "additionalProperties": False,
}
_TYPES = [
    ("string", gettext_lazy("Text")), ("number", gettext_lazy("Number")), ("boolean", gettext_lazy("Yes or no")),
    ("date", gettext_lazy("Day")), ("list", gettext_lazy("List of texts, such as tags")),
]  # fmt: skip


def as_json(schema: Any) -> str:
    """A schema as somebody reads and writes it."""
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2).decode()


class SchemaField(forms.CharField):
    """JSON in a large field; what it must look like is said by the service."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label=gettext_lazy("Properties, as JSON Schema"),
            widget=forms.Textarea({"rows": 16, "spellcheck": "false", "class": "schema-field"}),
            help_text=gettext_lazy("What is not named here is not let in while additionalProperties is false."),
            max_length=100_000, **options,
        )  # fmt: skip

    def to_python(self, value: Any) -> Any:
        try:
            return orjson.loads(super().to_python(value) or "")
        except orjson.JSONDecodeError as error:
            raise forms.ValidationError(_("This is no JSON: %(why)s") % {"why": error}) from None


class EventTypeForm(PageForm):
    """A new event type."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=100, widget=forms.TextInput({"spellcheck": "false"}),
        help_text=gettext_lazy("What happened, in the past tense: order_completed."),
    )  # fmt: skip
    description = forms.CharField(label=gettext_lazy("What it says"), max_length=255, required=False)
    value_property = forms.CharField(
        label=gettext_lazy("Property that is added up"), max_length=100, required=False,
        help_text=gettext_lazy("A number, such as total: segments can then ask for its sum."),
    )  # fmt: skip
    schema = SchemaField(initial=as_json(_SCHEMA))


class VersionForm(PageForm):
    """Another schema of an event type: `seen` is the number of the version it was made from."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    schema = SchemaField()


class AttributeForm(PageForm):
    """A new attribute."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=63, widget=forms.TextInput({"spellcheck": "false"}),
        help_text=gettext_lazy("Small letters, digits and _: last_order_on."),
    )  # fmt: skip
    type = forms.ChoiceField(label=gettext_lazy("Type"), choices=_TYPES, widget=forms.RadioSelect,
                             help_text=gettext_lazy("It stays: values are kept in it."))  # fmt: skip
    description = forms.CharField(label=gettext_lazy("What it says of a person"), max_length=255, required=False)


class DescribeForm(PageForm):
    """What an attribute means, for those who come after."""

    description = forms.CharField(
        label=gettext_lazy("What it says of a person"), max_length=Attribute._meta.get_field("description").max_length,  # noqa: SLF001
        required=False,
    )  # fmt: skip
