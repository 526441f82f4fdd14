"""What may stand in the way of a campaign."""

from collections.abc import Sequence

from config.lib.errors import Conflict, Invalid


class IllegalMove(Conflict):
    """The campaign is in a state in which this cannot be done."""

    code = "illegal_move"

    def __init__(self, detail: str, allowed: Sequence[str]) -> None:
        """`allowed` names the moves that the campaign can make now."""
        super().__init__(detail)
        self.allowed = tuple(allowed)


class ChangedMeanwhile(Conflict):
    """The campaign was changed while it was being checked. Look at it again, then launch."""

    code = "changed_meanwhile"


class NotReady(Invalid):
    """The campaign lacks something that it needs to be launched."""

    code = "not_ready"


class LeaseLost(Conflict):
    """The run was cancelled, or another worker freezes it now."""

    code = "lease_lost"
