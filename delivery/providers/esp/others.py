"""The other ESPs that anymail knows, each a Config and the arguments of its backend."""

from dataclasses import dataclass, field
from typing import Any

from delivery.providers.esp.adapter import Esp
from delivery.providers.esp.config import HttpConfig, KeyConfig, one_of
from delivery.providers.esp.messages import idempotency_key

_SPARKPOST = {"us": "https://api.sparkpost.com/api/v1/", "eu": "https://api.eu.sparkpost.com/api/v1/"}
_SCALEWAY = {"fr-par": ""}
_UNISENDER = {name: f"https://{name}.unisender.ru/ru/transactional/api/v1/" for name in ("go1", "go2")}
_MAILTRAP = {"transactional": "https://send.api.mailtrap.io/api/", "bulk": "https://bulk.api.mailtrap.io/api/"}


class Resend(Esp):
    kind = "resend"
    Config = KeyConfig
    backend = "delivery.providers.esp.backends.Resend"
    idempotency_key = True
    tells_tracking = False  # to be switched off for the domain
    account_codes = frozenset({"invalid_from_address", "daily_quota_exceeded", "monthly_quota_exceeded"})
    _config: KeyConfig

    def options(self) -> dict[str, Any]:
        return {"api_key": self._config.api_key}

    def reference_of(self, message: Any, reference: str) -> None:
        super().reference_of(message, reference)
        message.idempotency_key = idempotency_key(reference)


@dataclass(frozen=True, kw_only=True)
class SparkPostConfig(KeyConfig):
    region: str = "us"

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("region", self.region, _SPARKPOST)


class SparkPost(Esp):
    kind = "sparkpost"
    Config = SparkPostConfig
    backend = "delivery.providers.esp.backends.SparkPost"
    takes_mime = True
    _config: SparkPostConfig

    def options(self) -> dict[str, Any]:
        return {"api_key": self._config.api_key, "api_url": _SPARKPOST[self._config.region]}


@dataclass(frozen=True, kw_only=True)
class MailjetConfig(HttpConfig):
    api_key: str
    secret_key: str = field(repr=False, metadata={"secret": True})


class Mailjet(Esp):
    kind = "mailjet"
    Config = MailjetConfig
    backend = "anymail.backends.mailjet.EmailBackend"
    account_codes = frozenset({"mj-0002", "mj-0003"})
    _config: MailjetConfig

    def options(self) -> dict[str, Any]:
        return {"api_key": self._config.api_key, "secret_key": self._config.secret_key}


class MailerSend(Esp):
    """Headers of one's own, and so one-click unsubscribe, need its Enterprise plan."""

    kind = "mailersend"
    Config = KeyConfig
    backend = "anymail.backends.mailersend.EmailBackend"
    _config: KeyConfig

    def options(self) -> dict[str, Any]:
        return {"api_token": self._config.api_key}

    def reference_of(self, message: Any, reference: str) -> None:
        message.tags = [reference]  # it has no metadata; tags come back in webhooks


@dataclass(frozen=True, kw_only=True)
class ScalewayConfig(HttpConfig):
    project_id: str
    secret_key: str = field(repr=False, metadata={"secret": True})
    region: str = "fr-par"

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("region", self.region, _SCALEWAY)


class Scaleway(Esp):
    kind = "scaleway"
    Config = ScalewayConfig
    backend = "anymail.backends.scaleway.EmailBackend"
    tells_tracking = False  # it tracks nothing
    _config: ScalewayConfig

    def options(self) -> dict[str, Any]:
        config = self._config
        return {"secret_key": config.secret_key, "project_id": config.project_id, "region": config.region}


class Mandrill(Esp):
    """Mailchimp Transactional. Whatever is wrong there is a 500 with its name, also a wrong key."""

    kind = "mandrill"
    Config = KeyConfig
    backend = "anymail.backends.mandrill.EmailBackend"
    account_codes = frozenset({"Invalid_Key", "PaymentRequired", "Unknown_Subaccount", "PoorReputation"})
    _config: KeyConfig

    def options(self) -> dict[str, Any]:
        return {"api_key": self._config.api_key}


@dataclass(frozen=True, kw_only=True)
class MailtrapConfig(KeyConfig):
    stream: str = "bulk"

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("stream", self.stream, _MAILTRAP)


class Mailtrap(Esp):
    kind = "mailtrap"
    Config = MailtrapConfig
    backend = "anymail.backends.mailtrap.EmailBackend"
    tells_tracking = False  # to be switched off for the domain
    _config: MailtrapConfig

    def options(self) -> dict[str, Any]:
        return {"api_token": self._config.api_key, "api_url": _MAILTRAP[self._config.stream]}


@dataclass(frozen=True, kw_only=True)
class UnisenderGoConfig(KeyConfig):
    server: str = "go1"

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("server", self.server, _UNISENDER)


class UnisenderGo(Esp):
    kind = "unisender-go"
    Config = UnisenderGoConfig
    backend = "anymail.backends.unisender_go.EmailBackend"
    _config: UnisenderGoConfig

    def options(self) -> dict[str, Any]:
        # its own id of the job will do: ours is in the metadata
        url = _UNISENDER[self._config.server]
        return {"api_key": self._config.api_key, "api_url": url, "generate_message_id": False}
