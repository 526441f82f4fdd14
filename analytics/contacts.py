"""What this app adds to the pages of contacts: an export of those that are ticked."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy

from analytics import exports
from analytics.models import Export
from analytics.views_exports import url_of
from config.lib.errors import FieldError, Invalid
from segments.actions import ContactAction, Order


class ExportContacts(ContactAction):
    """As a file, written by a worker."""

    kind = "export"
    label = gettext_lazy("Export")
    need = "contacts:export"
    question = gettext_lazy("A file with all that is known of them, suppressed ones marked. It is kept for a day.")
    fields = "analytics/choose_format.html"
    alone = True

    def read(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Raises Invalid for a format that is none."""
        format_ = asked.get("format") or "csv"
        if format_ not in Export.Format.values:
            raise Invalid(FieldError("/format", f"is one of {', '.join(Export.Format.values)}"))
        return {"format": format_}

    def begin(self, order: Order) -> str:
        assert order.by is not None
        made = exports.order(
            kind=Export.Kind.CONTACTS, object_id=order.job_id, format=order.given["format"], by_id=order.by
        )
        return url_of(made)

    def carry_out(self, contact_ids: Sequence[int], order: Order) -> Mapping[int, Any]:
        """The export reads them all at once."""
        return {}
