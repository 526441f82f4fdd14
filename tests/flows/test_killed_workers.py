"""Promises 2 and 3: whatever is killed, everyone is accounted for and nobody gets it twice."""

import random
import time
from collections import Counter
from pathlib import Path

from config.lib import public_ids
from delivery.models import DeliveryEvent, Message, ProviderAccount, SendOrder
from tests.conftest import CommittedDb
from tests.factories.delivery import make_order, make_people, plan
from tests.support.processes import Workers, quick_leases, recorder
from tests.support.waiting import PATIENCE_S

PEOPLE, KILLS = 1500, 12


def test_killing_workers_loses_and_doubles_nobody(committed_db: CommittedDb, tmp_path: Path) -> None:
    """SIGKILL at random points, with the gap between the server's accept and our settling widened."""
    order = make_order()
    plan(order, make_people(PEOPLE))
    with recorder(tmp_path, delay_ms=20) as server:
        ProviderAccount.objects.create(
            name="recorder", kind="smtp", config={"host": "127.0.0.1", "port": server.port, "security": "none"}
        )
        with Workers(2, quick_leases(committed_db.env)) as workers:
            _kill_until_over(order, workers)
        taken = server.read()

    ids = {public_ids.encode("message", pk): state for pk, state in Message.objects.values_list("pk", "state")}
    got = Counter(message_id.partition("@")[0] for message_id in taken.message_ids)
    states = Counter(ids.values())
    print(f"\n{dict(states)}, {workers.kills} workers killed, {sum(got.values())} taken")
    assert max(got.values()) == 1, "somebody got it twice"
    assert set(states) <= {"sent", "unknown"}
    assert sum(states.values()) == PEOPLE
    assert {m for m, state in ids.items() if state == "sent"} <= got.keys(), "sent, but not in the sink"
    assert all(ids[message_id] in ("sent", "unknown") for message_id in got)
    # a kill costs at most one group its certainty
    assert states["unknown"] <= workers.kills * 50
    events = Counter(DeliveryEvent.objects.values_list("kind", flat=True))
    assert (events["sent"], events["unknown"]) == (states["sent"], states["unknown"])


def _kill_until_over(order: SendOrder, workers: Workers) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while Message.objects.filter(order=order, state__in=["ready", "claimed", "dispatching"]).exists():
        assert time.monotonic() < deadline, "the campaign does not come to its end"
        time.sleep(random.uniform(0.2, 0.8))
        if workers.kills < KILLS:
            workers.kill_one()
