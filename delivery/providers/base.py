"""What every provider is: an Envelope in, a Receipt out. Providers know no table.

To add one: a class here beside smtp.py, a line in settings.PROVIDERS, and its test.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from enum import StrEnum
from typing import Any, ClassVar

from config.lib.errors import FieldError, Invalid


class Outcome(StrEnum):
    """What became of one message at the provider.

    NOT_BEGUN: the deadline passed or no connection stood before it began, so it is safe to try again and no attempt
    of the recipient's is spent. TRANSIENT: it was refused for now, or broke off before it was complete: try later.
    UNKNOWN: it was handed over whole and no answer came; it may have been delivered.
    """

    SENT = "sent"
    TRANSIENT = "transient"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"
    NOT_BEGUN = "not_begun"


@dataclass(frozen=True, slots=True)
class Shape:
    """How mail to one mailbox provider is handed over now: on at most so many connections at a time."""

    key: str
    connections: int
    messages_per_connection: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message for one recipient; `data` is the whole RFC 5322 text with CRLF line ends, not dot-stuffed."""

    message_id: int
    mail_from: str
    rcpt_to: str
    data: bytes
    dotless: bool = False  # no line of it begins with a dot: there is nothing to stuff
    shape: Shape | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of it. `category` by delivery.classification, `code` the provider's own ("550 5.1.1"),

    `detail` its words with addresses masked, `retry_after_s` the wait it asked for (0: at once, the time was over).
    """

    message_id: int
    outcome: Outcome
    category: str = ""
    code: str = ""
    detail: str = ""
    retry_after_s: int | None = None


class Trouble(StrEnum):
    """What a receipt says of the account as a whole, in place of a category: nothing of the message or its recipient.

    UNREACHABLE: no connection stood (NOT_BEGUN). THROTTLED: we are too fast, `retry_after_s` says for how long
    (NOT_BEGUN). ACCOUNT: it may not send, by its key or its standing (TRANSIENT: it may be this sender's domain alone,
    so the message waits as one that was deferred).
    """

    UNREACHABLE = "provider_unreachable"
    THROTTLED = "provider_throttled"
    ACCOUNT = "provider_refuses_account"


class Provider(ABC):
    """One provider account in one worker process.

    Kept between batches, so that its connections are. Not thread-safe, and not to be carried over a fork.
    """

    kind: ClassVar[str]
    Config: ClassVar[type]
    """A dataclass of the account's settings; a field with metadata {"secret": True} takes the sealed secret."""

    batch_size: ClassVar[int] = 500
    """The most envelopes that one `send` is given with profit; more are no error."""
    idempotency_key: ClassVar[bool] = False
    """It takes a message once however often it is handed over: what had no answer is handed over again at once."""
    can_look_up: ClassVar[bool] = False
    """It can be asked later what became of a message."""
    shapes: ClassVar[bool] = False
    """It delivers to mailbox providers itself or by our relay, so their limits are ours to keep; an ESP keeps them."""

    @abstractmethod
    def __init__(self, config: Any) -> None:
        """`config` is an instance of this class's Config. Opens nothing."""

    @abstractmethod
    def send(self, batch: Sequence[Envelope], *, begin_before: float) -> list[Receipt]:
        """One receipt for each envelope, in order. Begins no message after `begin_before` (time.monotonic()).

        Never raises for a message or for a provider that is down.
        """

    def look_up(self, references: Mapping[int, str]) -> dict[int, Outcome]:
        """What became of messages handed over before, by message id: SENT or PERMANENT; one it cannot tell is left out.

        `references` gives the Message-ID (token@domain, no brackets) of each. Never raises for one that is down.
        """
        return {}

    @abstractmethod
    def close(self) -> None:
        """Let go of all connections. Safe to call twice, and at any time."""


def configured(config_class: type, config: Mapping[str, Any], secret: str) -> Any:
    """The Config of an account row. Raises Invalid naming each setting that is unknown, missing or of a wrong type."""
    known = {field.name: field for field in fields(config_class)}
    values = dict(config) | {name: secret for name, field in known.items() if field.metadata.get("secret") and secret}
    errors = [_unknown(name, known) for name in values.keys() - known.keys()]
    errors += [error for field in known.values() if (error := _wrong(field, values))]
    if errors:
        raise Invalid(*sorted(errors, key=lambda error: error.pointer))
    try:
        return config_class(**values)
    except ValueError as error:
        raise Invalid(FieldError("/config", str(error))) from None


def _unknown(name: str, known: Mapping[str, Field[Any]]) -> FieldError:
    offered = ", ".join(name for name, field in known.items() if not field.metadata.get("secret"))
    return FieldError(f"/config/{name}", f"is no setting of this provider; it has {offered}", "unknown")


def _wrong(field: Field[Any], values: Mapping[str, Any]) -> FieldError | None:
    if field.name not in values:
        missing = field.default is MISSING and field.default_factory is MISSING
        return FieldError(f"/config/{field.name}", "is required", "required") if missing else None
    wanted, value = _TYPES[str(getattr(field.type, "__name__", field.type))], values[field.name]
    if isinstance(value, wanted) and not (isinstance(value, bool) and bool not in wanted):
        return None
    return FieldError(f"/config/{field.name}", f"must be {_NAMES[wanted]}", "type")


_TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}
_NAMES = {(str,): "text", (int,): "a whole number", (int, float): "a number of seconds", (bool,): "true or false"}
