"""Pages about the versions of a template: the form for the next one, previews, rolling back."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode

from config.lib.errors import DomainError, Invalid
from segments.selectors.contacts import known_fields
from templates import framing, previewing, proofing, selectors, services
from templates.drafts import ContentDraft
from templates.findings import Finding
from templates.forms import ContentFormSet, ExtraContentFormSet, PreviewForm, VersionForm, initial_of
from templates.models import MessageTemplate, TemplateVersion
from templates.rendering import Rendered


class VersionPages(admin.ModelAdmin[MessageTemplate]):
    """The pages below the one of a template."""

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, tuple[str, Callable[..., HttpResponse]]] = {
            "new/": ("templates_new_version", self.new_version),
            "<int:number>/preview/": ("templates_preview", self.preview),
            "<int:number>/mail/": ("templates_mail", self.mail),
            "<int:number>/roll-back/": ("templates_roll_back", self.roll_back),
        }
        mine = [
            path(f"<int:pk>/versions/{route}", self.admin_site.admin_view(view), name=name)
            for route, (name, view) in pages.items()
        ]
        return [*mine, *super().get_urls()]

    def _find(self, request: HttpRequest, pk: int, *, to_change: bool) -> MessageTemplate:
        template = MessageTemplate.objects.select_related("current").filter(pk=pk).first()
        if template is None:
            raise Http404
        allowed = self.has_change_permission if to_change else self.has_view_permission
        if not allowed(request, template):
            raise PermissionDenied
        return template

    def _version(self, request: HttpRequest, pk: int, number: int) -> TemplateVersion:
        try:
            return selectors.version(self._find(request, pk, to_change=False), number)
        except DomainError as error:
            raise Http404(error.detail) from error

    def _page(self, request: HttpRequest, name: str, title: str, **context: object) -> TemplateResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"templates/{name}.html", shared | context)

    # The form for a new version

    def new_version(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Shows the current sources; `proof` checks what is in the form, `save` makes a version of it."""
        template = self._find(request, pk, to_change=True)
        form, contents = _version_forms(request, template.current)
        findings: list[Finding] = []
        if request.method == "POST" and form.is_valid() and contents.is_valid():
            drafts = [
                item.draft() for item in contents.forms if item.cleaned_data and item not in contents.deleted_forms
            ]
            if "save" in request.POST and self._save(request, template, form, drafts):
                return HttpResponseRedirect(reverse("admin:templates_messagetemplate_change", args=[pk]))
            findings = proof(request, drafts, form.cleaned_data)
        title = f"New version of {template}"
        return self._page(
            request, "version_form", title, original=template, form=form, contents=contents, findings=findings
        )

    def _save(
        self, request: HttpRequest, template: MessageTemplate, form: VersionForm, drafts: list[ContentDraft]
    ) -> bool:
        try:
            version = services.save_version(template, contents=drafts, by=cast(User, request.user), **form.cleaned_data)
        except Invalid as error:
            for item in error.errors:
                if not item.code.startswith("message_templates."):  # those are among the findings
                    form.add_error(None, item.detail)
        except DomainError as error:
            form.add_error(None, error.detail)
        else:
            self.message_user(request, f"{template} has {version}.", messages.SUCCESS)
            return True
        return False

    # Looking at a version

    def preview(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """The message as a chosen contact gets it; the HTML comes in a frame of its own (`mail`)."""
        version = self._version(request, pk, number)
        form = PreviewForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            query = {name: value for name, value in form.cleaned_data.items() if value}
            return HttpResponseRedirect(f"{request.path}?{urlencode(query)}")
        rendered, failure = None, ""
        try:
            rendered = _rendered(request, version)
        except DomainError as error:
            failure = error.detail
        return self._page(
            request,
            "preview",
            f"{version.template}, {version}",
            original=version.template,
            version=version,
            form=form,
            rendered=rendered,
            failure=failure,
            mail_url=f"{reverse('admin:templates_mail', args=[pk, number])}?{request.GET.urlencode()}",
        )

    def mail(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """Only the HTML of the message, for the frame."""
        return _mail(request, self._version(request, pk, number))

    def roll_back(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """Make a new version with the contents of this one."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        template = self._find(request, pk, to_change=True)
        version = services.roll_back(template, number, by=cast(User, request.user))
        self.message_user(request, f"{template} has {version}, with the contents of version {number}.")
        return HttpResponseRedirect(reverse("admin:templates_messagetemplate_change", args=[pk]))


def _version_forms(request: HttpRequest, current: TemplateVersion | None) -> tuple[VersionForm, Any]:
    if request.method == "POST":
        return VersionForm(request.POST), ContentFormSet(request.POST, prefix="contents")
    sources = selectors.drafts(current) if current else []
    initial = [asdict(draft) for draft in sources] or [{"language": "en", "format": "mjml"}]
    formset = ExtraContentFormSet if "language" in request.GET else ContentFormSet
    return VersionForm(initial=initial_of(current)), formset(initial=initial, prefix="contents")


def proof(
    request: HttpRequest, subject: TemplateVersion | list[ContentDraft], policy: dict[str, Any] | None = None
) -> list[Finding]:
    """As for marketing; which brand sends it is not known here, so the merge tag for its address is looked for."""
    chosen = {name: policy[name] for name in ("fallbacks", "missing_policy")} if policy else {}
    try:
        return proofing.proof(
            subject, purpose="marketing", brand_postal_address="", known_fields=known_fields(), **chosen
        )
    except DomainError as error:
        messages.error(request, error.detail)
        return []


def _rendered(request: HttpRequest, version: TemplateVersion) -> Rendered:
    contact = request.GET.get("contact", "")
    return previewing.preview(
        version, contact_id=int(contact) if contact.isdigit() else None, language=request.GET.get("language", "")[:10]
    )


def _mail(request: HttpRequest, version: TemplateVersion) -> HttpResponse:
    try:
        html = _rendered(request, version).html
    except DomainError as error:
        return HttpResponse(error.detail, content_type="text/plain; charset=utf-8", status=error.status)
    return framing.framed(request, html or "This message has no HTML.")
