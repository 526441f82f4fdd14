"""anymail's SES backend, given our MIME instead of making its own. Importing it loads boto3, some 40 MB."""

from email.message import Message
from typing import Any

from anymail.backends.amazon_ses import AmazonSESV2SendEmailPayload, EmailBackend
from anymail.exceptions import AnymailAPIError
from botocore.client import Config
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, SSLError
from requests import ConnectTimeout


class _Mime(AmazonSESV2SendEmailPayload):
    def init_payload(self) -> None:
        self.params: dict[str, Any] = {}
        if self.backend.configuration_set_name:
            self.params["ConfigurationSetName"] = self.backend.configuration_set_name
        self.all_recipients: list[Any] = []
        self.mime_message = Message()  # takes the headers that anymail adds

    def generate_raw_message(self) -> bytes:
        added = "".join(f"{name}: {value}\r\n" for name, value in self.mime_message.items())
        raw: bytes = self.message.raw
        return added.encode() + raw


class Backend(EmailBackend):
    """botocore has its timeouts for a client, not for a request: the time to connect is taken off the time to begin."""

    def __init__(self, *, account: dict[str, Any], patience: dict[str, Any], api_url: str = "", **options: Any) -> None:
        # one attempt: botocore would send again after a time-out or a 5xx, and SES takes a message as often as it comes
        config = Config(retries={"total_max_attempts": 1}, tcp_keepalive=True, **patience)
        given = {"config": config, "endpoint_url": api_url or None}
        super().__init__(session_params=account, client_params=given, **options)

    def build_message_payload(self, message: Any, defaults: Any) -> Any:
        return _Mime(message, defaults, self)

    def post_to_esp(self, payload: Any, message: Any) -> Any:
        try:
            return super().post_to_esp(payload, message)
        except Exception as error:
            if isinstance(error.__cause__, ConnectTimeoutError | EndpointConnectionError | SSLError):
                raise _NoConnection(type(error.__cause__).__name__) from error.__cause__
            raise


class _NoConnection(AnymailAPIError, ConnectTimeout):
    """As the other ESPs' sessions say it."""
