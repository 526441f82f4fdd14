"""How long a read may take."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from config.lib.sql import queries
from segments.errors import SegmentTooSlow


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """A transaction whose statements each have so long. Raises SegmentTooSlow."""
    limit = queries("segments", "segments")["limit_time"]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(limit, [f"{round(seconds * 1000)}ms"])
            (before, _) = cursor.fetchone()
            yield
            cursor.execute(limit, [before])  # an outer transaction goes on without it
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise SegmentTooSlow from error
        raise
