"""Every page of the product by name: what the accessibility test, the screenshots and `bench pages` go over.

A part of the product that brings a page adds its line. A page that shows one row names which; without such a row the
page is left out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Model
from django.urls import reverse

from campaigns.models import Campaign
from compliance.models import Brand, Sender
from config.lib import public_ids
from delivery.mailbox.store import Mailbox
from delivery.models import MailboxProvider, ProviderAccount
from segments.models import Attribute, BulkJob, Contact, ContactList, Import, Segment, WriteKey
from segments.selectors.quarantine import groups
from segments.views.quarantine import url_of as quarantine_group
from templates.models import Asset, MessageTemplate, SharedBlock


@dataclass(frozen=True)
class Entry:
    """A page: its name (of the screenshot, too), and what gives its address, or None when there is nothing to show."""

    name: str
    url: Callable[[], str | None]
    signed_in: bool = True


def _at(url_name: str) -> Callable[[], str]:
    return lambda: reverse(url_name)


def _of(url_name: str, model: type[Model], kind: str, **which: Any) -> Callable[[], str | None]:
    """The page of the first row that fits; its address takes one public id."""

    def url() -> str | None:
        pk = model._default_manager.filter(**which).order_by("pk").values_list("pk", flat=True).first()  # noqa: SLF001
        return None if pk is None else reverse(url_name, args=[public_ids.encode(kind, pk)])

    return url


def _newest_mail() -> str | None:
    mails = Mailbox(settings.MAILBOX_DIR).page(size=1).mails
    return reverse("mailbox:mail", args=[mails[0].key]) if mails else None


def _of_list_export() -> str | None:
    pk = ContactList.objects.order_by("pk").values_list("pk", flat=True).first()
    return None if pk is None else reverse("exports:new", args=["list", public_ids.encode("list", pk)])


def _of_attribute() -> str | None:
    name = Attribute.objects.order_by("name").values_list("name", flat=True).first()
    return None if name is None else reverse("audience:attribute", args=[name])


def _of_quarantine() -> str | None:
    return next((quarantine_group(one) for one in groups()), None)


PAGES: tuple[Entry, ...] = (
    Entry("sign-in", _at("sign-in"), signed_in=False),
    Entry("home", _at("home")),
    Entry("campaigns", _at("campaigns:list")),
    Entry("campaigns-calendar", _at("campaigns:calendar")),
    Entry("campaign-new", _at("campaigns:new")),
    Entry("campaign", _of("campaigns:campaign", Campaign, "campaign", launched_at__isnull=False)),
    Entry("campaign-problems", _of("campaigns:problems", Campaign, "campaign", launched_at__isnull=False)),
    Entry("campaign-timeline", _of("campaigns:timeline", Campaign, "campaign", launched_at__isnull=False)),
    Entry("campaign-audience", _of("campaigns:audience", Campaign, "campaign", state="draft", archived_at=None)),
    Entry("campaign-content", _of("campaigns:content", Campaign, "campaign", state="draft", archived_at=None)),
    Entry("campaign-schedule", _of("campaigns:schedule", Campaign, "campaign", state="draft", archived_at=None)),
    Entry("campaign-review", _of("campaigns:review", Campaign, "campaign", state="draft", archived_at=None)),
    Entry("contacts", _at("audience:contacts")),
    Entry("contact-new", _at("audience:contact-new")),
    Entry("contact", _of("audience:contact", Contact, "contact")),
    Entry("contact-edit", _of("audience:contact-edit", Contact, "contact")),
    Entry("contact-merge", _of("audience:contact-merge", Contact, "contact")),
    Entry("lists", _at("audience:lists")),
    Entry("list-new", _at("audience:list-new")),
    Entry("list", _of("audience:list", ContactList, "list")),
    Entry("list-edit", _of("audience:list-edit", ContactList, "list")),
    Entry("imports", _at("audience:imports")),
    Entry("import-new", _at("audience:import-new")),
    Entry("import", _of("audience:import", Import, "import", state="completed")),
    Entry("event-types", _at("audience:event-types")),
    Entry("event-type-new", _at("audience:event-type-new")),
    Entry("event-type", lambda: reverse("audience:event-type", args=["order_completed"])),
    Entry("event-type-version", lambda: reverse("audience:event-type-version", args=["order_completed"])),
    Entry("attributes", _at("audience:attributes")),
    Entry("attribute-new", _at("audience:attribute-new")),
    Entry("attribute", _of_attribute),
    Entry("quarantine", _at("audience:quarantine")),
    Entry("quarantine-group", _of_quarantine),
    Entry("jobs", _at("audience:jobs")),
    Entry("job", _of("audience:job", BulkJob, "bulk_job")),
    Entry("exports", _at("exports:list")),
    Entry("export-new", _of_list_export),
    Entry("segments", _at("segments:list")),
    Entry("rfm", _at("segments:rfm")),
    Entry("segment-new", _at("segments:new")),
    Entry("segment", _of("segments:segment", Segment, "segment")),
    Entry("segment-edit", _of("segments:edit", Segment, "segment")),
    Entry("segment-members", _of("segments:members", Segment, "segment")),
    Entry("segment-over-time", _of("segments:over-time", Segment, "segment")),
    Entry("segment-was-in", _of("segments:was-in", Segment, "segment")),
    Entry("segment-history", _of("segments:history", Segment, "segment")),
    Entry("templates", _at("content:templates")),
    Entry("template-gallery", _at("content:gallery")),
    Entry("template-new", lambda: f"{reverse('content:template-new')}?starter=promotion"),
    Entry("template", _of("content:template", MessageTemplate, "template")),
    Entry("template-history", _of("content:history", MessageTemplate, "template")),
    Entry("template-test", _of("content_tests:test", MessageTemplate, "template")),
    Entry("blocks", _at("content:blocks")),
    Entry("block-new", _at("content:block-new")),
    Entry("block", _of("content:block", SharedBlock, "block")),
    Entry("assets", _at("content:assets")),
    Entry("asset", _of("content:asset", Asset, "asset")),
    Entry("sending", _at("sending:sending")),
    Entry("sending-unknown", _at("sending:unknowns")),
    Entry("sending-dead-letters", _at("sending:dead-letters")),
    Entry("mailbox", _at("mailbox:list")),
    Entry("mailbox-mail", _newest_mail),
    Entry("mailbox-providers", _at("sending:providers")),
    Entry("mailbox-provider-new", _at("sending:provider-new")),
    Entry("mailbox-provider", _of("sending:provider", MailboxProvider, "mailbox_provider")),
    Entry("suppressions", _at("trust:suppressions")),
    Entry("suppress", _at("trust:suppress")),
    Entry("suppress-file", _at("trust:import")),
    Entry("audit", _at("trust:audit")),
    Entry("settings-brands", _at("settings:brands")),
    Entry("settings-brand-new", _at("settings:brand-new")),
    Entry("settings-brand", _of("settings:brand", Brand, "brand")),
    Entry("settings-sender", _of("settings:sender", Sender, "sender")),
    Entry("settings-accounts", _at("accounts:list")),
    Entry("settings-account-kinds", _at("accounts:new")),
    Entry("settings-account-new", lambda: reverse("accounts:new-of", args=["smtp"])),
    Entry("settings-account", _of("accounts:account", ProviderAccount, "provider_account")),
    Entry("settings-people", _at("settings:people")),
    Entry("settings-person-new", _at("settings:person-new")),
    Entry("settings-person", _of("settings:person", User, "user")),
    Entry("settings-keys", _at("settings:keys")),
    Entry("settings-key-new", _at("settings:key-new")),
    Entry("settings-write-keys", _at("write_keys:list")),
    Entry("settings-write-key-new", _at("write_keys:new")),
    Entry("settings-write-key", _of("write_keys:key", WriteKey, "write_key")),
    Entry("settings-password", _at("password")),
)


def addresses() -> Iterator[tuple[Entry, str]]:
    """Each page that there is something to show on, with its address."""
    for entry in PAGES:
        if url := entry.url():
            yield entry, url
