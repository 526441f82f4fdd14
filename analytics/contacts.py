"""What this app adds to the pages of contacts: an export of those that are ticked."""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics import exports
from analytics.models import Export
from analytics.views_exports import url_of
from config.api.auditing import audit
from segments.actions import ContactAction, Done


class ExportContacts(ContactAction):
    """As a file, written by a worker."""

    kind = "export"
    label = gettext_lazy("Export")
    need = "contacts:export"
    question = gettext_lazy("A CSV file with all that is known of them, suppressed ones marked. It is kept for a day.")

    def carry_out(self, contact_ids: Sequence[int], request: HttpRequest) -> Done:
        assert isinstance(request.user, User)
        with transaction.atomic():
            made = exports.order(
                kind=Export.Kind.CONTACTS, object_id=0, format="csv", by=request.user, contact_ids=contact_ids
            )
            audit(request, "export_requested", "export", made.pk, {"of": "contacts", "count": len(contact_ids)})
        return Done(_("The file is being written."), url_of(made))
