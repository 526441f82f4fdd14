"""Python's search for cycles of garbage, in processes that live long and work through batches."""

import gc

_YOUNG = 10_000  # objects more than were freed, until the next look at the young: about a group of messages


def settle_in() -> None:
    """Once a process has loaded what it needs: that is never looked through again, and the rest seldom.

    The library's measure of 700 looked through the messages of a group again and again: 15 us a message of 200.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG)
