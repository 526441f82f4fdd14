"""Wall-clock times in named zones, and how late is too late. Pure.

A missing local time runs at the first valid instant after the gap, a doubled one at its first occurrence
(STANDARDS, time zones): so a schedule runs exactly once.
"""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config.lib.errors import FieldError, Invalid

_SECOND = timedelta(seconds=1)


def zone(name: str) -> ZoneInfo:
    """The time zone of this IANA name. Raises Invalid."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder, such as Europe
        detail = f"{name!r} is not a time zone; write it as Europe/Berlin."
        raise Invalid(FieldError("/scheduled_zone", detail, "unknown_zone")) from None


def wall_time(text: str) -> datetime:
    """A local time written as 2026-12-24T09:00, with or without seconds. Raises Invalid."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        local = None
    if local is None or local.tzinfo is not None:
        detail = f"{text!r} is not a local time; write it as 2026-12-24T09:00:00, without an offset."
        raise Invalid(FieldError("/scheduled_local", detail, "invalid_time"))
    return local.replace(microsecond=0)


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The UTC instant at which a clock on the wall of this zone first shows `local`, or first passes it."""
    if local.tzinfo is not None:
        raise ValueError("a wall time has no zone of its own")
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == local:
        return first
    return _end_of_gap(local, zone)


def _end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of the transition that skips `local`: read with the later offset it lies before, else after."""
    before = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    seconds = range((after - before) // _SECOND + 1)

    def is_past_the_gap(second: int) -> bool:
        return (before + second * _SECOND).astimezone(zone).replace(tzinfo=None) >= local

    return before + bisect_left(seconds, True, key=is_past_the_gap) * _SECOND


def is_late(scheduled_at: datetime, *, after_minutes: int, at: datetime) -> bool:
    """Whether a schedule found at `at` is later than its campaign allows."""
    return at - scheduled_at > timedelta(minutes=after_minutes)


def lateness(scheduled_at: datetime, *, at: datetime) -> str:
    """How late, in words: `3 h 20 min`."""
    minutes = int((at - scheduled_at).total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"
