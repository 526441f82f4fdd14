"""anymail's backends of ESPs that take our own MIME, changed to hand over that, and small repairs."""

import warnings
from typing import Any

from anymail.backends import mailgun, resend, sendgrid, sparkpost
from anymail.exceptions import AnymailNotSupportedWarning, AnymailRequestsAPIError

warnings.filterwarnings("ignore", category=AnymailNotSupportedWarning)  # of SendGrid; our contract suite runs over it


class _MailgunMime(mailgun.MailgunPayload):
    def get_api_endpoint(self) -> str:
        return f"{super().get_api_endpoint()}.mime"

    def get_request_params(self, api_url: str) -> dict[str, Any]:
        params: dict[str, Any] = super().get_request_params(api_url)
        # everything else is in the MIME: v: is metadata, o: options
        params["data"] = {key: value for key, value in self.data.items() if key == "to" or key[:2] in ("v:", "o:")}
        params["files"] = [("message", ("message.eml", self.message.raw, "message/rfc822"))]
        return params


class Mailgun(mailgun.EmailBackend):
    """https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages/post-v3--domain-name--messages-mime"""

    def build_message_payload(self, message: Any, defaults: Any) -> Any:
        return _MailgunMime(message, defaults, self)


class _SparkPostMime(sparkpost.SparkPostPayload):
    def serialize_data(self) -> str:
        # https://developers.sparkpost.com/api/transmissions/#header-rfc822-content
        self.data["content"] = {"email_rfc822": self.message.raw.decode()}
        return str(self.serialize_json(self.data))


class SparkPost(sparkpost.EmailBackend):
    def build_message_payload(self, message: Any, defaults: Any) -> Any:
        return _SparkPostMime(message, defaults, self)


class Resend(resend.EmailBackend):
    """Not raw, but with the key that makes handing over twice harmless."""

    def build_message_payload(self, message: Any, defaults: Any) -> Any:
        payload = resend.ResendPayload(message, defaults, self)
        # https://resend.com/docs/dashboard/emails/idempotency-keys: 24 hours
        payload.headers["Idempotency-Key"] = message.idempotency_key
        return payload


class SendGrid(sendgrid.EmailBackend):
    def parse_recipient_status(self, response: Any, payload: Any, message: Any) -> Any:
        if response.status_code != 202:  # the only yes there is; anymail takes any success for one
            raise AnymailRequestsAPIError(email_message=message, payload=payload, response=response, backend=self)
        return super().parse_recipient_status(response, payload, message)
