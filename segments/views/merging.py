"""Two contacts made one: found, laid side by side, and merged by somebody who looked at both."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.api.auditing import audit
from config.lib import public_ids
from config.lib.errors import NotFound
from config.pages.views import Page, find
from segments.models import Contact
from segments.selectors.contacts import find_contacts
from segments.services.merging import FIELDS, foresee, merge_contacts
from segments.suppressed import standings
from segments.views.contacts import url_of

_OFFERED = 10


@dataclass(frozen=True)
class Row:
    """A field or attribute of both, and what the one that stays has then."""

    name: str
    kept: Any
    gone: Any
    then: Any
    is_given_up: bool


class MergeContact(Page):
    """`?with=` the public id of the one that goes, once it is chosen; else words to find it by, sent by POST."""

    needs = {"GET": "contacts:write", "POST": "contacts:write"}
    template_name = "segments/merge.html"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        kept = self.kept(public_id)
        if "with" not in request.GET:
            return self.render(kept=kept, public_id=public_id)
        gone = find(Contact.objects.all(), "contact", request.GET["with"])
        return self.render(
            kept=kept, gone=gone, public_id=public_id, rows=list(_rows(kept, gone)), lists=_lists(kept, gone),
            standings=[*standings(kept.email), *standings(gone.email)], back=url_of(gone.pk),
            other_way=f"{reverse('audience:contact-merge', args=[request.GET['with']])}?with={public_id}",
        )  # fmt: skip

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        kept = self.kept(public_id)
        if "words" in request.POST:
            words = request.POST["words"].replace("\x00", "").strip()[:200]
            return self.render(kept=kept, public_id=public_id, words=words, found=_found(words, kept))
        gone = find(Contact.objects.all(), "contact", request.POST.get("gone", ""))
        with transaction.atomic():
            merged = merge_contacts(kept_id=kept.pk, gone_id=gone.pk, at=timezone.now(), actor_id=request.user.pk)
            audit(request, "contacts_merged", "contact", merged.pk, {"gone": gone.pk})
        return self.done(_("The two are one contact now."), url_of(merged.pk))

    def kept(self, public_id: str) -> Contact:
        kept = find(Contact.objects.all(), "contact", public_id)
        self.title = _("Merge %(name)s with another contact") % {"name": kept}
        self.crumbs = ((gettext_lazy("Contacts"), reverse_lazy("audience:contacts")), (str(kept), url_of(kept.pk)))
        return kept


def _found(words: str, kept: Contact) -> list[tuple[Contact, str]]:
    """(contact, the page that lays both side by side) of those it can be."""
    if not words:
        return []
    try:
        rows = Contact.objects.filter(pk=public_ids.decode("contact", words))
    except NotFound:
        rows = find_contacts(words)
    place = reverse("audience:contact-merge", args=[public_ids.encode("contact", kept.pk)])
    found = rows.exclude(pk=kept.pk).order_by("-pk")[:_OFFERED]
    return [(one, f"{place}?with={public_ids.encode('contact', one.pk)}") for one in found]


def _rows(kept: Contact, gone: Contact) -> Iterator[Row]:
    """Every field and attribute that either has. Raises SameContact."""
    seen = foresee(kept, gone)
    filled, lost = seen.filled_in, seen.given_up
    for name in FIELDS:
        ours, theirs = getattr(kept, name), getattr(gone, name)
        if ours or theirs:
            yield Row(name.replace("_", " "), ours, theirs, filled.get(name, ours), name in lost)
    for name in sorted({*kept.attributes, *gone.attributes}):
        ours, theirs = kept.attributes.get(name), gone.attributes.get(name)
        yield Row(name, ours, theirs, filled.get(name, ours), name in lost)


def _lists(kept: Contact, gone: Contact) -> list[str]:
    rows = gone.list_memberships.exclude(list__memberships__contact=kept).order_by("list__name")
    return list(rows.values_list("list__name", flat=True))
