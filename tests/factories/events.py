"""Events for tests, as senders write them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from segments.models import Source
from segments.services.ingest import Outcome, ingest
from segments.services.quarantine import Sender

AT = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
SERVER, BROWSER = Sender(Source.SERVER), Sender(Source.BROWSER)


def event(kind: str = "page_viewed", *, at: datetime | str = AT, **fields: Any) -> dict[str, Any]:
    """An event in the seeds' names; of nobody in particular unless it says whose."""
    when = at if isinstance(at, str) else at.isoformat()
    made = {"event_id": str(uuid4()), "event_type": kind, "timestamp": when, **fields}
    return made if made.keys() & {"user_id", "anonymous_id"} else {**made, "anonymous_id": "somebody"}


def take(*items: Any, sender: Sender = SERVER, at: datetime = AT) -> list[Outcome]:
    return ingest(list(items), sender, at=at)


def statuses(*items: Any, **options: Any) -> list[str]:
    return [one.status for one in take(*items, **options)]


def ident(item: dict[str, Any]) -> UUID:
    return UUID(item["event_id"])
