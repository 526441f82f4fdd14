"""Whom people mean by the filters of a page of contacts: one meaning for the page and for what is done to them all."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from config.lib import public_ids
from config.lib.errors import FieldError, Invalid, NotFound
from config.lib.tokens import InvalidToken, seal, unseal
from segments.models import Contact, ContactList, Import, ImportRow, Segment
from segments.predicates.lists import on_any
from segments.selectors.contacts import find_contacts
from segments.selectors.segments import audience
from segments.suppressed import is_suppressed

Rows = QuerySet[Contact]
_PURPOSE = "contact-search"
LONGEST = 200
_MODELS: dict[str, type[Any]] = {"list": ContactList, "segment": Segment, "import": Import}


def sealed(words: str) -> str:
    """What is searched for as it may stand in an address or a row: it can be an address of mail or a name."""
    return seal(_PURPOSE, words.encode()) if words else ""


def unsealed(text: str) -> str:
    """The words again; none for what is not of our making."""
    try:
        return unseal(_PURPOSE, text).decode() if text else ""
    except InvalidToken:
        return ""


def chosen(choice: Mapping[str, Any]) -> Rows:
    """The contacts of a choice, in no order: by `contacts` (row ids), or by filters as they stand in an address.

    What is no filter is refused (Invalid), never passed over: that would be more people than were meant.
    """
    rows = Contact.objects.all()
    for name, value in choice.items():
        if name not in FILTERS:
            raise Invalid(FieldError(f"/contacts/{name}", f"use {', '.join(FILTERS)}", "unknown"))
        rows = FILTERS[name](rows, value)
    return rows


def on_list(rows: Rows, pk: int) -> Rows:
    return rows.filter(on_any([pk]))


def in_segment(rows: Rows, pk: int) -> Rows:
    return rows & audience(segments=[pk], lists=[])


def in_import(rows: Rows, pk: int) -> Rows:
    return rows.filter(Exists(ImportRow.objects.filter(contact=OuterRef("pk"), imported_from=pk)))


def by_mail(rows: Rows, value: str) -> Rows:
    """none: without an address; no: suppressed; yes: with an address that is not."""
    if value == "none":
        return rows.filter(email=None)
    return rows.filter(is_suppressed()) if value == "no" else rows.filter(~is_suppressed(), email__isnull=False)


def searched(rows: Rows, words: str) -> Rows:
    return rows & find_contacts(words)


def _by_row(kind: str, by: Callable[[Rows, int], Rows]) -> Callable[[Rows, Any], Rows]:
    """By the public id of a row; one that is gone fits nobody."""

    def narrow(rows: Rows, value: Any) -> Rows:
        try:
            pk = public_ids.decode(kind, value if isinstance(value, str) else "")
        except NotFound:
            return rows.none()
        return by(rows, pk) if _MODELS[kind].objects.filter(pk=pk).exists() else rows.none()

    return narrow


FILTERS: dict[str, Callable[[Rows, Any], Rows]] = {
    "contacts": lambda rows, ids: rows.filter(pk__in=ids),
    "list": _by_row("list", on_list),
    "segment": _by_row("segment", in_segment),
    "import": _by_row("import", in_import),
    "country": lambda rows, code: rows.filter(country=code),
    "mail": by_mail,
    "q": lambda rows, text: searched(rows, unsealed(text)) if unsealed(text) else rows.none(),
}
