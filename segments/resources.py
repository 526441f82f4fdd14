"""Contacts as django-import-export sees them: the columns of an export, with plain values."""

from typing import Any

from import_export import resources
from import_export.fields import Field
from import_export.widgets import Widget

from config.lib import public_ids
from segments.models import Contact
from segments.selectors.imports import registered_attributes


class AsItIs(Widget):
    """Hands values on; the writer of each format knows how to put them."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        return value


class AttributeField(Field):
    """A column for one registered attribute."""

    def __init__(self, name: str) -> None:
        super().__init__(attribute=name, column_name=name, widget=AsItIs())

    def get_value(self, instance: Contact) -> Any:
        return instance.attributes.get(self.attribute)


class ContactResource(resources.ModelResource):
    """One row a contact: fields, then a column for each registered attribute. Imports go through Import instead.

    `suppressed` is read from the instance: whoever exports sets it (exporting.py).
    """

    postrider_id = Field(column_name="postrider_id")
    suppressed = Field(attribute="suppressed", column_name="suppressed", widget=AsItIs())
    cohort_on = Field(attribute="cohort_on", column_name="cohort_on", widget=AsItIs())

    class Meta:
        model = Contact
        fields = (
            "postrider_id", "external_id", "email", "phone", "first_name", "last_name", "country", "language",
            "timezone", "cohort_on", "suppressed",
        )  # fmt: skip
        export_order = fields

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._attribute_names = sorted(registered_attributes())
        self.fields |= {f"attribute:{name}": AttributeField(name) for name in self._attribute_names}

    def get_export_order(self) -> list[str]:
        return [*self.Meta.export_order, *(f"attribute:{name}" for name in self._attribute_names)]

    def dehydrate_postrider_id(self, contact: Contact) -> str:
        return public_ids.encode("contact", contact.pk)
