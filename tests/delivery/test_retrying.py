"""When a deferred message is tried again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from delivery.retrying import GIVE_UP_AFTER, LONGEST_RETRY_S, retry_at

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


@given(message_id=st.integers(1, 2**62), deferrals=st.integers(0, 2**31 - 1), hint_s=st.none() | st.integers(0, 86_400))
def test_it_is_always_later_and_never_later_than_the_longest_or_what_was_asked(
    message_id: int, deferrals: int, hint_s: int | None
) -> None:
    due = retry_at(message_id=message_id, deferrals=deferrals, deferred_since=None, at=AT, hint_s=hint_s)
    assert due is not None
    wait = (due - AT).total_seconds()
    assert 300 <= wait <= max(LONGEST_RETRY_S * 1.25, (hint_s or 0) + 10)
    assert not hint_s or wait >= hint_s


def test_it_gives_up_a_day_after_the_first_deferral() -> None:
    since = AT - GIVE_UP_AFTER
    assert retry_at(message_id=1, deferrals=9, deferred_since=since, at=AT) is None
    assert retry_at(message_id=1, deferrals=9, deferred_since=since + timedelta(seconds=1), at=AT) is not None
