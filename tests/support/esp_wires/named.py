"""The five that have a file of their own."""

import base64
import json
from collections.abc import Mapping, Sequence
from email import message_from_bytes
from email.utils import parseaddr
from urllib.parse import parse_qs, urlsplit

from tests.support.esp_wires.base import Handed, Json, Reply, Wire, answer, from_mime, lower


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
