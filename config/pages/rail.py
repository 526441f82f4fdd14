"""The rail: eight words, the same order everywhere, each with the lists below it that exist so far."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config.pages.access import SIGNED_IN, allows


@dataclass(frozen=True)
class Item:
    """A list in a section: its words, the name of its address, and what one needs to see it."""

    label: Promise
    url_name: str
    need: str | tuple[str, ...]
    in_production: bool = True


@dataclass(frozen=True)
class Section:
    """One of the eight words; it opens on the first of its items that somebody may see."""

    key: str
    label: Promise
    items: tuple[Item, ...]


# A part of the product that brings a page adds its line here.
RAIL = (
    Section("home", _("Home"), (Item(_("Home"), "home", SIGNED_IN),)),
    Section(
        "campaigns",
        _("Campaigns"),
        (
            Item(_("All campaigns"), "campaigns:list", "campaigns:read"),
            Item(_("Calendar"), "campaigns:calendar", "campaigns:read"),
        ),
    ),
    Section(
        "audience",
        _("Audience"),
        (
            Item(_("Contacts"), "audience:contacts", "contacts:read"),
            Item(_("Lists"), "audience:lists", "contacts:read"),
            Item(_("Segments"), "segments:list", "segments:read"),
            Item(_("RFM"), "segments:rfm", "segments:read"),
            Item(_("Imports"), "audience:imports", "imports:read"),
            Item(_("Events"), "audience:event-types", "events:read"),
            Item(_("Attributes"), "audience:attributes", "contacts:read"),
            Item(_("Bulk jobs"), "audience:jobs", "contacts:read"),
        ),
    ),
    Section(
        "content",
        _("Content"),
        (
            Item(_("Templates"), "content:templates", "templates:read"),
            Item(_("Shared blocks"), "content:blocks", "templates:read"),
            Item(_("Assets"), "content:assets", "templates:read"),
        ),
    ),
    Section("results", _("Results"), (Item(_("Exports"), "exports:list", ("contacts:export", "campaigns:read")),)),
    Section(
        "delivery",
        _("Delivery"),
        (
            Item(_("Sending"), "sending:sending", "messages:read"),
            Item(_("Mailbox"), "mailbox:list", "messages:read", in_production=False),
        ),
    ),
    Section(
        "trust",
        _("Trust"),
        (
            Item(_("Suppressions"), "trust:suppressions", "suppressions:read"),
            Item(_("Audit log"), "trust:audit", "audit:read"),
        ),
    ),
    Section(
        "settings",
        _("Settings"),
        (
            Item(_("Brands"), "settings:brands", "compliance.view_brand"),
            Item(_("Provider accounts"), "accounts:list", "provider_accounts:read"),
            Item(_("People"), "settings:people", "auth.view_user"),
            Item(_("API keys"), "settings:keys", "compliance.view_apikey"),
            Item(_("Write keys"), "write_keys:list", "segments.view_writekey"),
            Item(_("Password"), "password", SIGNED_IN),
        ),
    ),
)


@dataclass(frozen=True)
class Link:
    """An entry as one reader sees it."""

    key: str
    label: Promise
    url: str
    here: bool  # the page one is on, or above it
    exact: bool
    items: tuple["Link", ...] = ()


def rail_for(user: Any, path: str) -> list[Link]:
    """What somebody may open, with the place one is at."""
    links = [(section, tuple(_items(section, user))) for section in RAIL]
    nearest = _nearest(path, [url for _section, items in links for _item, url in items])
    return [_link(section, items, nearest, path) for section, items in links if items]


def _items(section: Section, user: Any) -> Iterator[tuple[Item, str]]:
    there = (item for item in section.items if item.in_production or not settings.PRODUCTION)
    return ((item, reverse(item.url_name)) for item in there if allows(user, item.need))


def _nearest(path: str, urls: list[str]) -> str:
    """The longest address that the path lies below."""
    above = [url for url in urls if path == url or (url != "/" and path.startswith(url.rstrip("/") + "/"))]
    return max(above, key=len, default="")


def _link(section: Section, items: tuple[tuple[Item, str], ...], nearest: str, path: str) -> Link:
    below = tuple(Link(item.url_name, item.label, url, url == nearest, url == path) for item, url in items)
    here = any(link.here for link in below)
    shown = below if len(below) > 1 else ()
    return Link(section.key, section.label, below[0].url, here, below[0].exact, shown)


def pages_for(user: Any) -> Iterator[tuple[str, str]]:
    """(words, address) of every entry somebody may open, for the search."""
    for section in RAIL:
        for item, url in _items(section, user):
            words = str(section.label) if len(section.items) == 1 else f"{section.label}: {item.label}"
            yield words, url
