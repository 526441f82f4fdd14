"""Promise 1: after an opt-out has been acknowledged, no dispatch to that address begins. Never."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from compliance.models import Reason, Scope
from compliance.services.suppressions import suppress_email
from delivery.models import Message, ProviderAccount, SendOrder
from tests.conftest import CommittedDb
from tests.factories.delivery import make_order, make_people, plan
from tests.support.processes import Workers, quick_leases, recorder
from tests.support.waiting import until

ROUNDS, PEOPLE, OPT_OUT_THREADS = 4, 500, 16


def test_opt_out_wins_over_a_claimed_message(
    committed_db: CommittedDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2,000 races against a slow server, while workers and database connections are killed."""
    env = quick_leases(committed_db.env)
    monkeypatch.setattr("django.conf.settings.SEND_LEASE_S", float(env["SEND_LEASE_S"]))
    acknowledged: dict[str, int] = {}
    with recorder(tmp_path, delay_ms=15) as server:
        ProviderAccount.objects.create(
            name="recorder", kind="smtp", config={"host": "127.0.0.1", "port": server.port, "security": "none"}
        )
        with Workers(3, env) as workers, _breaking(workers):
            for _ in range(ROUNDS):
                acknowledged |= _race()
        taken = server.read()

    late = [email for email, at in taken.named_at.items() if at > acknowledged[email]]
    assert late == []
    assert len(acknowledged) == ROUNDS * PEOPLE
    assert len(taken.message_ids) == len(set(taken.message_ids))
    states = Counter(Message.objects.values_list("state", flat=True))
    print(f"\n{dict(states)}, {workers.kills} workers killed, {len(taken.named_at)} dispatches begun")
    assert sum(states.values()) == ROUNDS * PEOPLE
    assert set(states) <= {"sent", "skipped", "unknown"}
    assert workers.kills > 0
    # both sides won sometimes, else it was no race
    assert min(states["sent"], states["skipped"]) > ROUNDS * PEOPLE / 20


def _race() -> dict[str, int]:
    """One campaign against an opt-out of everybody in it: when each was acknowledged (CLOCK_MONOTONIC, ns)."""
    order = make_order()
    people = make_people(PEOPLE)
    emails = [str(person.email) for person in people]
    random.shuffle(emails)
    plan(order, people)
    until(Message.objects.filter(order=order).exclude(state="ready").exists, "a worker begins")
    with ThreadPoolExecutor(OPT_OUT_THREADS) as pool:
        acknowledged = pool.map(_opt_out_all, [order.brand_id] * OPT_OUT_THREADS, _dealt(emails))
        found = {email: at for part in acknowledged for email, at in part.items()}
    _wait_until_settled(order)
    return found


def _dealt(emails: Sequence[str]) -> list[Sequence[str]]:
    return [emails[start::OPT_OUT_THREADS] for start in range(OPT_OUT_THREADS)]


def _opt_out_all(brand_id: int, emails: Sequence[str]) -> dict[str, int]:
    acknowledged = {}
    for email in emails:
        while email not in acknowledged:
            try:
                suppress_email(
                    email, scope=Scope.BRAND, scope_id=brand_id, reason=Reason.UNSUBSCRIBED, source="test",
                    at=timezone.now(),
                )  # fmt: skip
                acknowledged[email] = time.monotonic_ns()
            except (DatabaseError, InterfaceError):  # cut off: not acknowledged, so the person tries again
                connection.close()
    connection.close()
    return acknowledged


def _wait_until_settled(order: SendOrder) -> None:
    going = Message.objects.filter(order=order, state__in=["ready", "claimed", "dispatching"])
    until(lambda: not going.exists(), "the campaign comes to its end")


@contextmanager
def _breaking(workers: Workers) -> Iterator[None]:
    """Meanwhile: database connections are cut, and workers killed."""
    over = threading.Event()

    def run() -> None:
        done = 0
        while not over.wait(random.uniform(0.1, 0.4)):
            _cut_a_connection()
            # on a slow machine one that is killed for every other that starts would leave none that works
            if random.random() < 0.25 and (now := Message.objects.exclude(state="ready").count()) > done:
                workers.kill_one()
                done = now
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _cut_a_connection() -> None:
    """One of the others of this database: a worker's or an opt-out's, not the test's own that waits for the end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND usename = current_user"
            " AND backend_start > (SELECT min(backend_start) FROM pg_stat_activity WHERE datname = current_database())"
            " ORDER BY random() LIMIT 1"
        )
