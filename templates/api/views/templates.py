"""Message templates: saved by versions, proofed, previewed."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from config.api.auditing import audit
from config.api.endpoints import Endpoint, find, shown
from config.api.parameters import choice, flag, ident, text
from config.lib import public_ids
from config.lib.errors import DomainError
from segments.selectors import known_fields
from templates import previewing, proofing, selectors, services
from templates.api.serializers import (
    Lint,
    LintBody,
    Preview,
    PreviewBody,
    TemplateBody,
    TemplateDetail,
    TemplateShown,
    VersionBody,
    VersionShown,
    drafts,
)
from templates.findings import Finding
from templates.models import MessageTemplate, TemplateVersion

_PURPOSES = ["marketing", "transactional"]
_WHOLE = MessageTemplate.objects.select_related("current").prefetch_related("current__contents")


class Templates(Endpoint):
    scopes = {"GET": "templates:read", "POST": "templates:write"}

    @extend_schema(
        operation_id="list_templates",
        parameters=[text("name", "Part of the name"), flag("archived", "Those put away instead")],
        responses=TemplateShown(many=True),
    )
    def get(self, request: Any) -> Response:
        """All templates, the newest first."""
        rows = MessageTemplate.objects.filter(archived_at__isnull=not self.flag("archived")).select_related("current")
        if part := request.query_params.get("name"):
            rows = rows.filter(name__icontains=part)
        return self.page(rows, TemplateShown)

    @extend_schema(operation_id="create_template", request=TemplateBody, responses={201: TemplateDetail})
    def post(self, request: Any) -> Response:
        """A new template with its first version, compiled."""
        body = self.body(TemplateBody)
        template = services.create_template(name=body.pop("name"), by=request.user)
        try:
            # not in one transaction: compiling may take seconds
            _save(template, body, request)
        except DomainError:
            template.delete()
            raise
        audit(request, "template_created", "template", template.pk, {"name": [None, template.name]})
        made = _WHOLE.get(pk=template.pk)
        location = f"/api/v1/templates/{public_ids.encode('template', made.pk)}"
        return shown(TemplateDetail(made).data, status=201, row=made, location=location)


class OneTemplate(Endpoint):
    scopes = {"GET": "templates:read", "DELETE": "templates:write"}

    @extend_schema(operation_id="get_template", parameters=[ident()], responses=TemplateDetail)
    def get(self, request: Any, public_id: str) -> Response:
        """One template with its current version."""
        template = find(_WHOLE, "template", public_id)
        return shown(TemplateDetail(template).data, row=template)

    @extend_schema(operation_id="archive_template", parameters=[ident()], responses={204: None})
    def delete(self, request: Any, public_id: str) -> Response:
        """Take a template out of the choices; versions in use stay as they are."""
        with transaction.atomic():
            template = find(MessageTemplate.objects.select_for_update(), "template", public_id)
            self.check_unchanged(template)
            services.archive(template)
            audit(request, "template_archived", "template", template.pk)
        return Response(status=204)


class RestoreTemplate(Endpoint):
    scopes = {"POST": "templates:write"}

    @extend_schema(operation_id="restore_template", parameters=[ident()], request=None, responses=TemplateDetail)
    def post(self, request: Any, public_id: str) -> Response:
        """Offer a template again that was put away."""
        with transaction.atomic():
            template = find(MessageTemplate.objects, "template", public_id)
            services.restore(template)
            audit(request, "template_restored", "template", template.pk)
        return Response(TemplateDetail(_WHOLE.get(pk=template.pk)).data)


class Versions(Endpoint):
    scopes = {"GET": "templates:read", "POST": "templates:write"}

    @extend_schema(operation_id="list_template_versions", parameters=[ident()], responses=VersionShown(many=True))
    def get(self, request: Any, public_id: str) -> Response:
        """All versions of a template, the newest first."""
        template = find(MessageTemplate.objects, "template", public_id)
        return self.page(template.versions.prefetch_related("contents"), VersionShown)

    @extend_schema(
        operation_id="save_template_version", parameters=[ident()], request=VersionBody, responses={201: VersionShown}
    )
    def post(self, request: Any, public_id: str) -> Response:
        """The next version. One that would change nothing gives the version that is current."""
        body = self.body(VersionBody)
        template = find(MessageTemplate.objects.select_related("current"), "template", public_id)
        self.check_unchanged(template)
        version = _save(template, body, request)
        audit(request, "template_saved", "template", template.pk, {"version": version.number})
        return Response(VersionShown(version).data, status=201)


class RollBack(Endpoint):
    scopes = {"POST": "templates:write"}

    @extend_schema(operation_id="roll_back_template", parameters=[ident()], request=None, responses={201: VersionShown})
    def post(self, request: Any, public_id: str, number: int) -> Response:
        """A new version with the contents of an old one, byte for byte."""
        template = find(MessageTemplate.objects, "template", public_id)
        with transaction.atomic():
            version = services.roll_back(template, number, by=request.user)
            audit(request, "template_rolled_back", "template", template.pk, {"to": number, "version": version.number})
        return Response(VersionShown(version).data, status=201)


class LintDrafts(Endpoint):
    scopes = {"POST": "templates:read"}

    @extend_schema(operation_id="lint_contents", request=LintBody, responses=Lint)
    def post(self, request: Any) -> Response:
        """What is wrong with contents that are not saved yet; nothing is kept."""
        body = self.body(LintBody)
        findings = proofing.proof(
            drafts(body["contents"]), purpose=body["purpose"], brand_postal_address=body["postal_address"],
            known_fields=known_fields(), fallbacks=body["fallbacks"], missing_policy=body["missing_policy"],
        )  # fmt: skip
        return Response(_lint(findings))


class LintTemplate(Endpoint):
    scopes = {"GET": "templates:read"}

    @extend_schema(
        operation_id="lint_template",
        parameters=[ident(), choice("purpose", "Of the campaign; marketing unless given", _PURPOSES)],
        responses=Lint,
    )
    def get(self, request: Any, public_id: str) -> Response:
        """What is wrong with the current version of a template."""
        purpose = self.choices(purpose=_PURPOSES).get("purpose", "marketing")
        version = selectors.current_version(
            find(MessageTemplate.objects.select_related("current"), "template", public_id)
        )
        findings = proofing.proof(version, purpose=purpose, brand_postal_address="", known_fields=known_fields())
        return Response(_lint(findings))


class PreviewTemplate(Endpoint):
    scopes = {"POST": "templates:read"}

    @extend_schema(operation_id="preview_template", parameters=[ident()], request=PreviewBody, responses=Preview)
    def post(self, request: Any, public_id: str) -> Response:
        """A template as one contact would get it."""
        body = self.body(PreviewBody)
        template = find(MessageTemplate.objects.select_related("current"), "template", public_id)
        number = body.get("version")
        version = selectors.version(template, number) if number else selectors.current_version(template)
        seen = previewing.preview(version, contact_id=body.get("contact_id"), language=body.get("language", ""))
        return Response(Preview(seen).data)


def _save(template: MessageTemplate, body: Mapping[str, Any], request: Any) -> TemplateVersion:
    return services.save_version(
        template, contents=drafts(body["contents"]), by=request.user, default_language=body["default_language"],
        missing_policy=body["missing_policy"], fallbacks=body["fallbacks"], note=body["note"],
    )  # fmt: skip


def _lint(findings: list[Finding]) -> Any:
    return Lint({"ok": not any(one.level == "error" for one in findings), "findings": findings}).data
