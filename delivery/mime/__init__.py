"""Mail bytes by hand: what all messages of an order share is written once, the rest per message in about 30 us.

The standard library's EmailMessage takes 600 us for the same 20 kB; a property test holds the two equal.
"""

from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from functools import cache, lru_cache
from hashlib import blake2b

from delivery.mime import bodies
from delivery.mime.headers import (
    BadHeader,
    HeaderInjection,
    address_field,
    list_id_field,
    refuse_injection,
    text_field,
    uri_field,
)

__all__ = ["BadHeader", "HeaderInjection", "Letterhead"]

_ONE_CLICK = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


class Letterhead:
    """The headers that all messages of one order share; `assemble` adds what is one person's."""

    def __init__(
        self,
        *,
        from_name: str,
        from_email: str,
        reply_to: str = "",
        list_name: str = "",
        list_id: str = "",
        feedback_id: str = "",
        bulk: bool = True,
        extra: Iterable[tuple[str, str]] = (),
    ) -> None:
        """`list_id` is the dotted identifier without brackets, `bulk` marks marketing mail.

        Raises HeaderInjection on a line break in any value, BadHeader on an address that is none.
        """
        fields = [text_field("Precedence", "bulk") if bulk else text_field("Auto-Submitted", "auto-generated")]
        if reply_to:
            fields.append(address_field("Reply-To", "", reply_to))
        if list_id:
            fields.append(list_id_field(list_name, list_id))
        if feedback_id:
            fields.append(text_field("Feedback-ID", feedback_id))
        fields += [text_field(name, value) for name, value in extra]
        self._from = address_field("From", from_name, from_email)
        self._shared = "".join(fields) + "MIME-Version: 1.0\r\n"

    def assemble(
        self,
        *,
        to_name: str,
        to_email: str,
        subject: str,
        html: str | list[str],
        text: str | list[str],
        message_id: str,
        date: datetime,
        unsubscribe_url: str = "",
    ) -> bytes:
        """The whole message: CRLF lines, none of which begins with a dot, 7-bit unless an address is not ASCII.

        `html` and `text` may come in pieces (templates/pieces.py). `message_id` is `token@domain` without brackets,
        `date` has a zone. The same arguments give the same bytes.
        Raises HeaderInjection, or BadHeader naming what cannot be written.
        """
        refuse_injection(message_id)
        head = (
            self._from
            + address_field("To", to_name, to_email)
            + text_field("Subject", subject)
            + _date_field(date.replace(microsecond=0))
            + f"Message-ID: <{message_id}>\r\n"
            + (uri_field("List-Unsubscribe", unsubscribe_url) + _ONE_CLICK if unsubscribe_url else "")
            + self._shared
        )
        return head.encode() + _content(html, text, message_id)


@lru_cache(maxsize=8)
def _date_field(at: datetime) -> str:
    return f"Date: {format_datetime(at)}\r\n"


def _content(html: str | list[str], text: str | list[str], message_id: str) -> bytes:
    parts = [_part(kind, body) for kind, body in (("plain", text), ("html", html)) if body or kind == "plain"]
    if not html:
        return parts[0] + b"\r\n"
    # "=_" stands in no quoted-printable or base64 body, and nobody who writes a template knows the message id.
    boundary = b"=_" + blake2b(message_id.encode(), digest_size=12).hexdigest().encode()
    return b'Content-Type: multipart/alternative; boundary="%b"\r\n\r\n--%b\r\n%b\r\n--%b\r\n%b\r\n--%b--\r\n' % (
        boundary,
        boundary,
        parts[0],
        boundary,
        parts[1],
        boundary,
    )


def _part(kind: str, text: str | list[str]) -> bytes:
    encoding, body = bodies.encode([text] if isinstance(text, str) else text)
    return _part_head(kind, encoding) + body


@cache
def _part_head(kind: str, encoding: str) -> bytes:
    return f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
