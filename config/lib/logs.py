"""Logging: one line an event, as JSON in production. No addresses: they are masked by the last processor."""

import re
from typing import Any

import structlog
from structlog.types import EventDict, Processor

from config.lib.addresses import mask

_ADDRESS = re.compile(r"[^\s<>()\"',;:=]+@[^\s<>()\"',;:=]+\.[^\s<>()\"',;:=]+")
# who has the token of an unsubscribe link can use it
_TOKEN = re.compile(r"(/(?:u|c|c/x|o|v)/)[\w-]{12,}")


def hide_addresses(logger: Any, method: str, event: EventDict) -> EventDict:
    """Mask whatever looks like a mail address, or a link of somebody's message, in any text of a log line."""
    for key, value in event.items():
        if isinstance(value, str) and ("@" in value or "/" in value):
            event[key] = _TOKEN.sub(r"\1…", _ADDRESS.sub(lambda found: mask(found[0]), value))
    return event


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.PositionalArgumentsFormatter(),
]


def configuration(*, as_json: bool, level: str) -> dict[str, Any]:
    """Django's LOGGING, and structlog set up to go the same way."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    last: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        hide_addresses,
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": last,
                "foreign_pre_chain": _SHARED,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            "celery": {"level": "WARNING"},
            "mail.log": {"level": "ERROR"},  # aiosmtpd tells every command it reads
        },
    }
