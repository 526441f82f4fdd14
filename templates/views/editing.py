"""What the editor asks for while somebody writes: JSON in, JSON out, each a few lines over a service."""

import json
from dataclasses import asdict
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from config.api.auditing import audit
from config.lib import public_ids
from config.lib.errors import DomainError, FieldError, Invalid, NotFound
from config.pages.views import Page, find
from segments import selectors as people
from segments.models import ContactList, Segment
from segments.selectors.contacts import find_contacts
from templates import framing, mending, previewing, proofing, selectors, services
from templates.drafts import ContentDraft
from templates.errors import RenderFailed, VersionConflict
from templates.findings import Finding
from templates.models import Asset, MessageTemplate
from templates.rendering import Rendered
from templates.services.drafts import MAX_WORK
from templates.work import Work, read_content

_PURPOSES = ("marketing", "transactional")
_WRITE = {"POST": "templates:write"}
_READ = {"POST": "templates:read"}


class Call(Page):
    """The base: a JSON body, a refusal that the editor can put beside what it is about."""

    request: Any

    def given(self) -> dict[str, Any]:
        """The body. Raises Invalid for what is too long or no JSON object."""
        length = int(self.request.headers.get("Content-Length") or 0)
        if length > 4 * MAX_WORK:
            raise Invalid(
                FieldError("/work", _("This is too long. Make it shorter, then it is saved again."), "too_long")
            )
        try:
            found = json.loads(self.request.read())
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Invalid(FieldError("", "This is not JSON."))
        return found

    def refuse(self, error: DomainError) -> HttpResponse:
        errors = [asdict(one) for one in error.errors] if isinstance(error, Invalid) else []
        return JsonResponse({"detail": error.detail, "code": error.code, "errors": errors}, status=error.status)

    def template(self, public_id: str) -> MessageTemplate:
        return find(MessageTemplate.objects.select_related("current"), "template", public_id)


class Keep(Call):
    """Keep what is typed."""

    needs = _WRITE

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        given = self.given()
        work = Work.read(given.get("work"))
        kept = services.keep_draft(
            self.template(public_id), by=_author(request), work=work.json(),
            base=_number(given, "base"), revision=_number(given, "revision"),
        )  # fmt: skip
        return JsonResponse({"revision": kept.revision, "at": kept.updated_at.isoformat()})


class Discard(Call):
    """Forget what was typed and not saved."""

    needs = _WRITE

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        services.discard_draft(self.template(public_id), by=_author(request))
        return JsonResponse({})


class Save(Call):
    """The next version."""

    needs = _WRITE

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        given, template, author = self.given(), self.template(public_id), _author(request)
        work = Work.read(given.get("work"))
        try:
            # not in one transaction with the audit: compiling may take seconds
            version = services.save_version(
                template, contents=work.contents, by=author, note=str(given.get("note", ""))[:255],
                base=_number(given, "base"), **work.policy,
            )  # fmt: skip
        except VersionConflict as error:
            template.refresh_from_db()
            now = template.current.number if template.current else 0
            return JsonResponse({"detail": error.detail, "code": error.code, "current": now}, status=error.status)
        with transaction.atomic():
            services.discard_draft(template, by=author)
            audit(request, "template_saved", "template", template.pk, {"version": version.number})
        return JsonResponse({"version": version.number})


class Look(Call):
    """The message as somebody would get it; the HTML comes by an address of its own, for a frame."""

    needs = _READ

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        given = self.given()
        work = Work.read(given.get("work"))
        try:
            rendered = self._rendered(work, given)
        except NotFound:
            raise
        except DomainError as error:  # what is half written often cannot be shown: an answer, not a failure
            return JsonResponse({"failure": error.detail})
        frame = reverse("content:frame", args=[framing.lend(_author(request).pk, rendered.html)])
        return JsonResponse({"frame": frame if rendered.html else "", **asdict(rendered) | {"html": ""}})

    def _rendered(self, work: Work, given: dict[str, Any]) -> Rendered:
        material, findings = previewing.of_drafts(work.contents, **work.policy)
        language, contact = str(given.get("language", ""))[:10], str(given.get("contact", ""))
        wrong = [one for one in findings if one.level == "error"]
        if wrong and language.lower() not in material.contents:
            where = _("Line %(line)d: ") % {"line": wrong[0].line} if wrong[0].line else ""
            raise RenderFailed(f"{where}{wrong[0].message}.")
        return previewing.show(
            material,
            contact_id=public_ids.decode("contact", contact) if contact and self.may("contacts:read") else None,
            language=language,
            sample=bool(given.get("sample")),
        )


