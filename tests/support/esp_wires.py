"""How each ESP's HTTP is spelled: where the parts of a message stand in a request, and what the answers look like.

From the public API references named at each class. A wire knows no faults; fake_esps chooses what to answer.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

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


class Ses(Wire):
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html"""

    path = "v2/email/outbound-emails"

    def authorised(self, headers: Mapping[str, str], body: bytes, key: str) -> bool:
        return "AKIDTEST/" in headers.get("Authorization", "")  # signatures are AWS's own business

    def parsed(self, body: Json, headers: Mapping[str, str]) -> Handed:
        (recipient,) = body["Destination"]["ToAddresses"]
        tags = {tag["Name"]: tag["Value"] for tag in body.get("EmailTags", [])}
        return from_mime(base64.b64decode(body["Content"]["Raw"]["Data"]), recipient, tags.get("message_id", "-"), body)

    def accepted(self, handed: Handed, number: int) -> Reply:
        return answer(200, {"MessageId": f"0100-{number:08}"})

    def refused(self, handed: Handed) -> Reply:
        return self._error(400, "MessageRejected", f"Address is on the suppression list: {handed.recipient}")

    def throttled(self, seconds: int) -> Reply:
        status, headers, body = self._error(429, "TooManyRequestsException", "Maximum sending rate exceeded.")
        return status, {**headers, "Retry-After": str(seconds)}, body

    def unauthorised(self) -> Reply:
        return self._error(403, "InvalidSignatureException", "The request signature we calculated does not match")

    def _error(self, status: int, code: str, message: str) -> Reply:
        return answer(status, {"message": message}, **{"x-amzn-ErrorType": code})


class SendGrid(Wire):
    """https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send"""

    path, key_header, key_prefix = "mail/send", "Authorization", "Bearer "

    def parsed(self, body: Json, headers: Mapping[str, str]) -> Handed:
        (personal,) = body["personalizations"]
        ((recipient),) = [to["email"] for to in personal["to"]]
        own = lower(body.get("headers", {}))
        parts = {part["type"]: part["value"] for part in body["content"]}
        reference = {**body.get("custom_args", {}), **personal.get("custom_args", {})}.get("message_id", "-")
        return Handed(
            recipient, own.get("message-id", "-"), reference, "", own, body["subject"], parts.get("text/html", ""),
            parts.get("text/plain", ""), b"", body,
        )  # fmt: skip

    def accepted(self, handed: Handed, number: int) -> Reply:
        return 202, {"X-Message-Id": f"sg-{number}"}, b""

    def refused(self, handed: Handed) -> Reply:
        error = {
            "message": "Does not contain a valid address.", "field": "personalizations.0.to.0.email", "help": None,
        }  # fmt: skip
        return answer(400, {"errors": [error]})

    def throttled(self, seconds: int) -> Reply:
        body = {"errors": [{"field": None, "message": "too many requests"}]}
        return answer(429, body, **{"Retry-After": str(seconds)})

    def unauthorised(self) -> Reply:
        return answer(401, {"errors": [{"message": "The provided authorization grant is invalid", "field": None}]})


