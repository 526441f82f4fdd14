"""Our own SMTP client: pipelined, on several kept connections, exact about what became of each message."""

from delivery.smtp.client import Client
from delivery.smtp.config import Config

__all__ = ["Client", "Config"]
