"""One contact: profile, lists, what stands against writing to them, and their past."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.api.auditing import audit
from config.api.endpoints import etag
from config.lib import public_ids
from config.lib.errors import Conflict
from config.pages.forms import FormPage
from config.pages.views import Action, Page, find
from segments.actions import ACTIONS, ContactAction
from segments.forms.contacts import ContactForm, as_words, beside_fields
from segments.models import Attribute, Contact, ContactList
from segments.moments import identity_in_words
from segments.selectors.identity import given_up_ids, ids_of, reasons
from segments.selectors.lists import lists_in_use
from segments.services.attribute_writers import note_writer
from segments.services.contacts import create_contact, edit_contact, set_tracking
from segments.services.lists import add_to_list, remove_from_list
from segments.suppressed import standings
from segments.timeline import SOURCES, timeline
from segments.views.contacts import url_of
from segments.views.jobs import ordered

_CRUMBS = ((gettext_lazy("Contacts"), reverse_lazy("audience:contacts")),)


class OneContact(Page):
    """Profile, lists, opt-outs, timeline."""

    needs = {"GET": "contacts:read"}
    template_name = "segments/contact.html"
    crumbs = _CRUMBS

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        contact = find(Contact.objects.all(), "contact", public_id)
        before, only = _instant(request.GET.get("before", "")), request.GET.get("show", "")
        moments, more = timeline(contact, ids_of(contact.pk), may=self.may, before=before, only=only)
        self.title = str(contact)
        self.primary = Action(_("Edit"), reverse("audience:contact-edit", args=[public_id]), "contacts:write")
        self.menu = (Action(_("Merge with another contact"), reverse("audience:contact-merge", args=[public_id]),
                            "contacts:write", icon="user"),)  # fmt: skip
        on = list(contact.list_memberships.select_related("list").order_by("list__name"))
        taken = {one.list_id for one in on}
        return self.render(
            contact=contact, public_id=public_id, attributes=as_words(contact.attributes),
            memberships=[(one.list, public_ids.encode("list", one.list_id)) for one in on],
            lists=[(public_ids.encode("list", pk), name) for pk, name in lists_in_use() if pk not in taken],
            standings=standings(contact.email), moments=moments, earlier=moments[-1].at if more else None,
            shows=[(one.kind, one.label) for one in SOURCES if self.may(one.need)], only=only,
            identity=_identity(contact), actions=self.actions(), later="before" in request.GET,
        )  # fmt: skip

    def actions(self) -> list[type[ContactAction]]:
        return [one for one in ACTIONS if one.alone and self.may(one.need)]


class NewContact(FormPage):
    """Somebody typed in by hand."""

    needs = {"GET": "contacts:write", "POST": "contacts:write"}
    template_name = "segments/contact_form.html"
    form_class = ContactForm
    title = gettext_lazy("New contact")
    crumbs = _CRUMBS
    submit = gettext_lazy("Add")

    def save(self, form: ContactForm) -> HttpResponse:
        values = form.changed_values()
        with beside_fields(), transaction.atomic():
            made = create_contact(values)
            _note(self.request, values)
            audit(self.request, "contact_created", "contact", made.pk, {"fields": sorted(values)})
        return self.done(_("%(name)s is added.") % {"name": made}, url_of(made.pk))


class EditContact(FormPage):
    """The profile. Only what was changed is written, and only over what was seen."""

    needs = {"GET": "contacts:write", "POST": "contacts:write"}
    template_name = "segments/contact_form.html"
    form_class = ContactForm

    contact: Contact

    def form_kwargs(self) -> dict[str, Any]:
        self.contact = find(Contact.objects.all(), "contact", self.kwargs["public_id"])
        self.title = _("Edit %(name)s") % {"name": self.contact}
        self.crumbs = (*_CRUMBS, (str(self.contact), url_of(self.contact.pk)))
        return {"contact": self.contact, "version": etag(self.contact)}

    def save(self, form: ContactForm) -> HttpResponse:
        values = form.changed_values()
        with beside_fields(), transaction.atomic():
            seen = Contact.objects.select_for_update().get(pk=self.contact.pk)
            if form.cleaned_data["version"] != etag(seen):
                raise Conflict(_("Somebody else changed this contact since you opened it, so nothing is saved. Open it "
                                 "in another tab to see what is new, then enter your changes there."))  # fmt: skip
            if values and edit_contact(self.contact, values):
                _note(self.request, values)
                audit(self.request, "contact_changed", "contact", seen.pk, {"fields": _names(values)})
        return self.done(_("Saved."), url_of(seen.pk))


def _note(request: HttpRequest, values: Mapping[str, Any]) -> None:
    note_writer(values.get("attributes", ()), Attribute.Writer.PERSON, str(request.user))


class ContactLists(Page):
    """Put one contact on a list, or take them off."""

    needs = {"POST": "contacts:write"}

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        contact = find(Contact.objects.all(), "contact", public_id)
        add = request.POST.get("add", "")
        if not add and not request.POST.get("remove"):
            raise Conflict(_("Choose a list first."))
        row = find(ContactList.objects.all(), "list", add or request.POST["remove"])
        with transaction.atomic():
            change, verb, word = (add_to_list, "filled", "added") if add else (remove_from_list, "emptied", "removed")
            audit(request, f"list_{verb}", "list", row.pk, {word: change(row, [contact.pk])})
        text = _("On the list %(name)s now.") if add else _("Off the list %(name)s.")
        return self.done(text % {"name": row.name}, url_of(contact.pk))


class ContactTracking(Page):
    """Whether opens and clicks of one contact are recorded."""

    needs = {"POST": "contacts:write"}

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        contact = find(Contact.objects.all(), "contact", public_id)
        on = request.POST.get("on") == "1"
        with transaction.atomic():
            if set_tracking([contact.pk], on=on):
                audit(request, "contact_changed", "contact", contact.pk, {"tracking": [not on, on]})
        text = _("Opens and clicks are recorded again.") if on else _("Opens and clicks are not recorded any more.")
        return self.done(text, url_of(contact.pk))


class ContactDeed(Page):
    """Another app's action on one contact (segments/actions.py)."""

    needs = {"POST": "contacts:read"}  # the action has a need of its own

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        contact = find(Contact.objects.all(), "contact", public_id)
        kinds = [one.kind for one in ACTIONS if one.alone and self.may(one.need)]
        if request.POST.get("action") not in kinds:
            raise Conflict(_("That cannot be done here."))
        asked = {str(name): str(value) for name, value in request.POST.items()}
        return ordered(self, asked["action"], asked, {"contacts": [contact.pk]}, url_of(contact.pk))


def _identity(contact: Contact) -> dict[str, Any]:
    """By what events are known to be this person's, and which contacts it was made of."""
    found = reasons(contact.pk)
    merges = [one for one in found if one.kind == "merged"]
    names = dict(User.objects.filter(pk__in={one.actor_id for one in merges}).values_list("pk", "username"))
    return {
        "visitors": len({one.visitor_id for one in found if one.kind == "linked"}),
        "linked_at": next((one.at for one in reversed(found) if one.kind == "linked"), None),
        "given_up": given_up_ids(contact.pk) if merges else [],
        "merges": [(one.at, identity_in_words(one, names.get(one.actor_id or 0, ""))[1]) for one in merges],
    }


def _names(values: dict[str, Any]) -> list[str]:
    return sorted([*(name for name in values if name != "attributes"), *values.get("attributes", {})])


def _instant(text: str) -> datetime:
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    return found if found and timezone.is_aware(found) else timezone.now()