class Mailgun(Wire):
    """https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages"""

    path = "mg.acme.test/messages.mime"

    def authorised(self, headers: Mapping[str, str], body: bytes, key: str) -> bool:
        return headers.get("Authorization") == "Basic " + base64.b64encode(f"api:{key}".encode()).decode()

    def read(self, headers: Mapping[str, str], body: bytes) -> Handed:
        form = message_from_bytes(b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body)
        fields: dict[str, bytes] = {}
        for part in form.get_payload():
            name = part.get_param("name", header="content-disposition")  # type: ignore[union-attr]
            fields[str(name)] = part.get_payload(decode=True)  # type: ignore[union-attr,assignment]
        # the parser of mail ends lines as it likes: the message is cut from the body itself
        raw = body.split(b"message/rfc822\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0]
        shown = {name: value.decode() for name, value in fields.items() if name != "message"}
        return from_mime(raw, parseaddr(shown["to"])[1], shown.get("v:message_id", "-"), shown)

    def accepted(self, handed: Handed, number: int) -> Reply:
        return answer(200, {"id": handed.message_id, "message": "Queued. Thank you."})

    def refused(self, handed: Handed) -> Reply:
        return answer(400, {"message": "to parameter is not a valid address. please check documentation"})

    def unauthorised(self) -> Reply:
        return 401, {"Content-Type": "text/html"}, b"Forbidden"

    def looked_up(self, path: str, accepted: Sequence[dict[str, str]]) -> Reply:
        """GET /v3/{domain}/events?message-id=…"""
        wanted = parse_qs(urlsplit(path).query)["message-id"][0].strip("<>")
        items = [{"event": "accepted"} for one in accepted if one["message_id"].strip("<>") == wanted]
        return answer(200, {"items": items, "paging": {}})


class Postmark(Wire):
    """https://postmarkapp.com/developer/api/email-api and …/messages-api"""

    path, key_header = "email", "X-Postmark-Server-Token"

    def parsed(self, body: Json, headers: Mapping[str, str]) -> Handed:
        own = lower({one["Name"]: one["Value"] for one in body.get("Headers", [])})
        return Handed(
            parseaddr(body["To"])[1], own.get("message-id", "-"), body.get("Metadata", {}).get("message_id", "-"), "",
            own, body["Subject"], body.get("HtmlBody", ""), body.get("TextBody", ""), b"", body,
        )  # fmt: skip

    def accepted(self, handed: Handed, number: int) -> Reply:
        given = {"To": handed.recipient, "SubmittedAt": "2026-01-01T00:00:00Z", "MessageID": f"pm-{number}"}
        return answer(200, {**given, "ErrorCode": 0, "Message": "OK"})

    def refused(self, handed: Handed) -> Reply:
        words = "You tried to send to a recipient that has been marked as inactive.\nFound inactive addresses: "
        words += (
            f"{handed.recipient}.\nInactive recipients are ones that have generated a hard bounce, a spam complaint"
        )
        return answer(422, {"ErrorCode": 406, "Message": words})

    def throttled(self, seconds: int) -> Reply:
        return answer(429, {"ErrorCode": 429, "Message": "Rate limit exceeded"}, **{"Retry-After": str(seconds)})

    def unauthorised(self) -> Reply:
        return answer(401, {"ErrorCode": 10, "Message": "Request does not contain a valid Server token."})

    def looked_up(self, path: str, accepted: Sequence[dict[str, str]]) -> Reply:
        """GET /messages/outbound?metadata_message_id=…"""
        wanted = parse_qs(urlsplit(path).query)["metadata_message_id"][0]
        found = [{"Status": "Sent", "MessageID": "pm"} for one in accepted if one["reference"] == wanted]
        return answer(200, {"TotalCount": len(found), "Messages": found})


class Brevo(Wire):
    """https://developers.brevo.com/reference/sendtransacemail"""

    path, key_header = "smtp/email", "api-key"

    def parsed(self, body: Json, headers: Mapping[str, str]) -> Handed:
        own = lower(body.get("headers", {}))
        reference = json.loads(own.get("x-mailin-custom", "{}")).get("message_id", "-")
        return Handed(
            body["to"][0]["email"], own.get("message-id", "-"), reference, own.get("idempotencykey", ""), own,
            body["subject"], body.get("htmlContent", ""), body.get("textContent", ""), b"", body,
        )  # fmt: skip

    def accepted(self, handed: Handed, number: int) -> Reply:
        return answer(201, {"messageId": f"<2026.{number}@smtp-relay.mailin.fr>"})

    def refused(self, handed: Handed) -> Reply:
        return answer(400, {"code": "invalid_parameter", "message": "email is not valid in to"})

    def unauthorised(self) -> Reply:
        return answer(401, {"code": "unauthorized", "message": "Key not found"})


class Resend(Wire):
    """https://resend.com/docs/api-reference/emails/send-email"""

    path, key_header, key_prefix = "emails", "Authorization", "Bearer "

    def parsed(self, body: Json, headers: Mapping[str, str]) -> Handed:
        own = lower(body.get("headers", {}))
        reference = json.loads(own.get("x-metadata", "{}")).get("message_id", "-")
        return Handed(
            parseaddr(body["to"][0])[1], own.get("message-id", "-"), reference, headers.get("Idempotency-Key", ""), own,
            body["subject"], body.get("html", ""), body.get("text", ""), b"", body,
        )  # fmt: skip

    def accepted(self, handed: Handed, number: int) -> Reply:
        return answer(200, {"id": f"re-{number}"})

    def refused(self, handed: Handed) -> Reply:
        words = "Invalid `to` field. The email address needs to follow the `email@example.com` format."
        return answer(422, {"statusCode": 422, "name": "validation_error", "message": words})


class SparkPost(Wire):
    """https://developers.sparkpost.com/api/transmissions/"""

    path, key_header = "transmissions/", "Authorization"

    def parsed(self, body: Json, headers: Mapping[str, str]) -> Handed:
        (to,) = [one["address"]["email"] for one in body["recipients"]]
        raw = body["content"]["email_rfc822"].encode()
        return from_mime(raw, to, body.get("metadata", {}).get("message_id", "-"), body)

    def accepted(self, handed: Handed, number: int) -> Reply:
        counts = {"total_rejected_recipients": 0, "total_accepted_recipients": 1}
        return answer(200, {"results": {**counts, "id": str(number)}})

    def refused(self, handed: Handed) -> Reply:
        counts = {"total_rejected_recipients": 1, "total_accepted_recipients": 0}
        return answer(200, {"results": {**counts, "id": "0"}})

    def unauthorised(self) -> Reply:
        return answer(401, {"errors": [{"message": "Unauthorized."}]})


class Mailjet(Wire):
    """https://dev.mailjet.com/email/reference/send-emails/"""

    path = "send"

    def authorised(self, headers: Mapping[str, str], body: bytes, key: str) -> bool:
        return headers.get("Authorization") == "Basic " + base64.b64encode(f"public:{key}".encode()).decode()

    def parsed(self, body: Json, headers: Mapping[str, str]) -> Handed:
        shared, (message,) = body["Globals"], body["Messages"]
        own = lower(shared.get("Headers", {}))
        reference = json.loads(shared.get("EventPayload", "{}")).get("message_id", "-")
        return Handed(
            message["To"][0]["Email"], own.get("message-id", "-"), reference, "", own, shared["Subject"],
            shared.get("HTMLPart", ""), shared.get("TextPart", ""), b"", body,
        )  # fmt: skip

    def accepted(self, handed: Handed, number: int) -> Reply:
        to = {"Email": handed.recipient, "MessageUUID": "u", "MessageID": number, "MessageHref": "h"}
        return answer(200, {"Messages": [{"Status": "success", "To": [to], "Cc": [], "Bcc": []}]})

    def refused(self, handed: Handed) -> Reply:
        error = {
            "ErrorCode": "mj-0013", "StatusCode": 400, "ErrorRelatedTo": ["To[0].Email"],
            "ErrorMessage": f'"{handed.recipient}" is an invalid email address.',
        }  # fmt: skip
        return answer(400, {"Messages": [{"Status": "error", "Errors": [error]}]})

    def unauthorised(self) -> Reply:
        return answer(401, {"ErrorCode": "mj-0002", "StatusCode": 401, "ErrorMessage": "API key authentication failed"})


class MailerSend(Wire):
    """https://developers.mailersend.com/api/v1/email.html"""

    path, key_header, key_prefix = "email", "Authorization", "Bearer "

    def parsed(self, body: Json, headers: Mapping[str, str]) -> Handed:
        own = lower({one["name"]: one["value"] for one in body.get("headers", [])})
        return Handed(
            body["to"][0]["email"], own.get("message-id", "-"), body.get("tags", ["-"])[0], "", own, body["subject"],
            body.get("html", ""), body.get("text", ""), b"", body,
        )  # fmt: skip

    def accepted(self, handed: Handed, number: int) -> Reply:
        return 202, {"Content-Type": "text/html; charset=utf-8", "X-Message-Id": f"ms-{number}"}, b""

    def refused(self, handed: Handed) -> Reply:
        words = "The to.0.email must be a valid email address."
        return answer(422, {"message": words, "errors": {"to.0.email": [words]}})


class Scaleway(Wire):
    """https://www.scaleway.com/en/developers/api/transactional-email/"""

    path, key_header = "emails", "X-Auth-Token"

    def parsed(self, body: Json, headers: Mapping[str, str]) -> Handed:
        own = lower({one["key"]: one["value"] for one in body.get("additional_headers", [])})
        reference = json.loads(own.get("x-metadata", "{}")).get("message_id", "-")
        return Handed(
            body["to"][0]["email"], own.get("message-id", "-"), reference, "", own, body["subject"],
            body.get("html", ""), body.get("text", ""), b"", body,
        )  # fmt: skip

    def accepted(self, handed: Handed, number: int) -> Reply:
        return answer(200, {"emails": [{"id": str(number), "mail_rcpt": handed.recipient, "status": "new"}]})

    def refused(self, handed: Handed) -> Reply:
        details = [{"argument_name": "to", "reason": "constraint", "help_message": "is not a valid email address"}]
        body = {"type": "invalid_arguments", "message": "invalid argument(s)", "details": details}
        return answer(400, body)


class Mandrill(Wire):
    """https://mailchimp.com/developer/transactional/api/messages/send-new-message/"""

    path = "messages/send.json"

    def authorised(self, headers: Mapping[str, str], body: bytes, key: str) -> bool:
        return bool(json.loads(body)["key"] == key)

    def parsed(self, body: Json, headers: Mapping[str, str]) -> Handed:
        message = body["message"]
        own = lower(message.get("headers", {}))
        return Handed(
            message["to"][0]["email"], own.get("message-id", "-"), message.get("metadata", {}).get("message_id", "-"),
            "", own, message["subject"], message.get("html", ""), message.get("text", ""), b"", body,
        )  # fmt: skip

    def accepted(self, handed: Handed, number: int) -> Reply:
        return answer(200, [{"email": handed.recipient, "status": "sent", "_id": f"md{number}", "reject_reason": None}])

    def refused(self, handed: Handed) -> Reply:
        return answer(200, [{"email": handed.recipient, "status": "invalid", "reject_reason": None}])

    def unauthorised(self) -> Reply:
        return answer(500, {"status": "error", "code": -1, "name": "Invalid_Key", "message": "Invalid API key"})


class Mailtrap(Wire):
    """https://docs.mailtrap.io/developers/email-sending/send-email"""

    path, key_header = "send", "Api-Token"

    def parsed(self, body: Json, headers: Mapping[str, str]) -> Handed:
        own = lower(body.get("headers", {}))
        return Handed(
            body["to"][0]["email"], own.get("message-id", "-"), body.get("custom_variables", {}).get("message_id", "-"),
            "", own, body["subject"], body.get("html", ""), body.get("text", ""), b"", body,
        )  # fmt: skip

    def accepted(self, handed: Handed, number: int) -> Reply:
        return answer(200, {"success": True, "message_ids": [f"mt-{number}"]})

    def refused(self, handed: Handed) -> Reply:
        return answer(400, {"success": False, "errors": ["'to' address is invalid"]})

    def unauthorised(self) -> Reply:
        return answer(401, {"success": False, "errors": ["Unauthorized"]})


class UnisenderGo(Wire):
    """https://godocs.unisender.ru/web-api-ref#email-send"""

    path, key_header = "email/send.json", "X-API-KEY"

    def parsed(self, body: Json, headers: Mapping[str, str]) -> Handed:
        message = body["message"]
        own, parts = lower(message.get("headers", {})), message["body"]
        return Handed(
            message["recipients"][0]["email"], own.get("message-id", "-"),
            message.get("global_metadata", {}).get("message_id", "-"), "", own, message["subject"],
            parts.get("html", ""), parts.get("plaintext", ""), b"", body,
        )  # fmt: skip

    def accepted(self, handed: Handed, number: int) -> Reply:
        return answer(200, {"status": "success", "job_id": f"ug-{number}", "emails": [handed.recipient]})

    def refused(self, handed: Handed) -> Reply:
        failed = {handed.recipient: "permanent_unavailable"}
        body = {"status": "error", "message": "Error ID:5. No valid recipients", "code": 204, "failed_emails": failed}
        return answer(400, body)

    def unauthorised(self) -> Reply:
        return answer(401, {"status": "error", "message": "Error ID:7. User with id 0 not found", "code": 114})


WIRES: dict[str, Wire] = {
    "ses": Ses(), "sendgrid": SendGrid(), "mailgun": Mailgun(), "postmark": Postmark(), "brevo": Brevo(),
    "resend": Resend(), "sparkpost": SparkPost(), "mailjet": Mailjet(), "mailersend": MailerSend(),
    "scaleway": Scaleway(), "mandrill": Mandrill(), "mailtrap": Mailtrap(), "unisender-go": UnisenderGo(),
}  # fmt: skip
