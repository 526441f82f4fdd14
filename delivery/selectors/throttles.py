"""What waits for its turn, and why."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from config.lib.sql import queries
from delivery.models.ledger import THROTTLED

COUNTED = 10_000


@dataclass(frozen=True)
class Waiting:
    """Messages that wait for one reason. Of very many only the first COUNTED are counted: `more` says so.

    `oldest` is when the oldest of the counted was planned; `first_due` and `last_due` are the turns as they stand now.
    """

    reason: str
    count: int
    more: bool
    oldest: datetime
    first_due: datetime
    last_due: datetime


def waiting() -> list[Waiting]:
    """One for each reason that any message waits for. Index scans of bounded length, however many wait."""
    found = []
    with connection.cursor() as cursor:
        for reason in THROTTLED:
            cursor.execute(queries("delivery", "throttle")["waiting"], {"reason": reason, "bound": COUNTED + 1})
            count, oldest, first_due, last_due = cursor.fetchone()
            if count:
                found.append(Waiting(reason, min(count, COUNTED), count > COUNTED, oldest, first_due, last_due))
    return found
