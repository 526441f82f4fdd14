"""Writing what was staged into contacts: sets of rows, a stretch of lines a transaction."""

from collections import Counter
from time import monotonic

from django.db import IntegrityError, OperationalError, connection
from django.db.models import F
from psycopg.errors import DeadlockDetected

from config.lib.leases import Lease
from config.lib.sql import queries
from segments.models import Import
from segments.services.staging import CONFLICT
from segments.services.statements import statement

STRETCH = 10_000  # rows a transaction, fewer where that takes long: a writing transaction holds all counters back
_PATIENCE = 1.0  # seconds
TRIES = 5
DUPLICATE = "the same person as in an earlier line"


class TooMuchContention(Exception):
    """Others keep writing the same people; whoever carries on tries again."""


def write(import_: Import, lease: Lease) -> None:
    """Write what is on the stage. Whoever carries on repeats and loses no row. Raises LeaseLost."""
    rows, more = STRETCH, True
    while more:
        began = monotonic()
        more = _write_next(import_, lease, rows)
        if monotonic() - began > _PATIENCE:
            rows = min(rows, max(rows // 2, 100))


def _write_next(import_: Import, lease: Lease, rows: int) -> bool:
    """Write the next stretch; judge it again when others took an address or a row at the same moment."""
    for _ in range(TRIES):
        try:
            with lease.transaction():
                return _write_stretch(import_, lease, rows)
        except IntegrityError:
            continue
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
    raise TooMuchContention


def _write_stretch(import_: Import, lease: Lease, rows: int) -> bool:
    sql = queries("segments", "importing")
    with connection.cursor() as cursor:
        cursor.execute(sql["take_turns"])
        import_.refresh_from_db(fields=["line_done", "results"])
        stretch = {"import": import_.pk, "after": import_.line_done, "rows": rows}
        cursor.execute(sql["next_stretch"], stretch)
        upto, waiting = cursor.fetchone()
        if not waiting:
            return False
        values = {**stretch, "upto": upto, "list": import_.list_id, "duplicate": DUPLICATE, "conflict": CONFLICT}
        cursor.execute(statement("write_stretch", import_.update_policy), values)
        written = Counter(import_.results) + Counter(dict(cursor.fetchall()))
        lease.renew(rows_done=F("rows_done") + waiting, line_done=upto, results=written)
        return True
