"""The one adapter: several requests at once on kept connections, each message by its own request."""

import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from delivery.providers.base import Envelope, Outcome, Provider, Receipt, Trouble
from delivery.providers.esp import answers, messages
from delivery.providers.esp.config import HttpConfig

log = structlog.get_logger(__name__)
_GRACE_S = 2.0  # beyond the reply's own time, for what stands between us and the socket
_AGAIN_S = (0.2, 0.8)


@dataclass
class _Round:
    """One `send`: until when messages may begin, and the first answer that holds for the whole account."""

    begin_before: float
    halted: Receipt | None = None


class Esp(Provider):
    """What all ESPs share. A subclass names its kind, its Config, anymail's backend and the options of that."""

    backend: ClassVar[str]
    """Dotted path of anymail's backend, or of ours made from it: imported when the account is first used."""
    takes_mime: ClassVar[bool] = False
    tells_tracking: ClassVar[bool] = True
    """Its own tracking can be switched off for each message; where it cannot, it has to be off in its settings."""
    account_codes: ClassVar[frozenset[str]] = frozenset()
    """The ESP's codes which mean the account or the sender and not the message, which it did not take."""
    connecting_s: ClassVar[float] = 0.0
    """How long before the last moment to begin a message is begun, where the time to connect cannot be cut shorter."""
    batch_size = 50

    def __init__(self, config: HttpConfig) -> None:
        self._config = config
        self._crew: ThreadPoolExecutor | None = None
        self._lines: list[Any] = []

    @abstractmethod
    def options(self) -> dict[str, Any]:
        """The arguments of the backend: keys, regions."""

    def send(self, batch: Sequence[Envelope], *, begin_before: float) -> list[Receipt]:
        round_ = _Round(begin_before)
        crew = self._crew = self._crew or ThreadPoolExecutor(self._config.connections, f"esp-{self.kind}")
        jobs = [crew.submit(self._send_one, envelope, round_) for envelope in batch]
        try:
            wait(jobs, timeout=max(begin_before - time.monotonic(), 0) + self._config.reply_timeout + _GRACE_S)
        except BaseException:  # a signal: nothing more begins
            round_.halted = answers.out_of_time()
            raise
        if not all(job.done() for job in jobs):
            self._abandon()
        return [
            replace(_result(job), message_id=envelope.message_id) for job, envelope in zip(jobs, batch, strict=True)
        ]

    def look_up(self, references: Mapping[int, str]) -> dict[int, Outcome]:
        if not self.can_look_up:
            return {}
        line, found = self._line(), {}
        try:
            for number, message_id in references.items():
                if outcome := self.ask(line, message_id):
                    found[number] = outcome
        except Exception as error:  # it is down, or its answer makes no sense: it cannot tell, for now
            log.warning("esp_look_up_failed", kind=self.kind, error=type(error).__name__)
        self._lines.append(line)
        return found

    def ask(self, line: Any, message_id: str) -> Outcome | None:
        """What became of one message (`message_id` without brackets), or None when the ESP does not know it."""
        return None

    def close(self) -> None:
        if self._crew:
            self._crew.shutdown(wait=False, cancel_futures=True)
            self._crew = None
        while self._lines:
            self._lines.pop().close()

    def reference_of(self, message: Any, reference: str) -> None:
        """Put our id where this ESP gives it back."""
        message.metadata = {"message_id": reference}

    def _send_one(self, envelope: Envelope, round_: _Round) -> Receipt:
        if round_.halted:
            return round_.halted
        receipt = self._settled(envelope, round_.begin_before)
        if receipt.category in (Trouble.THROTTLED, Trouble.UNREACHABLE):
            round_.halted = receipt
        return self._without_secret(receipt)

    def _settled(self, envelope: Envelope, begin_before: float) -> Receipt:
        """The receipt; where the ESP takes a message only once, one without an answer is handed over again."""
        receipt = self._handed_over(envelope, begin_before)
        for pause in _AGAIN_S if self.idempotency_key else ():
            if receipt.outcome is not Outcome.UNKNOWN or time.monotonic() + pause >= begin_before:
                break
            time.sleep(pause)
            again = self._handed_over(envelope, begin_before)
            # only a yes says something of the first time: a no may mean that the key was used
            receipt = again if again.outcome is Outcome.SENT else receipt
        return receipt

    def _handed_over(self, envelope: Envelope, begin_before: float) -> Receipt:
        try:
            message = messages.whole(envelope) if self.takes_mime else messages.in_parts(envelope)
            self.reference_of(message, messages.reference(messages.message_id(envelope)))
        except Exception as error:  # a message that this parser cannot read: it concerns that message alone
            return answers.unwritable(f"{type(error).__name__}")
        if self.tells_tracking:
            message.track_opens = message.track_clicks = False
        line = self._line()
        receipt = line.send(
            message, begin_before=begin_before - self.connecting_s, connect_s=self._config.connect_timeout,
            reply_s=self._config.reply_timeout,
        )  # fmt: skip
        self._lines.append(line)
        return receipt  # type: ignore[no-any-return]

    def _line(self) -> Any:
        from delivery.providers.esp.lines import Line  # requests is loaded by those who use it

        try:
            return self._lines.pop()  # the one used last, so that those not needed go idle
        except IndexError:
            return Line(self._make_backend, self.account_codes)

    def _make_backend(self) -> Any:
        url = settings.PROVIDER_API_URLS.get(self.kind)
        return import_string(self.backend)(**{**self.options(), **({"api_url": url} if url else {})})

    def _abandon(self) -> None:
        """Threads that are stuck keep their connection; the next round gets new ones."""
        log.warning("esp_requests_stuck", kind=self.kind)
        if self._crew:
            self._crew.shutdown(wait=False, cancel_futures=True)
            self._crew = None

    def _without_secret(self, receipt: Receipt) -> Receipt:
        """An ESP may repeat the key it was given in what it answers."""
        for secret in self._secrets():
            if secret in receipt.detail:
                receipt = replace(receipt, detail=receipt.detail.replace(secret, "…"))
        return receipt

    def _secrets(self) -> list[str]:
        names = [field.name for field in fields(self.Config) if field.metadata.get("secret")]
        return [value for name in names if (value := getattr(self._config, name))]


def _result(job: "Future[Receipt]") -> Receipt:
    if job.cancelled() or job.cancel():
        return answers.out_of_time()
    if not job.done():
        return answers.no_answer("no answer in time")
    error = job.exception()
    if error is None:
        return job.result()
    log.error("esp_request_failed", error=type(error).__name__)  # its words may hold the message
    return answers.no_answer(type(error).__name__)
