"""What segments may depend on here: what became of the messages to somebody."""

from django.utils.translation import gettext_lazy as _

from segments.watches import Watch


class Messages(Watch):
    """Read from the log of delivery events: a trigger would slow every send down, and each change is in the log,
    that a hit was judged again too."""

    kind = "messages"
    words = _("of a message to them")
    names = frozenset({
        "delivery_deliveryevent", "delivery_message", "delivery_sendorder", "delivery_hit", "delivery_judgement",
    })  # fmt: skip
    log = "delivery_deliveryevent"
