"""The forms of an import: the file, and what its columns mean."""

from typing import Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.lib.errors import FieldError, Invalid
from config.pages.forms import PageForm
from segments.cleaning import FIELDS, TYPES
from segments.importing.mapping import attribute_name
from segments.models import ContactList, Import

_FIELD_WORDS = {
    "external_id": gettext_lazy("External id"), "email": gettext_lazy("Mail address"), "phone": gettext_lazy("Phone"),
    "first_name": gettext_lazy("First name"), "last_name": gettext_lazy("Last name"),
    "country": gettext_lazy("Country"), "language": gettext_lazy("Language"), "timezone": gettext_lazy("Time zone"),
}  # fmt: skip
_TYPE_WORDS = {
    "string": gettext_lazy("text"), "number": gettext_lazy("number"), "boolean": gettext_lazy("yes or no"),
    "date": gettext_lazy("date"), "list": gettext_lazy("several, with ; between them"),
}  # fmt: skip
_POLICIES = [
    ("overwrite", gettext_lazy("take over what the file says")),
    ("fill_blanks", gettext_lazy("fill in only what is not known yet")),
    ("skip", gettext_lazy("leave them as they are")),
]
_DELIMITERS = [("", gettext_lazy("Find out")), (",", ","), (";", ";"), ("\t", gettext_lazy("Tab")), ("|", "|")]


class UploadForm(PageForm):
    """A file, and how to read it when that is guessed wrong."""

    file = forms.FileField(
        label=gettext_lazy("File"), error_messages={"required": gettext_lazy("Choose a file first."),
                                                        "empty": gettext_lazy("The file is empty.")},
        widget=forms.FileInput({"accept": ".csv,.tsv,.txt,.jsonl,.ndjson,.json,text/csv"}),
    )  # fmt: skip
    delimiter = forms.ChoiceField(label=gettext_lazy("Between the columns"), choices=_DELIMITERS, required=False)
    encoding = forms.CharField(
        label=gettext_lazy("Encoding"), required=False, max_length=40,
        help_text=gettext_lazy("Blank: found out. Such as utf-8 or cp1252, when letters look wrong."),
    )  # fmt: skip

    def limits(self) -> str:
        """What may be uploaded, in words."""
        return _("CSV or TSV with a line of column names, or JSON Lines, up to %(size)s and %(columns)d columns") % {
            "size": filesizeformat(settings.IMPORT_MAX_BYTES), "columns": settings.IMPORT_MAX_COLUMNS,
        }  # fmt: skip


class MappingForm(PageForm):
    """A choice for each column, and how existing people are treated."""

    update_policy = forms.ChoiceField(label=gettext_lazy("People we know already"), choices=_POLICIES)
    default_region = forms.CharField(
        label=gettext_lazy("Country of phone numbers without +"), required=False, max_length=60,
        help_text=gettext_lazy("A name or its two letters, such as DE."),
    )  # fmt: skip
    to_list = forms.ModelChoiceField(
        label=gettext_lazy("Put everybody on a list"), queryset=ContactList.objects.none(), required=False,
        empty_label=gettext_lazy("No list"),
    )  # fmt: skip
    new_list = forms.CharField(label=gettext_lazy("Or on a new list named"), required=False, max_length=200)

    def __init__(self, *, import_: Import, attributes: dict[str, str], **kwargs: Any) -> None:
        shown = {
            "update_policy": import_.update_policy,
            "default_region": import_.default_region,
            "to_list": import_.list_id,
        }
        super().__init__(initial=shown, **kwargs)
        self.columns = import_.columns
        lists: Any = self.fields["to_list"]
        lists.queryset = ContactList.objects.filter(archived_at=None).order_by("name")
        for number, column in enumerate(self.columns):
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=column, choices=_targets(column, attributes), initial=import_.mapping.get(column, ""),
                required=False, widget=forms.Select({"class": "form-select"}),
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("to_list") and given.get("new_list"):
            self.add_error("new_list", _("Choose one: a list there is, or a new one."))
        return given

    def mapping(self) -> dict[str, str]:
        return {column: self.cleaned_data[f"column_{number}"] for number, column in enumerate(self.columns)}

    def rows(self, samples: dict[str, list[str]]) -> list[tuple[forms.BoundField, list[str]]]:
        """(the choice, first values) of each column."""
        return [(self[f"column_{number}"], samples.get(column, [])) for number, column in enumerate(self.columns)]

    def options(self) -> list[forms.BoundField]:
        return [self[name] for name in ("update_policy", "to_list", "new_list", "default_region")]

    def beside(self, error: Invalid) -> Invalid:
        """What the service refused, pointing to the column or field it is about."""
        places = {_pointer(column): f"/column_{number}" for number, column in enumerate(self.columns)}
        return Invalid(*(
            FieldError("/new_list" if one.pointer == "/name" else places.get(one.pointer, one.pointer), one.detail)
            for one in error.errors
        ))  # fmt: skip


def _targets(column: str, attributes: dict[str, str]) -> list[tuple[str, Any]]:
    name = attribute_name(column)
    known = [(f"attribute:{one}:{type_}", f"{one} ({_TYPE_WORDS[type_]})")
             for one, type_ in sorted(attributes.items())]  # fmt: skip
    new = [(f"attribute:{name}:{type_}", f"{name} ({_TYPE_WORDS[type_]})") for type_ in TYPES]
    groups = {
        _("Contact"): [(field, _FIELD_WORDS[field]) for field in FIELDS],
        _("Attribute"): known,
        _("New attribute"): new if name and name not in attributes else [],
    }
    return [("", _("Leave out")), *((words, some) for words, some in groups.items() if some)]


def _pointer(column: str) -> str:
    return "/mapping/" + column.replace("~", "~0").replace("/", "~1")
