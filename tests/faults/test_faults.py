"""Small versions of the quick faults: real workers, a real server, a whole campaign."""

from pathlib import Path

import pytest

from config.faults import deployments, esp, smtp
from config.faults.base import Fault
from config.faults.stage import Stage
from tests.conftest import CommittedDb

PEOPLE = 160
QUICK: list[type[Fault]] = [smtp.Refused, smtp.AcceptedThenDropped, esp.Accepts500WithKeys]


@pytest.mark.parametrize("fault", QUICK, ids=lambda fault: fault.kind)
def test_the_sums_close(
    fault: type[Fault], committed_db: CommittedDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.conf.settings.BASE_URL", "https://faults.example")
    for name, value in {**deployments.LEASES, "BASE_URL": "https://faults.example"}.items():
        monkeypatch.setenv(name, value)
    figures = fault().run(Stage(print, folder=tmp_path), PEOPLE)
    assert figures["broken"] == []
    assert figures["audience"] == PEOPLE
    assert figures["doubled"] == figures["lost"] == 0
    assert figures["closes"]
