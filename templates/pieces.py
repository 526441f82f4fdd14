"""Text in pieces: what many messages share, told apart from what is one message's own."""

from collections.abc import Iterable


class Static(str):
    """A piece of text that stands in many messages as it is, so that what is made of it can be kept.

    Any other str among pieces is one message's own. Joined, the pieces are the text.
    """

    __slots__ = ()


def grouped(pieces: Iterable[str]) -> list[str]:
    """The static pieces, and what stands between them as one piece each."""
    groups: list[str] = []
    own: list[str] = []
    for piece in pieces:
        if type(piece) is not Static:
            own.append(piece)
            continue
        if own:
            groups.append("".join(own))
            own.clear()
        groups.append(piece)
    if own:
        groups.append("".join(own))
    return groups
