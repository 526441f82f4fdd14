"""`bench ingest`: events over HTTP in batches and one by one, beside a bare COPY of the same rows."""

import http.client
import json
import os
import random
import threading
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, connections
from django.utils import timezone

from config.lib.bench import Bench, Say
from delivery.bench_tracking import web
from segments.models import Activity, RawEvent, Source
from segments.services.write_keys import create_write_key

BATCH = 500
PATH = "/api/v1/events"
SENDERS = 4
PEOPLE = 50_000


class IngestBench(Bench):
    """Events through a real web server, keys, log and rollup in one transaction, beside a COPY of the same rows"""

    kind = "ingest"

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--events", type=int, default=200_000)
        parser.add_argument("--singles", type=int, default=1_000)

    def run(self, options: dict[str, Any], say: Say) -> dict[str, Any]:
        _, key = create_write_key(name="bench", kind=Source.SERVER, rate_per_minute=10**9)
        os.environ["API_RATE_PER_MINUTE"] = "1000000"
        _people()
        chance = random.Random(1)  # noqa: S311 - the same events each time
        bodies = [_body(chance, BATCH) for _ in range(options["events"] // BATCH)]
        size = sum(map(len, bodies)) // len(bodies)
        say(f"{len(bodies) * BATCH:,} events of {PEOPLE:,} people stand, {size // BATCH} bytes each")
        with web() as port:
            _send(port, key, [_body(chance, BATCH) for _ in range(SENDERS * 2)])  # every process and thread is warm
            seconds = _send(port, key, bodies)
            say(f"batches: {len(bodies) * BATCH / seconds:,.0f} events a second")
            waits = _one_by_one(port, key, [_body(chance, 1) for _ in range(options["singles"] + 20)])[20:]
        _check(len(bodies) * BATCH + SENDERS * 2 * BATCH + options["singles"] + 20)
        per_second, floor = len(bodies) * BATCH / seconds, _floor(len(bodies) * BATCH)
        return {
            "events": len(bodies) * BATCH,
            "per_second": round(per_second),
            "floor_per_second": round(floor),
            "ratio": round(per_second / floor, 3),
            "single_p50_ms": _at(waits, 0.5),
            "single_p95_ms": _at(waits, 0.95),
            "single_p99_ms": _at(waits, 0.99),
        }


def _people() -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO segments_contact (external_id) SELECT 'user-' || n FROM generate_series(0, %s) n", [PEOPLE - 1]
        )
        cursor.execute("ANALYZE segments_contact")


def _body(chance: random.Random, count: int) -> bytes:
    """Events of the last two hours: most of known people, some of visitors, every tenth an order."""
    return json.dumps({"batch": [_event(chance) for _ in range(count)]}).encode()


def _event(chance: random.Random) -> dict[str, Any]:
    number = chance.randrange(PEOPLE)
    who = {"anonymous_id": f"visitor-{number}"} if chance.random() < 0.2 else {"user_id": f"user-{number}"}
    kind, properties = chance.choices(
        [
            ("page_viewed", {"path": f"/{number % 100}", "url": "https://shop.example/", "title": "A"}),
            ("product_viewed", {"product_id": f"sku-{number % 500}", "price": 19.99, "currency": "EUR"}),
            ("order_completed", {"order_id": f"o-{number}", "total": number / 100, "currency": "EUR"}),
        ],
        weights=[6, 3, 1],
    )[0]  # fmt: skip
    when = timezone.now() - timedelta(seconds=chance.random() * 7200)
    event_id = UUID(int=chance.getrandbits(128), version=4)
    told = {"event_id": str(event_id), "event_type": kind, "timestamp": when.isoformat(), "properties": properties}
    return {**told, **who, "session_id": f"session-{number}"}


def _send(port: int, key: str, bodies: Sequence[bytes]) -> float:
    """Seconds until all batches are answered, over several kept connections."""
    wrong: list[str] = []
    threads = [
        threading.Thread(target=_one_sender, args=(port, key, bodies[first::SENDERS], wrong))
        for first in range(SENDERS)
    ]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise RuntimeError(f"{len(wrong)} batches were answered wrongly, such as by {wrong[0][:300]}")
    return time.perf_counter() - begun


def _one_sender(port: int, key: str, bodies: Sequence[bytes], wrong: list[str]) -> None:
    for status, said in _posted(port, key, bodies):
        if status != 202 or json.loads(said)["accepted"] != BATCH:
            wrong.append(f"{status} {said.decode()}")


def _posted(port: int, key: str, bodies: Sequence[bytes]) -> Any:
    caller = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    for body in bodies:
        caller.request("POST", PATH, body, headers)
        answer = caller.getresponse()
        yield answer.status, answer.read()
    caller.close()


def _one_by_one(port: int, key: str, bodies: Sequence[bytes]) -> list[float]:
    """Milliseconds of each."""
    waits, begun = [], time.perf_counter()
    for status, said in _posted(port, key, bodies):
        waits.append((time.perf_counter() - begun) * 1000)
        if status != 202:
            raise RuntimeError(f"an event was answered with {status}: {said!r}")
        begun = time.perf_counter()
    return waits


def _at(times: Sequence[float], share: float) -> float:
    ordered = sorted(times)
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 1)


def _check(expected: int) -> None:
    """Everything is in the log, and of those whose person is known, in the rollup too."""
    logged, known = RawEvent.objects.count(), RawEvent.objects.filter(contact_id__isnull=False).count()
    counted = sum(Activity.objects.values_list("count", flat=True))
    if (logged, counted) != (expected, known):
        raise RuntimeError(f"{logged} of {expected} events are in the log, {counted} of {known} in the rollup")


def _floor(rows: int) -> float:
    """Rows a second that COPY writes of the same rows, by batches, into a table without an index."""
    lines = _lines(rows)
    connections["owner"].ensure_connection()
    owner = connections["owner"].connection
    owner.execute("CREATE TABLE ingest_floor (LIKE segments_rawevent)")
    begun = time.perf_counter()
    for first in range(0, len(lines), BATCH):
        with owner.transaction(), owner.cursor() as cursor, cursor.copy("COPY ingest_floor FROM STDIN") as copy:
            copy.write(b"".join(lines[first : first + BATCH]))
    return len(lines) / (time.perf_counter() - begun)


def _lines(rows: int) -> list[bytes]:
    connection.ensure_connection()
    statement = f"COPY (SELECT * FROM segments_rawevent ORDER BY id LIMIT {rows}) TO STDOUT"  # noqa: S608
    with connection.connection.cursor() as cursor, cursor.copy(statement) as copy:
        return [bytes(line) for line in copy]
