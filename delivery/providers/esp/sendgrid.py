"""SendGrid, by its Web API v3."""

from dataclasses import dataclass
from typing import Any

from delivery.providers.esp.adapter import Esp
from delivery.providers.esp.config import KeyConfig, one_of

_REGIONS = {"global": "https://api.sendgrid.com/v3/", "eu": "https://api.eu.sendgrid.com/v3/"}


@dataclass(frozen=True, kw_only=True)
class SendGridConfig(KeyConfig):
    region: str = "global"

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("region", self.region, _REGIONS)


class SendGrid(Esp):
    kind = "sendgrid"
    Config = SendGridConfig
    backend = "delivery.providers.esp.backends.SendGrid"
    _config: SendGridConfig

    def options(self) -> dict[str, Any]:
        # our own id is in the metadata: a second one of anymail's would say nothing
        return {
            "api_key": self._config.api_key, "api_url": _REGIONS[self._config.region], "generate_message_id": False,
        }  # fmt: skip
