"""ESPs that misbehave over HTTP, each towards some of the audience (delivery/sink/esp.py)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from config.faults.base import Fault
from config.faults.stage import Stage
from config.faults.sums import Sums
from delivery import sink
from delivery.accounts import seal_secret
from delivery.sink import Misbehaviour


class _Esp(Fault):
    """The script is the fault. Postmark, which knows no idempotency keys, unless it is said otherwise."""

    celery = False
    delay_ms = 5
    esp = "postmark"
    _config: Mapping[str, object] = {}

    @contextmanager
    def server(self, stage: Stage) -> Iterator[None]:
        record = stage.folder / "accepted"
        with sink.running(record, delay_ms=self.delay_ms, script=self.script, module="delivery.sink.esp") as server:
            self._url = f"http://127.0.0.1:{server.port}/{self.esp}/"
            accepted = lambda: [one.message_id for one in server.accepted()]  # noqa: E731
            with stage.provider(self.esp, self._config, accepted, sealed_secret=seal_secret("key")):
                yield

    def process_env(self, stage: Stage) -> Mapping[str, str]:
        return {"PROVIDER_API_URLS": f"{self.esp}={self._url}"}

    def disturb(self, stage: Stage) -> dict[str, Any]:
        return {}


class Accepts500(_Esp):
    """The ESP takes every 40th and answers 500"""

    kind = "esp-accept-500"
    script = (Misbehaviour("ANSWER", "500", every=40),)


class AcceptsInSilence(_Esp):
    """The ESP takes every 100th and answers after our patience"""

    kind = "esp-accept-timeout"
    script = (Misbehaviour("ANSWER", "500", delay_ms=6_000, every=100),)


class Throttles(_Esp):
    """The ESP answers every 40th with 429 and Retry-After, once each"""

    kind = "esp-429"
    script = (Misbehaviour("REQUEST", "429", every=40),)

    def also_broken(self, sums: Sums, told: Mapping[str, Any]) -> Sequence[str]:
        return () if len(sums.accepted) == sums.audience else ("some were given up that only had to wait",)


class TakesSome(_Esp):
    """The ESP takes some of a group and refuses every 40th (inactive there)"""

    kind = "esp-partial"
    script = (Misbehaviour("REQUEST", "422", every=40, times=99),)

    def also_broken(self, sums: Sums, told: Mapping[str, Any]) -> Sequence[str]:
        whole = len(sums.accepted) == sums.states["sent"] and sums.states["failed"]
        return () if whole else ("those that were refused have not failed, or others have",)


class Accepts500WithKeys(_Esp):
    """As esp-accept-500 with an ESP that takes a message once for each idempotency key (Resend)"""

    kind = "esp-accept-500-keys"
    esp = "resend"
    script = Accepts500.script
