"""What an ESP's answer, or the lack of one, means for the message: a receipt without its message id. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from delivery import classification
from delivery.classification import Category
from delivery.providers.base import Outcome, Receipt, Trouble

PROVIDER_SUPPRESSED = "provider_suppressed"
"""The ESP has the address on its own suppression list: it says nothing of why, so neither do we."""

_LONGEST_WAIT_S = 3600
_DEFAULT_WAIT_S = 5
_ACCOUNT = frozenset({401, 402, 403, 404, 405, 407})
# How each says that the recipient is what it does not like: Resend, Mailgun, Brevo, MailerSend and SendGrid, SES,
# Scaleway, Mailjet, Postmark, Mailtrap, Unisender Go. Any other complaint is about us, and must never touch the
# recipient.
_RECIPIENT = re.compile(
    r"""invalid\s['"`]to['"`]|\bto\sparameter\b|\bvalid\sin\sto\b|\bto\.\d+\.email|suppression\slist"""
    r"""|"argument_name":\s?"to"|\bto\[\d+\]|error\sparsing\s'to'|'to'\saddress|no\svalid\srecipients""",
    re.IGNORECASE,
)
# That the sender is not set up there: it concerns this sender's mail alone, so it opens no breaker.
# SendGrid, Resend, SES, MailerSend; Postmark; SparkPost; Brevo.
_SENDER = re.compile(
    r"(?:not|be|a) verified|unverified|sender signature|unconfigured sending domain|the sender you used",
    re.IGNORECASE,
)
_WORDS = ("message", "Message", "ErrorMessage", "error", "detail", "title")


def nobody_there(why: str) -> Receipt:
    """No connection stood: the request was never sent."""
    return Receipt(0, Outcome.NOT_BEGUN, Trouble.UNREACHABLE, "", classification.detail(why))


def out_of_time() -> Receipt:
    """The time to begin was over."""
    return Receipt(0, Outcome.NOT_BEGUN, retry_after_s=0)


def no_answer(why: str, code: str = "") -> Receipt:
    """It was handed over, and nobody knows whether it was taken."""
    return Receipt(0, Outcome.UNKNOWN, Category.UNKNOWN, code, classification.detail(why))


def taken(code: str, detail: str = "") -> Receipt:
    return Receipt(0, Outcome.SENT, "", code, detail)


def unwritable(why: str) -> Receipt:
    """It cannot be put in this ESP's words, so it was never sent."""
    return Receipt(0, Outcome.PERMANENT, Category.MESSAGE_PERMANENT, "", classification.detail(why))


def recipient_refused(status: str, code: str, words: str) -> Receipt:
    """`status` as anymail has it: rejected (it is on the ESP's list), invalid or failed (the ESP cannot use it)."""
    category = PROVIDER_SUPPRESSED if status == "rejected" else _category(words)
    return Receipt(0, Outcome.PERMANENT, category, code, classification.detail(words))


def refused(status: int, headers: Mapping[str, str], body: str, *, account_codes: frozenset[str]) -> Receipt:
    """An HTTP answer that is no success. `account_codes`: the ESP's own codes that mean the account, not the message,
    whatever their status: Mandrill answers 500 to a wrong key.

    Any other 5xx came after the request was sent: nothing in HTTP says that it was not carried out (STANDARDS B1.6).
    """
    code, words = error_code(body), " ".join(sentences(body)) or body[:300]
    shown = f"{status} {code}".strip()
    if status == 429:
        wait = retry_after(headers.get("Retry-After", ""))
        return Receipt(0, Outcome.NOT_BEGUN, Trouble.THROTTLED, shown, classification.detail(words), wait)
    if code not in account_codes and (status >= 500 or status == 408):
        return no_answer(words, shown)
    if status >= 400 and _SENDER.search(words):
        return Receipt(0, Outcome.TRANSIENT, Category.SENDER_POLICY, shown, classification.detail(words))
    if status < 400 or status in _ACCOUNT or code in account_codes:
        return Receipt(0, Outcome.TRANSIENT, Trouble.ACCOUNT, shown, classification.detail(words))
    if _RECIPIENT.search(body):
        return recipient_refused("rejected" if "suppression list" in words else "invalid", shown, words)
    return Receipt(0, Outcome.PERMANENT, Category.MESSAGE_PERMANENT, shown, classification.detail(words))


def retry_after(value: str, *, at: datetime | None = None) -> int:
    """The seconds of a Retry-After header (RFC 9110 10.2.3: a number or a date), at least 1, at most an hour."""
    if value.strip().isdigit():
        return min(max(int(value), 1), _LONGEST_WAIT_S)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return _DEFAULT_WAIT_S
    wait = (when.replace(tzinfo=when.tzinfo or UTC) - (at or datetime.now(UTC))).total_seconds()
    return min(max(int(wait) + 1, 1), _LONGEST_WAIT_S)


def sentences(body: str) -> Iterator[str]:
    """What an ESP's JSON says in words, wherever it puts them."""
    try:
        yield from _said(json.loads(body))
    except ValueError:
        return


def error_code(body: str) -> str:
    """The ESP's own code for what went wrong, or nothing."""
    try:
        given = json.loads(body)
    except ValueError:
        return ""
    found = [given.get(name) for name in ("ErrorCode", "name", "code", "type")] if isinstance(given, dict) else []
    return next((str(code)[:40] for code in found if isinstance(code, str | int)), "")


def _said(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for one in part[:3]:
            yield from _said(one)
    elif isinstance(part, dict):
        yield from (str(part[name]) for name in _WORDS if isinstance(part.get(name), str))
        for one in part.values():
            if isinstance(one, list | dict):
                yield from _said(one)


def _category(words: str) -> str:
    found = classification.classify(550, None, words)
    return found if found is Category.ADDRESS_PERMANENT else Category.MESSAGE_PERMANENT
