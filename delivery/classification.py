"""What a refusal means, from its reply code, its enhanced status and its words (STANDARDS A8.1-A8.5).

Two of three real 5xx refusals are not the address's fault: only ADDRESS_PERMANENT may suppress it.
Where the words and the code disagree, the words win; where neither says anything, the answer is UNKNOWN.
"""

import re
from enum import StrEnum

from config.lib.addresses import mask


class Category(StrEnum):
    """Whose fault it is, so what to do: suppress, wait, repair the sending domain, or repair the message."""

    ADDRESS_PERMANENT = "address_permanent"
    MAILBOX_TEMPORARY = "mailbox_temporary"
    SENDER_POLICY = "sender_policy"
    MESSAGE_PERMANENT = "message_permanent"
    TRANSIENT = "transient"
    UNKNOWN = "unknown"


_ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.]\d)")

_FULL = re.compile(
    r"over ?quota|quota (?:is )?(?:exceeded|full|reached)|exceed\w* (?:\w+ ){0,3}(?:quota|storage)"
    r"|(?:mailbox|inbox|mail ?box|account|storage)(?: \w+){0,3} (?:is )?(?:full|exceeded)|full mailbox|out of storage"
    r"|mailbox size limit|not enough (?:storage|disk) space|insufficient (?:mailbox )?storage|disk quota"
)
_BLOCKED = re.compile(
    r"spamhaus|spamcop|barracuda|sorbs|proofpoint|cloudmark|senderscore|black ?list|block ?list|dnsbl|\brbl\b"
    r"|(?:ip|host|server|sender|client|network|mail|message|address) (?:\w+ ){0,4}(?:block(?:ed)?|banned|listed)\b"
    r"|unsolicited|\bspam\b|looks like spam|reputation|\bdmarc\b|\bspf\b|\bdkim\b|unauthenticated|not authenticated"
    r"|authentication (?:check|required|fail\w*)|reverse dns|\bptr\b|rate limit|too many (?:messages|connections)"
    r"|relay(?:ing)? (?:access )?(?:denied|not (?:permitted|allowed))|unable to relay|not allowed to relay"
    r"|virus|phish|content (?:rejected|denied)|access denied, sending domain"
)
_NOBODY = re.compile(
    r"(?:user|account|recipient|mailbox|address|alias|local[ -]part|person)(?: (?!but\b)\S+){0,4}? "
    r"(?:is |was )?(?:unknown|not found|invalid|not exist\w*|non-?existent|unrecogni[sz]ed|not recogni[sz]ed)"
    r"|(?:unknown|invalid|no such|bad|non-?existent|undeliverable) (?:\w+ )?"
    r"(?:user|account|recipient|mailbox|address|alias|local[ -]part|person|destination)"
    r"|(?:does ?n[o']t|does not|do not|don't) (?:\w+ )?(?:exist|have an? (?:\S+ )?(?:account|mailbox|user))"
    r"|no (?:mailbox|user|account|recipient|one|person)(?: here)? (?:by|with|of|named?|called)"
    r"|no mailbox (?:here|found)"
    r"|not a (?:valid|known) (?:user|mailbox|recipient|address)|user not (?:local|known)|not our customer"
    r"|mailbox unavailable|unrouteable address|recipient address rejected: access denied"
    r"|no longer (?:\w+ )?(?:valid|here)"
    r"|(?:domain|host)(?: \S+)? (?:does not exist|not found|unknown)|unknown (?:domain|host)"
    r"|does not accept mail|null mx"
)
_TOO_LARGE = re.compile(r"(?:message|size|mail)(?: \w+){0,3} (?:too (?:large|big)|exceed\w*)|too large|size limit")
_GREYLISTED = re.compile(r"grey ?list|gray ?list")

_ADDRESS_STATUS = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.7.17", "5.7.18"}
_MAILBOX_STATUS = {"5.2.1", "5.2.2", "5.7.13"}
_MESSAGE_STATUS = {"5.2.3", "5.3.4"}
_SENDER_STATUS = {"5.1.7", "5.1.8"}
_SENDER_CODES = {530, 534, 535, 538, 571}

_REPUTATION = re.compile(
    r"temporarily deferred|\[tss\d+\]|reputation|rate[- ]limited|unusual rate|unsolicited|user complaints"
    r"|too many (?:messages|connections|errors) from|throttled"
)

