"""Reasons and sources of suppressions in plain words."""

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from compliance.models import Reason

_REASONS: dict[str, StrOrPromise] = {
    Reason.UNSUBSCRIBED: _("Unsubscribed"),
    Reason.COMPLAINED: _("Reported a message as spam"),
    Reason.BOUNCED: _("The address does not exist"),
    Reason.MANUAL: _("Suppressed by hand"),
    Reason.ERASED: _("Asked to be erased"),
}
_SOURCES: dict[str, StrOrPromise] = {
    "one_click": _("by the mail program's unsubscribe button"),
    "page": _("on the unsubscribe page"),
    "preferences": _("on the preferences page"),
    "admin": _("by somebody here"),
    "pages": _("by somebody here"),
    "command": _("by command"),
    "api": _("through the API"),
    "import": _("by import"),
    "smtp": _("by a mail server"),
    "merge": _("from a contact it was merged with"),
}


def in_words(reason: str) -> StrOrPromise:
    """Why an address is suppressed. What is not listed is shown as it is stored."""
    return _REASONS.get(reason, reason.replace("_", " "))


def source_in_words(source: str) -> StrOrPromise:
    """How a suppression came about."""
    return _SOURCES.get(source, source.replace("_", " "))
