"""A file of addresses to suppress, between its dry run and its being applied."""

from django.conf import settings
from django.db import models


class SuppressionFile(models.Model):
    """What was read from a file: keyed hashes, never an address. Erased once it is applied or discarded.

    `entries`: [[[key id, digest in hex], …], scope, scope id, reason, note] each; `problems`: [line, why] each.
    """

    entries = models.JSONField()
    problems = models.JSONField()
    counts = models.JSONField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
