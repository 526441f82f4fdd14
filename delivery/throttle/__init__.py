"""How fast we may: who of a group may go now, when the others may, and what the answers teach.

Asked right before a group goes out (pipeline.py). Limits are rows; what was used of them is in Redis, and losing that
makes mail slower for a moment, never faster.
"""

from delivery.throttle import admission, groups, limits
from delivery.throttle.admission import Admission, admit, linger
from delivery.throttle.demands import Because, Demand, Limit, Wait
from delivery.throttle.levels import waits
from delivery.throttle.slowing import observe

__all__ = ["Admission", "Because", "Demand", "Limit", "Wait", "admit", "forget", "linger", "observe", "waits"]


def forget() -> None:
    """Read limits and mailbox providers anew: they are kept for a moment in each process."""
    for room in (admission, groups, limits):
        room.forget()
