"""When a message that was deferred is tried again. Pure."""

from datetime import datetime, timedelta

FIRST_RETRY_S = 300
FACTOR = 1.6
LONGEST_RETRY_S = 2 * 3600
GIVE_UP_AFTER = timedelta(hours=24)
_STEPS = 10  # after which it is the longest anyway
UNREACHABLE_RETRY_S = 15


def retry_at(
    *, message_id: int, deferrals: int, deferred_since: datetime | None, at: datetime, hint_s: int | None = None
) -> datetime | None:
    """When to try again after one more deferral, or None when it is time to give up.

    Exponential from 5 minutes to 2 hours for 24 hours since the first deferral (between Mailgun's 8 h and SendGrid's
    72 h, STANDARDS A8.7). The jitter of up to a quarter comes from the id, so that it needs no randomness.
    `hint_s` is what the server asked for; 10 s are added to it as Postal does.
    """
    if deferred_since is not None and at - deferred_since >= GIVE_UP_AFTER:
        return None
    wait = min(FIRST_RETRY_S * FACTOR ** min(deferrals, _STEPS), LONGEST_RETRY_S)
    wait *= 1 + (message_id % 97) / 388
    return at + timedelta(seconds=max(wait, hint_s + 10 if hint_s else 0))


def unreachable_until(*, message_id: int, at: datetime) -> datetime:
    """When to look again for a provider that took nothing: soon, but not all messages at once."""
    return at + timedelta(seconds=UNREACHABLE_RETRY_S * (1 + (message_id % 97) / 97))
