"""Relative dates are spans of time around a moment that is an argument."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.predicates.dates import Day, Moment, span

AT = datetime(2024, 3, 31, 12, 30, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "start", "end"),
    [
        ("2024-02-29", "2024-02-29", "2024-03-01"),
        ("today", "2024-03-31", "2024-04-01"),
        ("yesterday", "2024-03-30", "2024-03-31"),
        ("tomorrow", "2024-04-01", "2024-04-02"),
        ("0_days_ago", "2024-03-31", "2024-04-01"),
        ("30_days_ago", "2024-03-01", "2024-03-02"),
        ("in_1_week", "2024-04-07", "2024-04-08"),
        ("1_month_ago", "2024-02-29", "2024-03-01"),  # no 31 February: its last day
        ("in_1_month", "2024-04-30", "2024-05-01"),
        ("13_months_ago", "2023-02-28", "2023-03-01"),
        ("in_11_months", "2025-02-28", "2025-03-01"),
        ("1_year_ago", "2023-03-31", "2023-04-01"),
        ("in_100_years", "2124-03-31", "2124-04-01"),
        ("6_hours_ago", "2024-03-31 06:30", "2024-03-31 06:30:00.000001"),
        ("in_45_minutes", "2024-03-31 13:15", "2024-03-31 13:15:00.000001"),
        ("2024-05-01T10:00:00Z", "2024-05-01 10:00", "2024-05-01 10:00:00.000001"),
    ],
)
def test_a_value_is_a_span_of_time(value: str, start: str, end: str) -> None:
    assert span(value, AT) == (at(start), at(end))


def test_a_day_is_a_day_of_utc_wherever_the_moment_was_read() -> None:
    tokyo = datetime(2024, 4, 1, 3, 0, tzinfo=timezone(timedelta(hours=9)))  # still 31 March in UTC
    assert span("today", tokyo) == span("today", AT)


def test_a_year_after_a_leap_day_is_28_february() -> None:
    assert span("in_1_year", at("2024-02-29"))[0] == at("2025-02-28")


@pytest.mark.parametrize(
    ("operator", "value", "start", "end"),
    [
        ("equals", "2024-03-01", "2024-03-01", "2024-03-02"),
        ("greater_than", "2024-03-01", "2024-03-02", None),
        ("greater_than_or_equal", "2024-03-01", "2024-03-01", None),
        ("less_than", "2024-03-01", None, "2024-03-01"),
        ("less_than_or_equal", "2024-03-01", None, "2024-03-02"),
        ("between", ["2024-03-01", "2024-03-02"], "2024-03-01", "2024-03-03"),
    ],
)
def test_operators_take_whole_days(operator: str, value: str, start: str | None, end: str | None) -> None:
    expected = (start and at(start), end and at(end))
    assert Day().window(operator, value, AT) == Moment().window(operator, value, AT) == expected


def test_the_last_days_reach_back_to_the_start_of_a_day_and_up_to_now() -> None:
    assert Moment().window("within_last", "30_days", AT) == (at("2024-03-01"), AT + timedelta(microseconds=1))
    assert Day().window("within_last", "30_days", AT) == (at("2024-03-01"), at("2024-04-01"))
    assert Moment().window("within_last", "6_hours", AT)[0] == at("2024-03-31 06:30")


def test_the_next_days_begin_now_and_reach_to_the_end_of_a_day() -> None:
    assert Moment().window("within_next", "7_days", AT) == (AT, at("2024-04-08"))
    assert Day().window("within_next", "7_days", AT) == (at("2024-03-31"), at("2024-04-08"))


@given(
    amount=st.integers(0, 100),
    unit=st.sampled_from(["minute", "hour", "day", "week", "month", "year"]),
    moment=st.integers(0, 3_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)
def test_going_back_never_ends_after_going_ahead_begins(amount: int, unit: str, moment: datetime) -> None:
    back, ahead = span(f"{amount}_{unit}s_ago", moment), span(f"in_{amount}_{unit}s", moment)
    assert back[0] <= moment <= ahead[1]
    assert back[0] <= ahead[0]
