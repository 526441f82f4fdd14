"""What a wire is: where the parts of a message stand in a request, and what the answers look like."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, ClassVar

Reply = tuple[int, dict[str, str], bytes]
Json = Any


@dataclass
class Handed:
    """A message as the ESP understood it. `reference` is the metadata id, `headers` by lower-case name."""

    recipient: str
    message_id: str = "-"
    reference: str = "-"
    idempotency_key: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    subject: str = ""
    html: str = ""
    text: str = ""
    raw: bytes = b""
    body: Json = None


def answer(status: int, body: Json, **headers: str) -> Reply:
    return status, {"Content-Type": "application/json", **headers}, json.dumps(body).encode()


def lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def from_mime(raw: bytes, recipient: str, reference: str, body: Json) -> Handed:
    parsed = message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    html, text = parsed.get_body(("html",)), parsed.get_body(("plain",))
    return Handed(
        recipient, str(parsed["Message-ID"]), reference, "", lower({k: str(v) for k, v in parsed.items()}),
        str(parsed["Subject"]), html.get_content() if html else "", text.get_content() if text else "", raw, body,
    )  # fmt: skip


class Wire:
    """One ESP. `path` is where messages are posted, below its API."""

    path: ClassVar[str]
    key_header: ClassVar[str]
    key_prefix: ClassVar[str] = ""

    def authorised(self, headers: Mapping[str, str], body: bytes, key: str) -> bool:
        return headers.get(self.key_header) == self.key_prefix + key

    def read(self, headers: Mapping[str, str], body: bytes) -> Handed:
        return self.parsed(json.loads(body), headers)

    def parsed(self, body: Json, headers: Mapping[str, str]) -> Handed:
        raise NotImplementedError

    def accepted(self, handed: Handed, number: int) -> Reply:
        raise NotImplementedError

    def refused(self, handed: Handed) -> Reply:
        return answer(422, {"message": f"Invalid `to` field: {handed.recipient} does not exist"})

    def throttled(self, seconds: int) -> Reply:
        return answer(429, {"message": "Too many requests"}, **{"Retry-After": str(seconds)})

    def unauthorised(self) -> Reply:
        return answer(401, {"message": "Unauthorized"})

    def looked_up(self, path: str, accepted: Sequence[dict[str, str]]) -> Reply:
        return 404, {}, b"this ESP has no such look-up"
