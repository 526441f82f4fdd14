"""Postmark. Marketing mail goes through a broadcast stream there, transactional mail through another."""

from dataclasses import dataclass, field
from typing import Any

from delivery.providers.base import Outcome
from delivery.providers.esp.adapter import Esp
from delivery.providers.esp.config import HttpConfig
from delivery.providers.esp.messages import reference


@dataclass(frozen=True, kw_only=True)
class PostmarkConfig(HttpConfig):
    """`message_stream`: the id of a stream of the server; Postmark takes bulk mail through broadcast streams only."""

    server_token: str = field(repr=False, metadata={"secret": True})
    message_stream: str = "broadcast"


class Postmark(Esp):
    kind = "postmark"
    Config = PostmarkConfig
    backend = "anymail.backends.postmark.EmailBackend"
    can_look_up = True
    # https://postmarkapp.com/developer/api/overview#error-codes: the token, the standing, the stream
    account_codes = frozenset({"10", "405", "412", "413", "1235"})
    _config: PostmarkConfig

    def options(self) -> dict[str, Any]:
        return {"server_token": self._config.server_token, "message_stream": self._config.message_stream}

    def reference_of(self, message: Any, reference: str) -> None:
        super().reference_of(message, reference)
        # else Postmark writes its own Message-ID: https://postmarkapp.com/support/article/1110
        message.extra_headers["X-PM-KeepID"] = "true"

    def ask(self, line: Any, message_id: str) -> Outcome | None:
        """By the metadata, which its message search knows: https://postmarkapp.com/developer/api/messages-api"""
        answer = line.get(
            "messages/outbound", params={"count": 1, "offset": 0, "metadata_message_id": reference(message_id)},
            headers={"Accept": "application/json", "X-Postmark-Server-Token": self._config.server_token},
            timeout=self._config.reply_timeout, allow_redirects=False,
        )  # fmt: skip
        return Outcome.SENT if answer["TotalCount"] else None
