"""What a campaign lacks on our side of the wire: asked before its launch, since afterwards every message would fail."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host

from compliance.models import Brand, Sender
from config.lib.errors import DomainError, FieldError
from delivery.models import ProviderAccount
from delivery.preparing import letterhead, links_base
from segments.models import ContactList

_LOOPBACK = ("127.", "localhost", "::1")


def problems(brand: Brand, sender: Sender, to_list: ContactList | None) -> list[FieldError]:
    """Headers that cannot be written, and links that would not work; empty when mails can go out."""
    return [*_unwritable(brand, sender, to_list), *_dead_links(brand)]


def _unwritable(brand: Brand, sender: Sender, to_list: ContactList | None) -> Iterator[FieldError]:
    try:
        letterhead(brand, sender, to_list, marketing=True).assemble(
            to_name="", to_email=sender.from_email, subject="", html="", text="",
            message_id="x@localhost", date=brand.created_at,
        )  # fmt: skip
    except DomainError as error:
        yield FieldError("/sender", f"Mails of {sender} cannot be written: {error.detail}", "unwritable")


def _dead_links(brand: Brand) -> Iterator[FieldError]:
    base = urlsplit(links_base(brand))
    pointer = "/brand/public_base_url" if brand.public_base_url else "/brand"
    if base.scheme != "https" and not _stays_here():
        detail = f"Links in mails must begin with https:// (RFC 8058); those of {brand} begin with {base.scheme}://."
        yield FieldError(pointer, detail, "not_https")
    if not validate_host(base.hostname or "", settings.ALLOWED_HOSTS):
        detail = f"This server does not answer to {base.hostname}: add it to ALLOWED_HOSTS, or links in mails are dead."
        yield FieldError(pointer, detail, "unknown_host")


def _stays_here() -> bool:
    """Whether mail goes no further than this machine, by whichever account: to the local mailbox, or a server on it."""
    rows = ProviderAccount.objects.filter(active=True, channel="email")
    return all(row.kind == "mailbox" or str(row.config.get("host", "")).startswith(_LOOPBACK) for row in rows)
