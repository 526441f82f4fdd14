"""Forms on the pages of message templates."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from config.lib.addresses import InvalidAddress, normalise_email
from config.lib.errors import DomainError
from config.pages.forms import PageForm
from segments.models import Contact
from templates import services
from templates.drafts import ContentDraft
from templates.models import MessageTemplate, SharedBlockVersion, TemplateContent, TemplateVersion

_SOURCE = {"rows": 24, "cols": 120, "spellcheck": "false"}


class VersionForm(forms.Form):
    """What all languages of a version share."""

    default_language = forms.CharField(max_length=10, initial="en")
    missing_policy = forms.ChoiceField(
        choices=MessageTemplate.MissingPolicy.choices, help_text="For people without a value for a merge tag"
    )
    fallbacks = forms.JSONField(required=False, initial=dict, help_text='{"first_name": "there"}')
    note = forms.CharField(max_length=255, required=False, help_text="What has changed, for the history")

    def clean_fallbacks(self) -> dict[str, str]:
        value = self.cleaned_data["fallbacks"] or {}
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise forms.ValidationError('Write names and texts: {"first_name": "there"}')
        return value


class ContentForm(forms.Form):
    """One language of a version."""

    language = forms.CharField(max_length=10)
    format = forms.ChoiceField(choices=TemplateContent.Format.choices)
    subject = forms.CharField(max_length=500, widget=forms.TextInput({"size": 100}))
    preheader = forms.CharField(max_length=500, required=False, widget=forms.TextInput({"size": 100}))
    body = forms.CharField(strip=False, widget=forms.Textarea(_SOURCE))
    text = forms.CharField(
        strip=False,
        required=False,
        widget=forms.Textarea({**_SOURCE, "rows": 6}),
        help_text="The text part; blank: made from the body",
    )

    def draft(self) -> ContentDraft:
        """The content as given. Only of a valid form."""
        names = ("language", "format", "subject", "body", "preheader", "text")
        return ContentDraft(**{name: _unix_lines(self.cleaned_data[name]) for name in names})


def _unix_lines(text: str) -> str:
    """Browsers send CR LF; a source read from a file and the same one sent by a form are one."""
    return text.replace("\r\n", "\n")


ContentFormSet = forms.formset_factory(ContentForm, extra=0, min_num=1, validate_min=True, can_delete=True)
ExtraContentFormSet = forms.formset_factory(ContentForm, extra=1, min_num=1, validate_min=True, can_delete=True)


class PreviewForm(forms.Form):
    """As whom to look at a version."""

    contact = forms.CharField(max_length=320, required=False, help_text="E-mail address; blank: somebody unknown")
    language = forms.CharField(max_length=10, required=False, help_text="Blank: the contact's")

    def clean_contact(self) -> int | None:
        """The id of the contact: the address does not go into the address bar."""
        if not (given := self.cleaned_data["contact"]):
            return None
        try:
            found = Contact.objects.filter(email=normalise_email(given)).values_list("pk", flat=True).first()
        except InvalidAddress as error:
            raise forms.ValidationError(error.detail) from error
        if found is None:
            raise forms.ValidationError("There is no contact with this address.")
        return found


class BlockForm(forms.ModelForm[Any]):
    """A shared block with the source of its next version."""

    source = forms.CharField(strip=False, widget=forms.Textarea(_SOURCE))
    note = forms.CharField(max_length=255, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current: SharedBlockVersion | None = self.instance.current if self.instance.pk else None
        self.fields["source"].initial = current.source if current else ""

    def clean_name(self) -> str:
        return _checked(services.check_block_name, self.cleaned_data["name"])

    def clean_source(self) -> str:
        return _checked(services.check_block, _unix_lines(self.cleaned_data["source"]))


def _checked(check: Callable[[str], None], value: str) -> str:
    try:
        check(value)
    except DomainError as error:
        raise forms.ValidationError(error.detail) from error
    return value


def initial_of(version: TemplateVersion | None) -> dict[str, Any]:
    """What the form for a new version begins with: what the current one has."""
    if version is None:
        return {"default_language": settings.LANGUAGE_CODE}
    return {
        "default_language": version.default_language,
        "missing_policy": version.missing_policy,
        "fallbacks": version.fallbacks,
    }


_CODE = {"rows": 16, "spellcheck": "false", "autocapitalize": "off", "class": "code-field"}


class NewTemplateForm(PageForm):
    """What a template needs before it can be written."""

    name = forms.CharField(max_length=200, label=_("Name"), help_text=_("Only you and your colleagues see it."))
    subject = forms.CharField(
        max_length=500, label=_("Subject"), help_text=_("What people read first. It can be changed.")
    )
    language = forms.CharField(max_length=10, label=_("Language"), help_text=_("Of this first text: en, de, pt-BR"))


class NewBlockForm(PageForm):
    """A shared block with its first version."""

    name = forms.CharField(
        max_length=200, label=_("Name"), help_text=_("Templates call it by this name, for good: footer")
    )
    source = forms.CharField(
        strip=False, label=_("Source"), widget=forms.Textarea(_CODE), help_text=_("MJML or HTML, with merge tags")
    )

    def clean_source(self) -> str:
        return _unix_lines(self.cleaned_data["source"])


class BlockPageForm(PageForm):
    """The next version of a shared block."""

    source = forms.CharField(strip=False, label=_("Source"), widget=forms.Textarea(_CODE))
    note = forms.CharField(
        max_length=255, required=False, label=_("Note"), help_text=_("What has changed, for the history")
    )
    base = forms.IntegerField(widget=forms.HiddenInput)

    def clean_source(self) -> str:
        return _unix_lines(self.cleaned_data["source"])


class AssetForm(PageForm):
    """What an image shows."""

    alt = forms.CharField(
        max_length=500, required=False, label=_("What it shows"),
        help_text=_("Proposed as alt text where the image is put into a template. Blank: a mere ornament."),
    )  # fmt: skip
