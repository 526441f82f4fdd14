"""Mails in a Maildir: written whole or not at all, so any number of readers may look on meanwhile.

A file is named by its arrival, so names sort by age; it begins with the envelope (Return-Path, one Delivered-To for
each recipient), as mail stores have it, and then holds the bytes as they came.
"""

import itertools
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from functools import lru_cache
from pathlib import Path

_KEY = re.compile(r"\d{19}\.\d+_\d+\Z")
_HEAD = 64 * 1024
_SUMMARIES = 20_000
SEARCHED = _SUMMARIES  # the newest mails that a search looks through
_SEEN = ":2,S"  # Maildir's flags of a mail that was read
_FEEDBACK = re.compile(r"(\w+):\w+:\w+\Z")
_sequence = itertools.count()


@dataclass(frozen=True, slots=True)
class Summary:
    """A line of the list. `message_id` is as in the header, with its brackets; `campaign` a public id, or blank."""

    key: str
    at: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str
    message_id: str
    size: int
    campaign: str = ""

    def matches(self, words: str) -> bool:
        """Every word occurs in a recipient or in the subject."""
        text = " ".join([*self.recipients, self.subject]).casefold()
        return all(word in text for word in words.casefold().split())


@dataclass(frozen=True)
class Page:
    """One page of the list, the newest first."""

    mails: list[Summary]
    number: int
    pages: int
    total: int

    @property
    def newer(self) -> int:
        return self.number - 1

    @property
    def older(self) -> int:
        return self.number + 1


class Mailbox:
    """The mails below one folder, which is made when the first one comes."""

    def __init__(self, folder: Path) -> None:
        self._new = Path(folder) / "new"
        self._cur = Path(folder) / "cur"
        self._tmp = Path(folder) / "tmp"

    def make_folders(self) -> None:
        for folder in (self._new, self._cur, self._tmp):
            folder.mkdir(parents=True, exist_ok=True)

    def add(self, sender: str, recipients: Sequence[str], data: bytes) -> str:
        """Store one mail as it came; returns its key. Needs `make_folders` once before."""
        key = f"{time.time_ns():019d}.{os.getpid()}_{next(_sequence)}"
        envelope = [f"Return-Path: <{sender}>", *(f"Delivered-To: {recipient}" for recipient in recipients)]
        draft = self._tmp / key
        draft.write_bytes("\r\n".join([*envelope, ""]).encode() + data)
        draft.rename(self._new / key)
        return key

    def count(self) -> int:
        return len(self._keys())

    def iter_messages(self) -> Iterator[Summary]:
        """All mails, the oldest first."""
        for key in self._keys():
            if summary := self._summary(key):
                yield summary

    def page(
        self, number: int = 1, *, words: str = "", campaign: str = "", unread: bool = False, size: int = 25
    ) -> Page:
        """The given page (the last one when there are fewer) of what matches all that is asked for.

        Words and campaigns are looked for in the newest SEARCHED mails.
        """
        keys = _names(self._new)[::-1] if unread else self._keys()[::-1]
        if words.strip() or campaign:
            found = ((key, self._summary(key)) for key in keys[:SEARCHED])
            keys = [key for key, one in found if one and one.matches(words) and campaign in ("", one.campaign)]
        pages = max(-(-len(keys) // size), 1)
        number = min(max(number, 1), pages)
        mails = [self._summary(key) for key in keys[(number - 1) * size : number * size]]
        return Page([mail for mail in mails if mail], number, pages, len(keys))

    def summary(self, key: str) -> Summary | None:
        return self._summary(key) if _KEY.match(key) else None

    def raw(self, key: str) -> bytes | None:
        """The whole mail with its envelope lines, or None when there is none by this key."""
        path = self._path(key)
        return path.read_bytes() if path else None

    def unread(self) -> set[str]:
        """The keys of the mails nobody has opened."""
        return set(_names(self._new))

    def mark_read(self, key: str) -> None:
        """As mail programs do it: moved to cur, with a flag in its name. Harmless when it was so, or is gone."""
        if _KEY.match(key):
            with suppress(FileNotFoundError):
                (self._new / key).rename(self._cur / f"{key}{_SEEN}")

    def clear(self) -> None:
        """Throw everything away."""
        for folder in (self._new, self._cur):
            for path in folder.glob("*"):
                path.unlink(missing_ok=True)

    def _keys(self) -> list[str]:
        """Keys in order of arrival. A mail program that has read a mail moves it to cur and adds flags to its name."""
        return sorted({*_names(self._new), *_names(self._cur)})

    def _path(self, key: str) -> Path | None:
        if not _KEY.match(key):
            return None
        usual = [self._new / key, self._cur / f"{key}{_SEEN}"]
        moved = (path for path in self._cur.glob(f"{key}*"))
        return next((path for path in itertools.chain(usual, moved) if path.is_file()), None)

    def _summary(self, key: str) -> Summary | None:
        path = self._path(key)
        return _read_summary(path) if path else None


def _names(folder: Path) -> list[str]:
    """The keys of a folder's mails, in order of arrival."""
    try:
        names = [entry.name.partition(":")[0] for entry in os.scandir(folder)]
    except FileNotFoundError:
        return []
    return sorted(name for name in names if _KEY.match(name))


@lru_cache(maxsize=_SUMMARIES)
def _read_summary(path: Path) -> Summary | None:
    """A stored mail never changes, so its summary is read once a process."""
    try:
        with path.open("rb") as file:
            headers = BytesHeaderParser().parsebytes(file.read(_HEAD).partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
            size = os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        return None
    key = path.name.partition(":")[0]
    feedback = _FEEDBACK.match(str(headers.get("Feedback-ID", "")).strip())
    return Summary(
        key=key,
        at=datetime.fromtimestamp(int(key.partition(".")[0]) / 1e9, UTC),
        sender=_words(headers.get("From", "")),
        recipients=tuple(str(value) for value in headers.get_all("Delivered-To", [])),
        subject=_words(headers.get("Subject", "")),
        message_id=str(headers.get("Message-ID", "")).strip(),
        size=size,
        campaign=feedback[1] if feedback else "",
    )


def _words(header: object) -> str:
    """A header as a person reads it; as it stands when it cannot be decoded."""
    text = " ".join(str(header).split())
    try:
        return str(make_header(decode_header(text)))
    except (MessageError, LookupError, ValueError):
        return text