_REPUTATION_STATUS = re.compile(r" 4\.7\.(?:0|28|[5-8]\d\d)\Z")

_RETRY = re.compile(
    r"(?:try|retry|again|come back|wait|delay|grey ?listed|gray ?listed)\D{0,40}?"
    r"(\d{1,5}) ?(s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b"
)
_UNITS = {"s": 1, "m": 60, "h": 3600}
_DAY = 86_400
_ADDRESS = re.compile(r"""(?:"[^"]*"|[^\s<>()\[\],;:"'=]+)(?:@|%40)[^\s<>()\[\],;:"'&]+""")
_MAX_DETAIL = 500


def enhanced_status(text: str) -> str | None:
    """The first enhanced status code (RFC 3463) in a reply, as 5.1.1, or None."""
    found = _ENHANCED.search(text)
    return found[0] if found else None


def classify(code: int, enhanced: str | None, text: str) -> Category:
    """The category of a refusal: `code` the SMTP reply code, `enhanced` as 5.1.1 when the server gave one."""
    words = " ".join(text.lower().split())
    if _FULL.search(words):
        return Category.MAILBOX_TEMPORARY
    if code < 500 or (enhanced or "").startswith("4"):
        return _temporary(enhanced or "", words)
    return _by_status(enhanced, words) if enhanced else _by_words(code, words)


def retry_after(text: str) -> int | None:
    """The seconds a server asks us to wait ("try again in 5 minutes"), at most a day, or None."""
    found = _RETRY.search(text.lower())
    return min(int(found[1]) * _UNITS[found[2][0]], _DAY) if found else None


def is_about_reputation(code: str, text: str) -> bool:
    """Whether a deferral is for who we are, not for this message: others to the same mailboxes would meet it too.

    `code` as receipts have it ("421 4.7.0"). By words, and by the status classes that Gmail (4.7.28) and Microsoft
    (4.7.5xx to 4.7.8xx) use for it; 4.7.x alone is also what grey-listing says (STANDARDS A10.9).
    """
    words = text.lower()
    if _GREYLISTED.search(words):
        return False
    return bool(_REPUTATION.search(words) or _REPUTATION_STATUS.search(code))


def detail(text: str) -> str:
    """The server's words as we may keep them: every address masked, at most 500 characters."""
    masked = (
        _ADDRESS.sub(lambda found: mask(found[0].replace("%40", "@")), text) if "@" in text or "%40" in text else text
    )
    return " ".join(masked.split())[:_MAX_DETAIL]


def _temporary(enhanced: str, words: str) -> Category:
    if enhanced == "4.2.2":
        return Category.MAILBOX_TEMPORARY
    if _GREYLISTED.search(words):
        return Category.TRANSIENT
    if enhanced.startswith("4.7.") or _BLOCKED.search(words):
        return Category.SENDER_POLICY
    return Category.TRANSIENT


def _by_status(status: str, words: str) -> Category:
    if status in _MAILBOX_STATUS:
        return Category.ADDRESS_PERMANENT if _NOBODY.search(words) else Category.MAILBOX_TEMPORARY
    if status in _SENDER_STATUS or _BLOCKED.search(words):
        return Category.SENDER_POLICY
    if status in _ADDRESS_STATUS:
        return Category.ADDRESS_PERMANENT
    if status in _MESSAGE_STATUS or status.startswith("5.6."):
        return Category.MESSAGE_PERMANENT
    if _NOBODY.search(words):
        return Category.ADDRESS_PERMANENT
    return Category.SENDER_POLICY if status.startswith("5.7.") else Category.UNKNOWN


def _by_words(code: int, words: str) -> Category:
    if code in _SENDER_CODES or _BLOCKED.search(words):
        return Category.SENDER_POLICY
    if _NOBODY.search(words):
        return Category.ADDRESS_PERMANENT
    if _TOO_LARGE.search(words):
        return Category.MESSAGE_PERMANENT
    if code == 552:  # RFC 5321: "exceeded storage allocation"
        return Category.MAILBOX_TEMPORARY
    return Category.ADDRESS_PERMANENT if code == 556 else Category.UNKNOWN  # 556: the domain takes no mail (RFC 7504)
