"""Wall-clock times: what a clock on the wall of a zone first shows, in every zone and over every trap."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns import scheduling
from config.lib.errors import Invalid

ZONES = sorted(available_timezones())
wall = datetime.fromisoformat

# (zone, wall time, the instant in UTC): the traps of 2026
TRAPS = [
    ("America/New_York", "2026-03-08T02:30:00", "2026-03-08T07:00:00"),  # missing
    ("America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00"),  # twice
    ("Europe/London", "2026-03-29T01:30:00", "2026-03-29T01:00:00"),
    ("Europe/London", "2026-10-25T01:30:00", "2026-10-25T00:30:00"),
    ("Europe/Dublin", "2026-03-29T01:30:00", "2026-03-29T01:00:00"),  # its DST is negative
    ("Europe/Dublin", "2026-10-25T01:30:00", "2026-10-25T00:30:00"),
    ("Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-03T15:30:00"),  # half an hour
    ("Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T14:45:00"),
    ("Africa/Casablanca", "2026-02-15T02:30:00", "2026-02-15T01:30:00"),  # twice, for Ramadan
    ("Africa/Casablanca", "2026-03-22T02:30:00", "2026-03-22T02:00:00"),  # missing
    ("Africa/Cairo", "2026-04-24T00:00:00", "2026-04-23T22:00:00"),  # no midnight
    ("Africa/Cairo", "2026-10-29T23:30:00", "2026-10-29T20:30:00"),
    ("America/Havana", "2026-03-08T00:30:00", "2026-03-08T05:00:00"),
    ("America/Havana", "2026-11-01T00:30:00", "2026-11-01T04:30:00"),  # midnight twice
    ("Asia/Beirut", "2026-03-29T00:00:00", "2026-03-28T22:00:00"),
    ("America/Santiago", "2026-09-06T00:15:00", "2026-09-06T04:00:00"),
    ("Antarctica/Troll", "2026-03-29T02:59:59", "2026-03-29T01:00:00"),  # two hours
    ("Antarctica/Troll", "2026-10-25T01:30:00", "2026-10-24T23:30:00"),
    ("Pacific/Chatham", "2026-09-27T03:00:00", "2026-09-26T14:00:00"),
    ("America/Nuuk", "2026-03-28T23:30:00", "2026-03-29T01:00:00"),  # missing on the evening before
    ("Asia/Kathmandu", "2026-06-01T09:00:00", "2026-06-01T03:15:00"),
    ("Pacific/Kiritimati", "2026-06-02T09:00:00", "2026-06-01T19:00:00"),
    ("America/Asuncion", "2026-07-01T09:00:00", "2026-07-01T12:00:00"),  # no DST any more
    ("America/Sao_Paulo", "2026-12-01T09:00:00", "2026-12-01T12:00:00"),
    ("Pacific/Apia", "2011-12-30T09:00:00", "2011-12-30T10:00:00"),  # a whole day is missing
]


@pytest.mark.parametrize(("zone", "local", "expected"), TRAPS)
def test_traps(zone: str, local: str, expected: str) -> None:
    due = scheduling.instant(wall(local), ZoneInfo(zone))
    assert due == wall(expected).replace(tzinfo=UTC)


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


@given(zone=st.sampled_from(ZONES).map(ZoneInfo), local=st.datetimes(wall("1995-01-01"), wall("2037-12-31")))
def test_the_instant_is_the_first_at_which_the_clock_has_reached_the_time(zone: ZoneInfo, local: datetime) -> None:
    """Shown exactly, or when it is never shown, passed by the jump; and the time had never been shown before."""
    local = local.replace(microsecond=0)
    due = scheduling.instant(local, zone)
    assert _wall(due, zone) >= local
    if _wall(due, zone) > local:
        assert _wall(due - timedelta(seconds=1), zone) < local
    else:
        other = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
        assert due <= other


@pytest.mark.parametrize("zone", ZONES)
def test_nine_every_morning_is_once_a_date_for_two_years(zone: str) -> None:
    known = ZoneInfo(zone)
    days = [wall("2026-01-01T09:00") + timedelta(days=n) for n in range(730)]
    instants = [scheduling.instant(day, known) for day in days]
    assert sorted(set(instants)) == instants
    assert [_wall(instant, known).date() for instant in instants] == [day.date() for day in days]


def test_a_wall_time_with_an_offset_is_a_defect() -> None:
    with pytest.raises(ValueError, match="no zone of its own"):
        scheduling.instant(datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))


@pytest.mark.parametrize("name", ["", "Europe", "Mars/Olympus", "../../etc/passwd", "x" * 5000, "Europe/Berlin\0"])
def test_an_unknown_zone_is_refused_with_the_remedy(name: str) -> None:
    with pytest.raises(Invalid, match="Europe/Berlin") as caught:
        scheduling.zone(name)
    assert caught.value.pointer == "/scheduled_zone"


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01T00:00", "2026-12-24T09:00:00Z", "2026-12-24T09:00+01:00"])
def test_what_is_no_wall_time_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(Invalid, match="2026-12-24T09:00:00") as caught:
        scheduling.wall_time(text)
    assert caught.value.pointer == "/scheduled_local"


def test_late_is_more_than_the_minutes_allowed() -> None:
    due = datetime(2026, 1, 1, 9, tzinfo=UTC)
    assert not scheduling.is_late(due, after_minutes=30, at=due + timedelta(minutes=30))
    assert scheduling.is_late(due, after_minutes=30, at=due + timedelta(minutes=30, seconds=1))


def test_lateness_in_words() -> None:
    due = datetime(2026, 1, 1, 9, tzinfo=UTC)
    assert scheduling.lateness(due, at=due + timedelta(minutes=42)) == "42 min"
    assert scheduling.lateness(due, at=due + timedelta(hours=3, minutes=20)) == "3 h 20 min"
