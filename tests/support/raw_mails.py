"""Mails as our letterhead assembles them, harmless and hostile."""

from datetime import UTC, datetime

from delivery.mime import Letterhead

HOSTILE = (
    '<p onclick="steal()">Hello</p><script>parent.location = "https://evil.test"</script>'
    '<a href="https://acme.test/a?b=1&amp;c=2">Read <b>more</b></a> <a href="javascript:steal()">no</a>'
    '<a href="https://acme.test/u/token"><img src="x.png" alt="Unsubscribe"></a>'
)


def raw(subject: str = "Hello", *, html: str = "<p>Hello</p>", to: str = "ana@example.test", number: int = 0) -> bytes:
    """One to Ana with a text part that has a link, and an HTML part unless that is empty."""
    return Letterhead(from_name="Acme", from_email="news@acme.test").assemble(
        to_name="Ana",
        to_email=to,
        subject=subject,
        html=html,
        text="Hello, see https://acme.test/text.",
        message_id=f"m{number}@acme.test",
        date=datetime(2026, 11, 22, tzinfo=UTC),
    )
