"""Writes of the audit log."""

from typing import Any

from compliance.models import AuditEntry


def record(**entry: Any) -> None:
    """One entry, in the caller's transaction. Holds no value of a person (STANDARDS B10.3)."""
    AuditEntry.objects.create(**entry)
