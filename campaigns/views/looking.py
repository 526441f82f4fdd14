"""The campaign's message as one person of its audience gets it: whoever is chosen, else the first of them."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns import selectors
from campaigns.forms import WhoForm
from campaigns.models import Campaign, Step
from campaigns.views import outlooks
from campaigns.views.places import author, chip_of, one, url_of
from config.lib import public_ids
from config.lib.addresses import InvalidAddress, normalise_email
from config.lib.errors import DomainError
from config.pages.views import Page
from delivery.preparing import brand_fields
from segments.models import Contact
from segments.selectors.limits import time_limit
from templates import framing, previewing
from templates.models import TemplateVersion
from templates.rendering import Rendered

_CHOSEN = "looks_as"  # in the session: it is asked for again at each change of the plan
_SECONDS = 2.0  # an audience that takes longer is looked at as a made-up person


class _AsForm(WhoForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contact"].label = _("See it as")
        self.fields["contact"].widget.attrs["placeholder"] = _("Address of a contact")


class Look(Page):
    """A part of the builder and of the campaign's page. By POST: an address in the query would stay in histories."""

    needs = {"GET": "campaigns:read", "POST": "campaigns:read"}
    template_name = "campaigns/look.html"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        self._begin(public_id)
        return self._show(_AsForm(auto_id="look_%s"), self._person())

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        """`contact`: the address of whom to look as; `another`: the next of the audience after this contact."""
        self._begin(public_id)
        form = _AsForm(request.POST, auto_id="look_%s")
        if "another" in request.POST:
            form = _AsForm(auto_id="look_%s")
            person = _of_audience(self.campaign, after=_decoded(request.POST["another"])) or _of_audience(self.campaign)
        else:
            person = self._found(form) if form.is_valid() else None
        if person and self.may("contacts:read"):
            request.session[_CHOSEN] = person.pk
        return self._show(form, person or self._person())

    def _begin(self, public_id: str) -> None:
        self.campaign = one(public_id)
        self.title, self.chip = self.campaign.name, chip_of(self.campaign)
        self.crumbs = ((_("Campaigns"), reverse("campaigns:list")), (self.campaign.name, url_of(self.campaign)))

    def _person(self) -> Contact | None:
        if not self.may("contacts:read"):
            return None
        chosen = Contact.objects.filter(pk=self.request.session.get(_CHOSEN, 0)).first()
        return chosen or _of_audience(self.campaign)

    def _found(self, form: Any) -> Contact | None:
        try:
            email = normalise_email(form.cleaned_data["contact"])
        except InvalidAddress as error:
            form.add_error("contact", error.detail)
            return None
        found = Contact.objects.filter(email=email).first() if self.may("contacts:read") else None
        if found is None:
            form.add_error("contact", _("There is no contact with this address."))
        return found

    def _show(self, form: Any, person: Contact | None) -> HttpResponse:
        template = "campaigns/message_look.html" if self.htmx else self.template_name
        wrong = 422 if form.errors else 200
        return self.render(template, status=wrong, who=form, person=person, campaign=self.campaign,
                           **self._message(person))  # fmt: skip

    def _message(self, person: Contact | None) -> dict[str, Any]:
        version = _version(self.campaign)
        shown: dict[str, Any] = {"public_id": self.kwargs["public_id"], "version": version}
        if version is None or not self.may("templates:read"):
            return shown
        shown["template_id"] = public_ids.encode("template", version.template_id)
        shown["person_id"] = public_ids.encode("contact", person.pk) if person else ""
        shown["mail"], shown["trouble"] = outlooks.softly(_rendered, version, self.campaign, person)
        if shown["mail"] and shown["mail"].html:
            token = framing.lend(author(self.request).pk, shown["mail"].html)
            shown["frame"] = reverse("content:frame", args=[token])
        return shown


def _version(campaign: Campaign) -> TemplateVersion | None:
    """The one its launch has pinned, else the one that a launch would pin."""
    step = Step.objects.filter(version__campaign=campaign, kind="send").order_by("pk").last()
    if step is not None:
        return TemplateVersion.objects.filter(pk=step.config["template_version_id"]).first()
    return campaign.template.current if campaign.template else None


def _rendered(version: TemplateVersion, campaign: Campaign, person: Contact | None) -> Rendered:
    """Raises RenderFailed, MissingMergeTag, TooCostly."""
    brand = brand_fields(campaign.brand) if campaign.brand else None
    return previewing.preview(version, contact_id=person.pk if person else None, sample=person is None, brand=brand)


def _of_audience(campaign: Campaign, *, after: int = 0) -> Contact | None:
    """The next of its audience with an address."""
    people = selectors.audience_of(campaign).filter(pk__gt=after).exclude(email=None).order_by("pk")
    try:
        with time_limit(_SECONDS):
            return people.first()
    except DomainError:
        return None


def _decoded(public_id: str) -> int:
    """Raises NotFound."""
    return public_ids.decode("contact", public_id) if public_id else 0
