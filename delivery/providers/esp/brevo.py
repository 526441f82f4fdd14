"""Brevo (formerly Sendinblue)."""

from typing import Any

from delivery.providers.esp.adapter import Esp
from delivery.providers.esp.config import KeyConfig
from delivery.providers.esp.messages import idempotency_key


class Brevo(Esp):
    kind = "brevo"
    Config = KeyConfig
    backend = "anymail.backends.brevo.EmailBackend"
    idempotency_key = True
    tells_tracking = False  # to be switched off in the account's transactional settings
    account_codes = frozenset({"unauthorized", "not_enough_credits", "account_under_validation", "permission_denied"})
    _config: KeyConfig

    def options(self) -> dict[str, Any]:
        return {"api_key": self._config.api_key}

    def reference_of(self, message: Any, reference: str) -> None:
        super().reference_of(message, reference)
        # it stands in the mail's own headers there, and holds for at least 15 minutes:
        # https://developers.brevo.com/docs/heterogenous-versions-batch-emails
        message.extra_headers["idempotencyKey"] = idempotency_key(reference)
