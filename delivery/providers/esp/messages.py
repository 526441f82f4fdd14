"""From our bytes to what anymail sends: its message, with the parts that an ESP without a MIME endpoint needs."""

import re
import uuid
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import formataddr
from typing import Any

from anymail.message import AnymailMessage

from delivery.providers.base import Envelope

# The ESP writes these itself, from the parts it is given; it refuses them as headers.
_PARTS = frozenset({"from", "to", "subject", "reply-to", "date", "mime-version"})
_LINE_BREAK = re.compile(r"\r?\n")
_PARSER = BytesHeaderParser(policy=policy.default)


def message_id(envelope: Envelope) -> str:
    """Its Message-ID as it stands in the mail, without brackets."""
    head, _, _ = envelope.data.partition(b"\r\n\r\n")
    return str(_PARSER.parsebytes(head)["Message-ID"] or "").strip("<>")


def reference(message_id: str) -> str:
    """The message's public id: what stands before the @."""
    return message_id.partition("@")[0]


def idempotency_key(reference: str) -> str:
    """The same UUID for the same message, whichever worker hands it over and however often (STANDARDS B1.3)."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"postrider:{reference}"))


def whole(envelope: Envelope) -> AnymailMessage:
    """For an ESP that takes MIME: the bytes go along as `raw`, only the recipient is told beside them."""
    message = AnymailMessage(to=[envelope.rcpt_to], from_email=f"x@{envelope.mail_from.rpartition('@')[2]}")
    message.raw = envelope.data
    return message


def in_parts(envelope: Envelope) -> AnymailMessage:
    """For an ESP that writes the MIME itself."""
    parsed: Any = message_from_bytes(envelope.data, _class=EmailMessage, policy=policy.default)
    html, text = parsed.get_body(("html",)), parsed.get_body(("plain",))
    headers = {
        name: _LINE_BREAK.sub("", value)  # as it was written: in ASCII, which some ESPs insist on
        for name, value in parsed.raw_items()
        if name.lower() not in _PARTS and not name.lower().startswith("content-")
    }
    names = [address.display_name for address in parsed["To"].addresses]
    message = AnymailMessage(
        subject=str(parsed["Subject"]),
        body=_body(text),
        from_email=_address(parsed["From"]),
        to=[_named(names[0] if names else "", envelope.rcpt_to)],
        reply_to=[_address(parsed["Reply-To"])] if parsed["Reply-To"] else None,
        headers=headers,
    )
    if html:
        message.attach_alternative(_body(html), "text/html")
    return message


def _body(part: Any) -> str:
    return str(part.get_content()).removesuffix("\n") if part else ""


def _address(header: Any) -> str:
    (address,) = header.addresses
    return _named(address.display_name, address.addr_spec)


def _named(name: str, email: str) -> str:
    # formataddr would refuse an address that is not ASCII
    return formataddr((name, "x@x"), charset="utf-8").replace("<x@x>", f"<{email}>") if name else email
