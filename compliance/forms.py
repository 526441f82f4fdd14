"""Forms of Settings."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.models import Brand, Sender
from config.api.scopes import SCOPES
from config.pages.forms import PageForm, PageModelForm

_AS = [("program", gettext_lazy("A program of its own, with a role")), ("me", gettext_lazy("Me"))]


_ROLE_WORDS = {
    "viewer": gettext_lazy("Viewer: sees everything but the audit log"),
    "author": gettext_lazy("Author: brings contacts, writes templates, prepares campaigns"),
    "approver": gettext_lazy("Approver: launches, pauses and stops campaigns, suppresses addresses"),
    "admin": gettext_lazy("Admin: all of it, and people, keys and providers"),
}


class KeyForm(PageForm):
    """What a new key is for."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=100, help_text=gettext_lazy("The program that will use it.")
    )
    acts_as = forms.ChoiceField(
        label=gettext_lazy("It acts as"), choices=_AS, initial="program", widget=forms.RadioSelect
    )
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Role of the program"), choices=list(_ROLE_WORDS.items()), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"), choices=[(scope, scope) for scope in SCOPES], widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Never more than whom it acts as may."),
    )  # fmt: skip
    expires_at = forms.DateTimeField(
        label=gettext_lazy("Ends at"), required=False, widget=forms.DateTimeInput({"type": "datetime-local"}),
        help_text=gettext_lazy("UTC. Blank: it does not end by itself."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("acts_as") == "program" and not given.get("roles"):
            self.add_error("roles", _("Without a role it may nothing: choose one."))
        if (ends := given.get("expires_at")) and ends <= timezone.now():
            self.add_error("expires_at", _("That is past: choose a later time, or none."))
        return given


class TagLines(forms.CharField):
    """Texts by name, one a line: `utm_source = news`."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{name} = {text}" for name, text in value.items()) if isinstance(value, dict) else value

    def to_python(self, value: Any) -> Any:
        """Raises ValidationError, naming the line."""
        tags: dict[str, str] = {}
        for line in str(super().to_python(value)).splitlines():
            name, found, text = (part.strip() for part in line.partition("="))
            if line.strip() and not (name and found and text):
                raise forms.ValidationError(_("“%(line)s” is no tag: write utm_source = news.") % {"line": line[:50]})
            tags |= {name: text} if name else {}
        return tags


_BASICS = ("name", "legal_name", "postal_address", "contact_url")


class BrandForm(PageModelForm[Brand]):
    """What the law asks for, and where links lead."""

    utm = TagLines(
        label=gettext_lazy("UTM tags"), required=False, widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy(
            "One a line, added to links that lack them: utm_source = news, utm_campaign = {campaign}; also {brand}."
        ),
    )  # fmt: skip

    class Meta:
        model = Brand
        fields = ["name", "legal_name", "postal_address", "contact_url", "public_base_url", "return_path_domain",
                  "accent_colour", "tracking", "utm"]  # fmt: skip
        labels = {
            "name": gettext_lazy("Name"),
            "legal_name": gettext_lazy("Legal name"),
            "postal_address": gettext_lazy("Postal address"),
            "contact_url": gettext_lazy("Contact page"),
            "public_base_url": gettext_lazy("Address of its links"),
            "return_path_domain": gettext_lazy("Return path domain"),
            "accent_colour": gettext_lazy("Colour of its public pages"),
            "tracking": gettext_lazy("Record opens and clicks"),
        }
        help_texts = {
            "legal_name": gettext_lazy("In the footer of each mail."),
            "postal_address": gettext_lazy("In the footer of each mail: the law asks for it."),
            "contact_url": gettext_lazy("Where readers reach you."),
            "public_base_url": gettext_lazy("Where links in its mails point. Blank: this server."),
            "return_path_domain": gettext_lazy("Takes its bounces. Blank: the domain of the sender."),
            "accent_colour": gettext_lazy(
                "As #1d5bbf, where people unsubscribe and choose what they get. Made darker or lighter there until it "
                "can be read."
            ),
        }
        widgets = {"postal_address": forms.Textarea({"rows": 3})}

    @property
    def basics(self) -> list[forms.BoundField]:
        """What every brand needs; `rest` can wait."""
        return [self[name] for name in _BASICS]

    @property
    def rest(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in _BASICS]

    @property
    def rest_is_wrong(self) -> bool:
        return any(field.errors for field in self.rest)


class SenderForm(PageModelForm[Sender]):
    """Who a mail is from."""

    class Meta:
        model = Sender
        fields = ["from_name", "from_email", "reply_to"]
        labels = {
            "from_name": gettext_lazy("Name"),
            "from_email": gettext_lazy("Address"),
            "reply_to": gettext_lazy("Answers go to"),
        }
        help_texts = {
            "from_name": gettext_lazy("As readers see it in their inbox."),
            "reply_to": gettext_lazy("Blank: to the address above."),
        }


class PersonForm(PageForm):
    """Somebody who signs in."""

    first_name = forms.CharField(label=gettext_lazy("First name"), max_length=150, required=False)
    last_name = forms.CharField(label=gettext_lazy("Last name"), max_length=150, required=False)
    email = forms.EmailField(label=gettext_lazy("E-mail"), help_text=gettext_lazy("Test sends may go there."))
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Roles"), choices=list(_ROLE_WORDS.items()), widget=forms.CheckboxSelectMultiple,
        required=False, help_text=gettext_lazy("They add up. With none somebody may sign in and see nothing."),
    )  # fmt: skip


class NewPersonForm(PersonForm):
    """The same, with the name to sign in by."""

    username = forms.CharField(
        label=gettext_lazy("Name to sign in with"), max_length=150, validators=[User.username_validator]
    )
    field_order = ["username"]


class ChangePersonForm(PersonForm):
    """The same, for one who is here."""

    is_active = forms.BooleanField(
        label=gettext_lazy("May sign in"), required=False, help_text=gettext_lazy("Without it all sessions end.")
    )