class Lint(Call):
    """What to mend, each finding with what a machine would do about it."""

    needs = _READ

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        given = self.given()
        work = Work.read(given.get("work"))
        purpose = given.get("purpose") if given.get("purpose") in _PURPOSES else "marketing"
        findings = proofing.proof(
            work.contents, purpose=str(purpose), brand_postal_address="", known_fields=people.known_fields(),
            fallbacks=work.fallbacks, missing_policy=work.missing_policy,
        )  # fmt: skip
        return JsonResponse({"findings": [_shown(work, one) for one in findings]})


class Mend(Call):
    """One content with one finding put right."""

    needs = _WRITE

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        given = self.given()
        try:
            draft = read_content(given["content"])
            finding = _read_finding(given["finding"])
        except (KeyError, TypeError, AttributeError) as error:
            raise Invalid(FieldError("", "This is no finding.")) from error
        mended = self._mended(draft, finding)
        if mended is None:
            raise VersionConflict(_("The text has changed meanwhile: look at the finding again."))
        return JsonResponse({"content": asdict(mended)})

    def _mended(self, draft: ContentDraft, finding: Finding) -> ContentDraft | None:
        if finding.number != "W003":
            return mending.mend(draft, finding)
        blocks = {name: source for name, (_number, source) in selectors.current_blocks().items()}
        return mending.write_text_part(draft, blocks)


class Trial(Call):
    """What would be missing for a hundred real people of a segment or list."""

    needs = _READ

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        given = self.given()
        work = Work.read(given.get("work"))
        material, findings = previewing.of_drafts(work.contents, **work.policy)
        if not material.contents:
            raise Invalid(*(FieldError(one.pointer, one.message, one.code) for one in findings))
        found = previewing.trial(material, _some_of(str(given.get("audience", ""))))
        return JsonResponse(
            {
                "people": found.people,
                "skipped": found.skipped,
                "missing": found.missing.most_common(),
                "failed": found.failed.most_common(),
                "examples": {name: public_ids.encode("contact", pk) for name, pk in found.examples.items()},
            }
        )


class People(Call):
    """Contacts to look as, while a name is typed."""

    needs = {"POST": "contacts:read"}  # an address in the query would stay in logs

    def post(self, request: HttpRequest) -> HttpResponse:
        words = str(self.given().get("q", "")).replace("\x00", "")[:200]
        found = find_contacts(words)[:8] if words.strip() else []
        return JsonResponse(
            {
                "people": [
                    {"id": public_ids.encode("contact", one.pk), "name": f"{one.first_name} {one.last_name}".strip(),
                     "email": one.email or one.external_id or ""}
                    for one in found
                ]
            }
        )  # fmt: skip


class Images(Call):
    """Images to put into a message, the newest first."""

    needs = {"GET": "templates:read"}

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = Asset.objects.filter(archived_at=None).prefetch_related("files").order_by("-pk")
        if words := request.GET.get("q", "").replace("\x00", "")[:200]:
            rows = rows.filter(name__icontains=words)
        return JsonResponse({"images": [_image(one) for one in rows[:60]]})


def _image(asset: Asset) -> dict[str, Any]:
    files = list(asset.files.all())
    fit = next((one for one in files if one.width >= min(1200, asset.width)), files[-1])
    return {
        "name": asset.name,
        "alt": asset.alt,
        "small": selectors.image_path(files[0].name),
        "src": selectors.image_address(fit.name),
        "width": min(asset.width, 600),
    }


def _some_of(audience: str) -> list[int]:
    kind, _sep, public_id = audience.partition(":")
    if kind == "list":
        chosen = people.audience(segments=[], lists=[find(ContactList.objects.all(), "list", public_id).pk])
    else:
        chosen = people.audience(segments=[find(Segment.objects.all(), "segment", public_id).pk], lists=[])
    return list(chosen.order_by("pk").values_list("pk", flat=True)[: previewing.MOST_IN_TRIAL])


_NUMBERS = ("line", "column")
_FINDING = ("level", "code", "message", "fix", "pointer", "line", "column", "block")


def _read_finding(given: dict[str, Any]) -> Finding:
    """As `_shown` gave it. Raises TypeError, AttributeError for anything else."""
    words = {name: given.get(name) for name in _FINDING if name not in _NUMBERS}
    numbers = {name: given.get(name) for name in _NUMBERS}
    if not all(isinstance(value, str) for value in words.values()):
        raise TypeError
    if not all(value is None or (type(value) is int and value > 0) for value in numbers.values()):
        raise TypeError
    return Finding(**words, **numbers)  # type: ignore[arg-type]


def _shown(work: Work, finding: Finding) -> dict[str, Any]:
    index = int(finding.pointer.split("/")[2]) if finding.pointer.startswith("/contents/") else 0
    return {**asdict(finding), "number": finding.number, "content": index, "part": finding.pointer.rpartition("/")[2],
            "remedy": mending.remedy_for(work.contents[index], finding)}  # fmt: skip


def _number(given: dict[str, Any], name: str) -> int:
    value = given.get(name)
    return value if isinstance(value, int) and 0 <= value < 2**31 else 0


def _author(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
