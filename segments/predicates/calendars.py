"""Days as the contact's own calendar has them: anniversaries, and today where they live.

At one moment the world has two dates or three. So a condition is worked out once for each, and holds for the people
whose zone has that date; who has a zone that nobody knows has the date of UTC.

An anniversary is on the same day of the same month of a later year. A month that has no such day has it on its last:
29 February is kept on 28 February when there is no 29th.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.db.models import Q

from segments.predicates.base import Leaf
from segments.predicates.dates import ANNIVERSARIES, DAY, LOCAL, Window


def is_calendar(leaf: Leaf) -> bool:
    """Whether a condition is about the contact's own calendar."""
    return leaf.operator.name in ANNIVERSARIES or leaf.operator.name in LOCAL


def calendar_q(
    leaf: Leaf, at: datetime, *, inside: Callable[[Window], Q], kept_on: Callable[[list[str], date], Q]
) -> Q:
    """The contacts that match. `inside` says when a value lies in a window of days.

    `kept_on` says when it is of one of these days of the year (MM-DD) and before that date.
    """

    def of(today: date) -> Q:
        noon = datetime.combine(today, time(12), UTC)
        name = LOCAL.get(leaf.operator.name) or ANNIVERSARIES[leaf.operator.name]
        window = DAY.window(name, leaf.value, noon)
        if leaf.operator.name in LOCAL:
            return inside(window)
        start, end = (bound.date() for bound in window if bound)
        return kept_on(sorted(set(_days_of_the_year(start, end))), start)

    return _by_date(at, of)


def _by_date(at: datetime, of: Callable[[date], Q]) -> Q:
    here = at.astimezone(UTC).date()
    elsewhere: dict[date, list[str]] = defaultdict(list)
    for name in _zones():
        if (day := at.astimezone(ZoneInfo(name)).date()) != here:
            elsewhere[day].append(name)
    found = ~Q(timezone__in=[name for names in elsewhere.values() for name in names]) & of(here)
    for day, names in elsewhere.items():
        found |= Q(timezone__in=names) & of(day)
    return found


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))


def _days_of_the_year(start: date, end: date) -> Iterator[str]:
    """Those that are kept from `start` up to `end`, which is not included."""
    for offset in range((end - start).days):
        day = start + timedelta(days=offset)
        last = monthrange(day.year, day.month)[1]
        for number in range(day.day, 32 if day.day == last else day.day + 1):
            yield f"{day.month:02}-{number:02}"
