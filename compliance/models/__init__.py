"""Legal senders, what forbids us to write to an address, and who may do what."""

from compliance.models.access import ApiKey, AuditEntry, IdempotencyRecord
from compliance.models.brands import Brand, Sender
from compliance.models.files import SuppressionFile
from compliance.models.suppressions import Reason, Scope, Suppression, SuppressionEvent

__all__ = [
    "ApiKey",
    "AuditEntry",
    "Brand",
    "IdempotencyRecord",
    "Reason",
    "Scope",
    "Sender",
    "Suppression",
    "SuppressionEvent",
    "SuppressionFile",
]
