"""Message templates from the command line."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from config.lib.addresses import normalise_email
from segments.models import Contact
from segments.selectors.contacts import known_fields
from templates import previewing, proofing, selectors, services
from templates.drafts import ContentDraft
from templates.errors import TemplateNotFound
from templates.findings import Finding
from templates.models import MessageTemplate, TemplateContent, TemplateVersion

FORMATS = TemplateContent.Format.values


class Command(BaseCommand):
    help = "Save, proof, preview and roll back message templates; save shared blocks."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        save = verbs.add_parser("save", help="save a file as the next version; the template is made when it is new")
        save.add_argument("name")
        source = save.add_mutually_exclusive_group(required=True)
        for kind in FORMATS:
            source.add_argument(f"--{kind}", type=Path, metavar="FILE", help=f"the body, as {kind}")
        save.add_argument("--subject", required=True)
        save.add_argument("--preheader", default="")
        save.add_argument("--text-part", type=Path, metavar="FILE", help="the text part; else made from the body")
        save.add_argument("--language", default="en", help="other languages of the template stay as they are")
        save.add_argument("--missing", choices=MessageTemplate.MissingPolicy.values, help="people without a value")
        save.add_argument("--fallback", action="append", default=[], metavar="NAME=TEXT", help="may be repeated")
        save.add_argument("--note", default="")
        lint = verbs.add_parser("lint", help="what to mend; exit code 1 when there are errors")
        lint.add_argument("--purpose", choices=["marketing", "transactional"], default="marketing")
        lint.add_argument("--postal-address", default="", help="of the brand; else its merge tag is looked for")
        preview = verbs.add_parser("preview", help="the message as a contact gets it")
        preview.add_argument("--contact", help="e-mail address; else somebody unknown")
        preview.add_argument("--language", default="")
        preview.add_argument("--part", choices=["all", "html", "text"], default="all")
        history = verbs.add_parser("history", help="all versions")
        rollback = verbs.add_parser("rollback", help="a new version with the contents of an old one")
        for verb in (lint, preview, history, rollback):
            verb.add_argument("name")
        for verb in (lint, preview):
            verb.add_argument("--number", type=int, help="of the version; else the current one")
        rollback.add_argument("number", type=int)
        block = verbs.add_parser("block", help="save a file as the next version of a shared block")
        block.add_argument("name")
        block.add_argument("file", type=Path)

    def handle(self, *, verb: str, **options: Any) -> None:
        getattr(self, f"_{verb}")(argparse.Namespace(**options))

    def _save(self, given: argparse.Namespace) -> None:
        kind, file = next((kind, path) for kind in FORMATS if (path := getattr(given, kind)))
        draft = ContentDraft(
            language=given.language,
            format=kind,
            subject=given.subject,
            body=_read(file),
            preheader=given.preheader,
            text=_read(given.text_part) if given.text_part else "",
        )
        with transaction.atomic():  # what cannot be saved leaves no empty template behind
            try:
                template = selectors.template(given.name)
            except TemplateNotFound:
                template = services.create_template(name=given.name, by=None)
            changes = _version(template.current, draft, given)
            version = services.save_version(template, by=None, note=given.note, **changes)
        self.stdout.write(f"{template}: {version}, merge tags: {', '.join(selectors.merge_tags(version)) or 'none'}")

    def _lint(self, given: argparse.Namespace) -> None:
        findings = proofing.proof(
            _chosen(given),
            purpose=given.purpose,
            brand_postal_address=given.postal_address,
            known_fields=known_fields(),
        )
        for finding in findings:
            self.stdout.write(_line(finding))
        errors = sum(finding.level == "error" for finding in findings)
        if errors:
            raise CommandError(f"{errors} errors, {len(findings) - errors} warnings", returncode=1)
        self.stdout.write(f"no errors, {len(findings)} warnings")

    def _preview(self, given: argparse.Namespace) -> None:
        contact = None
        if given.contact:
            contact = Contact.objects.filter(email=normalise_email(given.contact)).first()
            if contact is None:
                raise CommandError(f"There is no contact {given.contact!r}.")
        rendered = previewing.preview(
            _chosen(given), contact_id=contact.pk if contact else None, language=given.language
        )
        if given.part != "all":
            self.stdout.write(getattr(rendered, given.part))
            return
        self.stdout.write(f"Subject: {rendered.subject}\nPreheader: {rendered.preheader}\n\n{rendered.text}")

    def _history(self, given: argparse.Namespace) -> None:
        template = selectors.template(given.name)
        for version in selectors.history(template):
            mark = "*" if version.pk == template.current_id else " "
            languages = ", ".join(version.contents.values_list("language", flat=True))
            self.stdout.write(
                f"{mark} {version.number:>3}  {version.created_at:%Y-%m-%d %H:%M}  {languages}  {version.note}"
            )

    def _rollback(self, given: argparse.Namespace) -> None:
        template = selectors.template(given.name)
        version = services.roll_back(template, given.number, by=None)
        self.stdout.write(f"{template}: {version}, with the contents of version {given.number}")

    def _block(self, given: argparse.Namespace) -> None:
        source = _read(given.file)
        block = selectors.find_block(given.name)
        if block is None:
            block = services.create_block(name=given.name, source=source, by=None)
            version = block.current
        else:
            version = services.save_block(block, source=source, by=None)
        self.stdout.write(f"shared block {block}: {version}")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read as UTF-8 text: {error}") from error


def _version(current: TemplateVersion | None, draft: ContentDraft, given: argparse.Namespace) -> dict[str, Any]:
    """The whole next version: this content beside the other languages, and the policy as it was unless given."""
    others = [other for other in selectors.drafts(current) if other.language != draft.language] if current else []
    fallbacks = dict(current.fallbacks) if current else {}
    for pair in given.fallback:
        name, _, value = pair.partition("=")
        fallbacks[name] = value
    return {
        "contents": [draft, *others],
        "default_language": current.default_language if current else draft.language,
        "missing_policy": given.missing or (current.missing_policy if current else "fallback"),
        "fallbacks": fallbacks,
    }


def _chosen(given: argparse.Namespace) -> TemplateVersion:
    template = selectors.template(given.name)
    return selectors.version(template, given.number) if given.number else selectors.current_version(template)


def _line(finding: Finding) -> str:
    where = finding.pointer + (f":{finding.line}:{finding.column}" if finding.line else "")
    return f"{finding.level:<7} {finding.code}  {where}  {finding.message}. {finding.fix}."
