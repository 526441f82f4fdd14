"""Replies are read in any pieces, and what is none is known."""

import pytest

from delivery.smtp.replies import Broken, ReplyReader


def test_replies_are_read_in_any_pieces() -> None:
    raw = b"250-first\r\n250 second\r\n354 go\r\n250\r\n"
    for size in range(1, len(raw) + 1):
        reader = ReplyReader()
        found = [reply for start in range(0, len(raw), size) for reply in reader.feed(raw[start : start + size])]
        assert [(reply.code, reply.text) for reply in found] == [(250, "first\r\nsecond"), (354, "go"), (250, "")]
        assert reader.empty


@pytest.mark.parametrize(
    "raw", [b"hello\r\n", b"25 x\r\n", b"999 x\r\n", b"x" * 9000, b"250-x\r\n" * 300, b"\xff\xfe\n"]
)
def test_what_is_no_reply_breaks_the_connection(raw: bytes) -> None:
    with pytest.raises(Broken):
        list(ReplyReader().feed(raw))
