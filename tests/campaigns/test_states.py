"""The moves of a campaign."""

import pytest

from campaigns import states
from campaigns.errors import IllegalMove
from campaigns.models import Campaign

S = Campaign.State
LEGAL = {
    ("schedule", S.DRAFT): S.SCHEDULED,
    ("schedule", S.SCHEDULED): S.SCHEDULED,
    ("unschedule", S.SCHEDULED): S.DRAFT,
    ("launch", S.DRAFT): S.ACTIVE,
    ("launch", S.SCHEDULED): S.ACTIVE,
    ("pause", S.ACTIVE): S.PAUSED,
    ("resume", S.PAUSED): S.ACTIVE,
    ("complete", S.ACTIVE): S.COMPLETED,
    ("cancel", S.DRAFT): S.CANCELLED,
    ("cancel", S.SCHEDULED): S.CANCELLED,
    ("cancel", S.ACTIVE): S.CANCELLED,
    ("cancel", S.PAUSED): S.CANCELLED,
    ("edit", S.DRAFT): None,
    ("archive", S.DRAFT): None,
    ("archive", S.COMPLETED): None,
    ("archive", S.CANCELLED): None,
}


def test_exactly_these_moves_are_legal() -> None:
    moves = [*states.FOR_PEOPLE, states.COMPLETE]
    assert {(move.name, source): move.target for move in moves for source in move.sources} == LEGAL


@pytest.mark.parametrize("move", [*states.FOR_PEOPLE, states.COMPLETE], ids=lambda move: move.name)
@pytest.mark.parametrize("state", S.values)
def test_a_refusal_names_the_state_and_what_is_allowed_instead(move: states.Move, state: str) -> None:
    error = states.refusal(move, state)
    assert isinstance(error, IllegalMove)
    assert error.status == 409
    assert state in error.detail
    assert set(error.allowed) == {name for name, source in LEGAL if source == state and name != "complete"}
    assert all(other.participle in error.detail for other in states.allowed(state))


def test_no_end_state_can_be_left() -> None:
    assert [move.name for move in states.allowed(S.CANCELLED)] == ["archive"]
    assert [move.name for move in states.allowed(S.COMPLETED)] == ["archive"]
