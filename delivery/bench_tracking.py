"""`bench tracking`: opens and clicks over HTTP at a set rate, each stored before it is answered."""

import http.client
import os
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from compliance.models import Brand, Sender
from config.lib import public_ids
from config.lib.bench import Bench, Say, serving
from delivery.models import Hit, Lane, Message, Purpose
from delivery.preparing import tracker
from delivery.services.orders import open_order, plan_messages
from delivery.tracking import judging
from segments.models import Contact
from templates.drafts import ContentDraft
from templates.services import create_template, save_version

MESSAGES = 2000
LINKS = 10
BROWSERS = 16
_BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"


class TrackingBench(Bench):
    """Pixels and links at a set rate on a real web server: how long until each is stored and answered"""

    kind = "tracking"

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--seconds", type=int, default=20)
        parser.add_argument("--rate", type=int, default=500, help="hits a second")

    def run(self, options: dict[str, Any], say: Say) -> dict[str, Any]:
        rate, hits = options["rate"], options["rate"] * options["seconds"]
        paths = _paths()
        with web() as port:
            _load(port, ["/o/x.gif"] * rate, rate)  # every thread connects, every page is loaded
            floor = _load(port, ["/o/x.gif"] * (rate * 3), rate)
            say(f"floor: a pixel of nobody, not stored, has a p99 of {floor.at(0.99):.1f} ms")
            run = _load(port, [paths[number % len(paths)] for number in range(hits)], rate)
        stored = Hit.objects.count()
        if stored != hits or run.wrong:
            raise RuntimeError(f"{stored} of {hits} hits were stored, {run.wrong} answers were wrong")
        return {
            "hits": hits,
            "per_second": round(hits / run.seconds),
            "p50_ms": run.at(0.5),
            "p95_ms": run.at(0.95),
            "p99_ms": run.at(0.99),
            "max_ms": run.at(1),
            "floor_p99_ms": floor.at(0.99),
            "ratio": round(run.at(0.99) / floor.at(0.99), 2),
            "judged_per_second": round(hits / _judge()),
        }


@dataclass
class Run:
    """What the browsers saw, in ms from when a request was due: waiting for an earlier one counts."""

    waits: list[float] = field(default_factory=list)
    wrong: int = 0
    seconds: float = 0.0

    def at(self, share: float) -> float:
        ordered = sorted(self.waits)
        return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 1)


def _paths() -> list[str]:
    """The pixels and links of many mails, in the order in which people come."""
    brand = Brand.objects.create(name="Bench", legal_name="Bench Ltd", postal_address="1 Main St, Springfield")
    sender = Sender.objects.create(brand=brand, from_name="Bench", from_email="news@bench.example")
    body = "".join(f"<a href='https://shop.example/{number}'>{number}</a>" for number in range(LINKS))
    template = create_template(name="Bench", by=None)
    draft = ContentDraft(language="en", format="html", subject="Bench", body=body)
    version = save_version(template, contents=[draft], by=None)
    order = open_order(
        campaign_id=1, step_id=1, run=1, lane=Lane.BULK, purpose=Purpose.MARKETING, brand_id=brand.pk,
        sender_id=sender.pk, template_version_id=version.pk,
    )  # fmt: skip
    people = Contact.objects.bulk_create(Contact(external_id=str(number)) for number in range(MESSAGES))
    plan_messages(order, [one.pk for one in people], due_at=timezone.now())
    writer = tracker(order)
    found: list[str] = []
    for number, message_id in enumerate(Message.objects.values_list("pk", flat=True)):
        public_id = public_ids.encode("message", message_id)
        found.append(urlsplit(writer.pixel_url(public_id)).path)
        url_for = writer.url_for(message_id, public_id, "en")
        found.append(urlsplit(url_for(number % LINKS, f"https://shop.example/{number % LINKS}")).path)
    return found


def _judge() -> float:
    """Seconds that one judge takes for all of it."""
    begun = time.perf_counter()
    while judging.judge(at=timezone.now() + timedelta(minutes=1)):
        pass
    return time.perf_counter() - begun


@contextmanager
def web() -> Iterator[int]:
    """The web server as `manage.py up` runs it; its port."""
    options = "--worker-class gthread --workers 2 --threads 8 --log-level warning --no-control-socket".split()

    def command(port: int) -> list[str]:
        return [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", *options]

    with serving(command, env=os.environ, cwd=settings.BASE_DIR) as port:
        yield port


def _load(port: int, paths: Sequence[str], rate: int) -> Run:
    """Ask for each path in its turn, on kept connections, however long the answers take."""
    run, begun = Run(), time.perf_counter() + 0.1
    threads = [
        threading.Thread(target=_browse, args=(port, list(enumerate(paths))[first::BROWSERS], rate, begun, run))
        for first in range(BROWSERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.seconds = time.perf_counter() - begun
    return run


def _browse(port: int, turns: Sequence[tuple[int, str]], rate: int, begun: float, run: Run) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for number, path in turns:
        due = begun + number / rate
        time.sleep(max(due - time.perf_counter(), 0))
        connection.request("GET", path, headers={"User-Agent": _BROWSER})
        answer = connection.getresponse()
        answer.read()
        run.waits.append((time.perf_counter() - due) * 1000)
        if answer.status != (200 if path.startswith("/o/") else 302):
            run.wrong += 1
    connection.close()
