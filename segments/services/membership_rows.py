"""Running the statements of sql/memberships.sql."""

from collections.abc import Collection

from config.lib.sql import Statements

_SQL = Statements("segments", "memberships")
run, rows, row, text = _SQL.count, _SQL.rows, _SQL.row, _SQL.text


def hold(*, watches: Collection[str] = (), segments: Collection[int] = ()) -> list[int]:
    """The locks under which members are written, of segments that depend on these or are these; whose they are."""
    return [pk for pk, _lock in rows("hold", watches=list(watches), segments=list(segments))]
