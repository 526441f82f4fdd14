"""The moves of a campaign: from which states each may be made, and to which it leads. Pure.

draft -> scheduled -> active <-> paused -> completed | cancelled; scheduled -> draft; completed -> active by a replay;
whatever is not over yet can be cancelled, which is final.
"""

from dataclasses import dataclass

from campaigns.errors import IllegalMove
from campaigns.models import Campaign

State = Campaign.State
_LIVE = (State.DRAFT, State.SCHEDULED, State.ACTIVE, State.PAUSED)


@dataclass(frozen=True)
class Move:
    """A move that can be made from `sources`; `target` None leaves the state as it is."""

    name: str
    participle: str
    sources: tuple[Campaign.State, ...]
    target: Campaign.State | None = None


EDIT = Move("edit", "edited", (State.DRAFT,))
SCHEDULE = Move("schedule", "scheduled", (State.DRAFT, State.SCHEDULED), State.SCHEDULED)
UNSCHEDULE = Move("unschedule", "unscheduled", (State.SCHEDULED,), State.DRAFT)
LAUNCH = Move("launch", "launched", (State.DRAFT, State.SCHEDULED), State.ACTIVE)
PAUSE = Move("pause", "paused", (State.ACTIVE,), State.PAUSED)
ADJUST = Move("adjust", "adjusted", (State.ACTIVE, State.PAUSED))
RESUME = Move("resume", "resumed", (State.PAUSED,), State.ACTIVE)
CANCEL = Move("cancel", "cancelled", _LIVE, State.CANCELLED)
ARCHIVE = Move("archive", "archived", (State.DRAFT, State.COMPLETED, State.CANCELLED))
COMPLETE = Move("complete", "completed", (State.ACTIVE,), State.COMPLETED)

# Under a campaign that has completed nothing goes out. What failed or is unknown can be sent after all, and for as long
# as that takes it is active again. A cancelled one stays so.
REOPEN = Move("reopen", "reopened", (State.COMPLETED,), State.ACTIVE)
SEND_AFTER_ALL = Move("send_after_all", "sent again", (State.ACTIVE, State.PAUSED, State.COMPLETED))

# A second person's yes, which changes no state and so is none of the moves that an error names as possible.
APPROVE = Move("approve", "approved", (State.DRAFT, State.SCHEDULED))

# Completing is the engine's, when nothing waits any more, and reopening comes with a replay; no person does either.
FOR_PEOPLE = (EDIT, SCHEDULE, UNSCHEDULE, LAUNCH, PAUSE, RESUME, CANCEL, ARCHIVE)


def allowed(state: str) -> list[Move]:
    """The moves that a person can make from this state."""
    return [move for move in FOR_PEOPLE if state in move.sources]


def refusal(move: Move, state: str) -> IllegalMove:
    """The error that says why not, and what can be done instead."""
    names = [other.participle for other in allowed(state)]
    return IllegalMove(
        f"A campaign that is {state} cannot be {move.participle}. It can be {_either(names)}.",
        [other.name for other in allowed(state)],
    )


def _either(names: list[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
