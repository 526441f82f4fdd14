"""The promises hold whatever happens to a campaign, in any order (DESIGN 1)."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from pytest_django import Settings

from delivery import accounts, pipeline
from delivery.providers import PROVIDERS
from tests.conftest import CommittedDb
from tests.faults.machine import STATEMENTS, Campaigns

EXAMPLES, STEPS = 12, 25


@pytest.fixture
def remembering(settings: Settings) -> Iterator[None]:
    """A provider that remembers is one of the plug-ins, as settings name them."""
    settings.BASE_URL = "https://faults.example"
    settings.PROVIDERS = [*settings.PROVIDERS, "tests.faults.machine.Memory"]
    PROVIDERS.__dict__.pop("_by_kind", None)
    yield
    PROVIDERS.__dict__.pop("_by_kind", None)


@pytest.fixture
def small_groups(committed_db: CommittedDb, remembering: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a worker dies with some done and some not."""
    monkeypatch.setattr(pipeline, "BATCH", 5)
    monkeypatch.setattr(pipeline, "GROUP", 2)
    accounts.close_all()


DEATHS: list[Callable[[Campaigns], None]] = [
    *(partial(Campaigns.crash, statement=name, after=after) for name in STATEMENTS for after in (False, True)),
    *(partial(Campaigns.crash_on_the_wire, taken=taken) for taken in range(3)),
]


def test_a_worker_may_die_at_any_point_of_the_recipe(small_groups: None) -> None:
    for die in DEATHS:
        world = Campaigns()
        world.launch(planned=True)
        die(world)
        for step in (world.clock_jumps, world.work, world.work):
            step()
            world.who_was_sent_it_got_it()
            world.nobody_gets_it_twice()
        world.teardown()


def test_the_promises_hold_in_any_order_of_events(small_groups: None) -> None:
    run_state_machine_as_test(
        Campaigns,
        settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, suppress_health_check=list(HealthCheck)),
    )
