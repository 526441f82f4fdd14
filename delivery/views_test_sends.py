"""Content: a template sent to oneself, before anybody else gets it."""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.models import Sender
from config.api.auditing import audit
from config.lib.addresses import InvalidAddress, normalise_email
from config.pages.forms import FormPage, PageForm
from config.pages.views import find
from delivery.services.test_sends import send_test
from segments.models import Contact
from templates import selectors
from templates.models import MessageTemplate


def _senders() -> QuerySet[Sender]:
    return Sender.objects.filter(archived_at=None, brand__archived_at=None).select_related("brand").order_by("pk")


class _SenderChoice(forms.ModelChoiceField[Sender]):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.brand}: {obj}"


class TestForm(PageForm):
    """To whom, from whom, as whom."""

    to = forms.CharField(max_length=320, label=gettext_lazy("To"), widget=forms.EmailInput,
                         help_text=gettext_lazy("Somebody who works here, or a contact on a seed list."))  # fmt: skip
    sender = _SenderChoice(Sender.objects.none(), label=gettext_lazy("From"), empty_label=None)
    contact = forms.CharField(
        max_length=320,
        required=False,
        label=gettext_lazy("As the contact"),
        help_text=gettext_lazy("An address. Blank: as somebody nothing is known of."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["sender"]
        field.queryset = _senders()

    def clean_to(self) -> str:
        return _normal(self.cleaned_data["to"])

    def clean_contact(self) -> int | None:
        if not (given := self.cleaned_data["contact"].strip()):
            return None
        found = Contact.objects.filter(email=_normal(given)).values_list("pk", flat=True).first()
        if found is None:
            raise forms.ValidationError(_("There is no contact with this address."))
        return found


class TestSend(FormPage):
    """A test of the current version; it is never counted, and the gate has its say."""

    needs = {"GET": "messages:test", "POST": "messages:test"}
    form_class = TestForm
    title = gettext_lazy("Send a test")
    submit = gettext_lazy("Send the test")

    def setup(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.back = reverse("content:template", args=[kwargs["public_id"]])

    def form_kwargs(self) -> dict[str, Any]:
        self.template = find(MessageTemplate.objects.select_related("current"), "template", self.kwargs["public_id"])
        self.version = selectors.current_version(self.template)
        self.crumbs = ((_("Templates"), reverse("content:templates")), (self.template.name, self.back))
        self.sentence = _("Version %(n)d of %(name)s goes out. What is not saved as a version yet stays here.") % {
            "n": self.version.number, "name": self.template.name,
        }  # fmt: skip
        mine = get_user_model().objects.filter(pk=self.request.user.pk or 0).values_list("email", flat=True).first()
        return {"initial": {"to": mine or "", "sender": _senders().first()}}

    def save(self, form: Any) -> HttpResponse:
        given = form.cleaned_data
        send_test(
            version=self.version, brand=given["sender"].brand, sender=given["sender"], to=given["to"],
            contact_id=given["contact"], at=timezone.now(),
        )  # fmt: skip
        audit(self.request, "test_sent", "template", self.template.pk)
        return self.done(_("The test is on its way."), self.back)


def _normal(address: str) -> str:
    try:
        return normalise_email(address)
    except InvalidAddress as error:
        raise forms.ValidationError(error.detail) from error
