"""The others."""

import base64
import json
from collections.abc import Mapping
from email.utils import parseaddr

from tests.support.esp_wires.base import Handed, Json, Reply, Wire, answer, from_mime, lower


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
