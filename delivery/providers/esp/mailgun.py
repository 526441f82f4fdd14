"""Mailgun, with our own MIME, so with our own Message-ID: by that it can be asked what became of a message."""

import re
from dataclasses import dataclass
from typing import Any

from delivery.providers.base import Outcome
from delivery.providers.esp.adapter import Esp
from delivery.providers.esp.config import KeyConfig, one_of

_REGIONS = {"us": "https://api.mailgun.net/v3", "eu": "https://api.eu.mailgun.net/v3"}
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+\Z")


@dataclass(frozen=True, kw_only=True)
class MailgunConfig(KeyConfig):
    """`domain` as it is verified there."""

    domain: str
    region: str = "us"

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("region", self.region, _REGIONS)
        if not _DOMAIN.match(self.domain):
            raise ValueError(f"domain is {self.domain!r}; it looks like mg.example.com")


class Mailgun(Esp):
    kind = "mailgun"
    Config = MailgunConfig
    backend = "delivery.providers.esp.backends.Mailgun"
    takes_mime = True
    can_look_up = True
    _config: MailgunConfig

    def options(self) -> dict[str, Any]:
        config = self._config
        return {"api_key": config.api_key, "sender_domain": config.domain, "api_url": _REGIONS[config.region]}

    def ask(self, line: Any, message_id: str) -> Outcome | None:
        """By its events, kept for three days or more.

        https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/events/get-v3--domain-name--events
        """
        answer = line.get(
            f"{self._config.domain}/events", params={"message-id": message_id, "limit": 25},
            auth=("api", self._config.api_key), timeout=self._config.reply_timeout, allow_redirects=False,
        )  # fmt: skip
        events = answer["items"]
        if any(e["event"] == "rejected" or e.get("severity") == "permanent" for e in events):
            return Outcome.PERMANENT
        return Outcome.SENT if events else None
