"""The promises hold whatever happens to a campaign, in any order (DESIGN 1)."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from pytest_django import Settings

from delivery import accounts, pipeline
from delivery.providers import PROVIDERS
from tests.conftest import CommittedDb
from tests.faults.machine import Campaigns

EXAMPLES, STEPS = 8, 25


@pytest.fixture
def remembering(settings: Settings) -> Iterator[None]:
    """A provider that remembers is one of the plug-ins, as settings name them."""
    settings.BASE_URL = "https://faults.example"
    settings.PROVIDERS = [*settings.PROVIDERS, "tests.faults.machine.Memory"]
    PROVIDERS.__dict__.pop("_by_kind", None)
    yield
    PROVIDERS.__dict__.pop("_by_kind", None)


@pytest.mark.timeout(240)
def test_the_promises_hold_in_any_order_of_events(
    committed_db: CommittedDb, remembering: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "BATCH", 5)  # so that a worker dies with some done and some not
    monkeypatch.setattr(pipeline, "GROUP", 2)
    accounts.close_all()
    checks = list(HealthCheck)
    run_state_machine_as_test(
        Campaigns,
        settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, suppress_health_check=checks),
    )
