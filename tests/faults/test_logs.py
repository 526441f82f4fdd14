"""What a whole deployment says while it works: JSON with ids of campaigns and messages, and no address (DESIGN 4)."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from compliance.models import Scope
from compliance.tokens import UnsubscribeToken
from config import running
from config.faults.stage import Stage
from config.lib.addresses import address_hash
from config.lib.supervisor import Supervisor
from delivery.models import Message, Purpose
from delivery.sink import Misbehaviour
from segments.models import Contact
from tests.conftest import CommittedDb
from tests.databases import free_port
from tests.support.waiting import PATIENCE_S

PEOPLE = 60
REFUSAL = Misbehaviour("RCPT", "550 5.1.1 <{to}>: no such user, ask postmaster about {to}", every=4, times=9)


def test_no_log_holds_an_address(committed_db: CommittedDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_JSON", "1")
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("BASE_URL", "https://faults.example")
    monkeypatch.setattr("django.conf.settings.BASE_URL", "https://faults.example")
    said: list[str] = []
    stage = Stage(said.append, folder=tmp_path)
    port = free_port()
    web = [program for program in running.programs(port, 1) if program.name == "web"]
    with (
        stage.sink(delay_ms=0, script=[REFUSAL]),
        Supervisor(web, say=lambda name, line: said.append(line)),
        stage.working(celery=False),
    ):
        stage.launch(PEOPLE, Purpose.MARKETING)
        stage.wait_for_the_end()
        stage.wait_until(lambda: _unsubscribe(stage, port), "somebody unsubscribes")
    said += (tmp_path / "lines").read_text().splitlines()

    emails = list(Contact.objects.exclude(email=None).values_list("email", flat=True))
    assert len(emails) == PEOPLE
    assert [line for line in said if any(str(email) in line for email in emails)] == []
    lines = [found for line in said if (found := _parsed(line))]
    refused = [line for line in lines if line.get("event") == "message_not_sent"]
    assert {line["campaign"] for line in refused} == {stage.campaign.pk}
    failed = Message.objects.filter(state=Message.State.FAILED).values_list("pk", flat=True)
    assert {line["message"] for line in refused} == set(failed) != set()


def _unsubscribe(stage: Stage, port: int) -> bool:
    """One click over HTTP, as a mail program does it; false while the web server is not up."""
    message = Message.objects.filter(state=Message.State.SENT).first()
    assert message
    contact = Contact.objects.get(pk=message.contact_id)
    token = UnsubscribeToken(
        message.pk, contact.pk, stage.campaign.pk, stage.campaign.brand_id or 0, Scope.BRAND,
        stage.campaign.brand_id or 0, address_hash(str(contact.email)),
    )  # fmt: skip
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/u/{token.seal()}", data=b"List-Unsubscribe=One-Click", method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _parsed(line: str) -> dict[str, Any] | None:
    start = line.find("{")
    try:
        found = json.loads(line[start:]) if start >= 0 else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
