"""Colours of states mean one thing each, and never stand without an icon and a word."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# A state of a row → (tone: the colour and the icon, word). What is not here is shown as a draft, in its own word.
STATES: dict[str, tuple[str, Promise]] = {
    "draft": ("draft", _("Draft")),
    "scheduled": ("scheduled", _("Scheduled")),
    "held": ("held", _("Held")),
    "active": ("active", _("Active")),
    "paused": ("paused", _("Paused")),
    "completed": ("completed", _("Completed")),
    "cancelled": ("cancelled", _("Cancelled")),
    "failed": ("failed", _("Failed")),
    "unknown": ("unknown", _("Unknown")),
    # the same tones for other things that have states
    "ready": ("scheduled", _("Ready")),
    "waiting": ("scheduled", _("Waiting")),
    "running": ("active", _("Running")),
    "sent": ("completed", _("Sent")),
    "delivered": ("active", _("Delivered")),
    "skipped": ("draft", _("Skipped")),
    "archived": ("draft", _("Archived")),
    "live": ("active", _("Live")),
    "off": ("draft", _("Off")),
    "revoked": ("cancelled", _("Revoked")),
    "expired": ("completed", _("Expired")),
}
TONES = ("draft", "scheduled", "held", "active", "paused", "completed", "cancelled", "failed", "unknown")


def tone_and_word(state: str) -> tuple[str, str]:
    """(tone, word) of a state."""
    tone, word = STATES.get(state, ("draft", state.replace("_", " ").capitalize()))
    return tone, str(word)
