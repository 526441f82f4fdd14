"""`bench send`: messages through the whole recipe to an SMTP sink, beside what C does to the same sink."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from compliance.models import Brand, Sender
from config.lib.addresses import address_hash
from config.lib.bench import Bench, Say
from delivery import postfix_tools, sink
from delivery.ledger import Claimed
from delivery.models import Lane, MailboxProvider, Message, ProviderAccount, Purpose, SendOrder
from delivery.postfix_tools import Tools
from delivery.preparing import prepare
from delivery.services.orders import open_order, plan_messages
from templates.drafts import ContentDraft
from templates.models import TemplateVersion
from templates.services import create_template, save_version

PLAN_CHUNK = 10_000
SESSIONS = 8

_PARAGRAPH = (
    '<p style="margin:0 0 16px;font:16px/1.5 Arial,sans-serif;color:#333">The autumn range is here, made in small '
    "numbers from wool that is spun not far from where it is worn, dyed in {} colours and knitted to last for "
    "years of weather, washing and wear, as our grandparents would have expected of a good pullover.</p>\n"
)
_LINK = '<p><a href="https://shop.example.com/range/{}?from=mail">See range {}</a></p>\n'


class SendBench(Bench):
    """N messages of 20 kB to an SMTP sink: messages/s, stages, and what smtp-source reaches"""

    kind = "send"

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--messages", type=int, default=20_000)
        parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)

    def run(self, options: dict[str, Any], say: Say) -> dict[str, Any]:
        messages, workers = options["messages"], options["workers"]
        tools = postfix_tools.find(_tools_dir()) or postfix_tools.unpack(_tools_dir())
        order = _order()
        _people(messages)
        plan_s = _plan(order)
        say(f"planned {messages} messages in {plan_s:.1f} s")
        with _sink(tools) as port:
            ProviderAccount.objects.create(name="sink", kind="smtp", config={"host": "127.0.0.1", "port": port})
            MailboxProvider.objects.update(rate_per_second=1_000_000)  # the throttles are asked, and let everything go
            size = _size_of_one()
            floor = _floor(tools, port, messages, size)
            say(f"floor: smtp-source -d sends {floor:.0f}/s of {size} bytes" if floor else "floor: no smtp-source here")
            seconds, reports = _send(workers)
        sent = Message.objects.filter(state=Message.State.SENT).count()
        if sent != messages:
            raise RuntimeError(f"{sent} of {messages} were sent: {_states()}")
        stages = _stages_us(reports, messages, plan_s)
        for name, micros in stages.items():
            say(f"{name:>8} {micros:6.1f} us a message")
        return {
            "messages": messages,
            "workers": workers,
            "bytes": size,
            "per_second": round(messages / seconds),
            "floor_per_second": round(floor) if floor else None,
            "ratio": round(messages / seconds / floor, 2) if floor else None,
            "stages_us": stages,
            "rss_mb": max(report["rss_mb"] for report in reports),
        }


def _tools_dir() -> Path:
    return Path(os.environ.get("POSTRIDER_TOOLS") or settings.STATE_DIR)


def _order() -> SendOrder:
    brand = Brand.objects.create(name="Bench", legal_name="Bench Ltd", postal_address="1 Main St, Springfield")
    sender = Sender.objects.create(brand=brand, from_name="Bench", from_email="news@bench.example")
    return open_order(
        campaign_id=1, step_id=1, run=1, lane=Lane.BULK, purpose=Purpose.MARKETING, brand_id=brand.pk,
        sender_id=sender.pk, template_version_id=_version().pk,
    )  # fmt: skip


def _version() -> TemplateVersion:
    """20 kB of HTML with ten links, eight merge tags and a condition, and its text part."""
    paragraphs = "".join(_PARAGRAPH.format(number) * 3 + _LINK.format(number, number) for number in range(10))
    tags = ", ".join(f"{{{{ {name} }}}}" for name in ("last_name", "country", "language", "timezone", "plan", "mrr"))
    body = (
        f"<html><body><h1>Hello {{{{ first_name | default: 'there' }}}}</h1><p>{tags}</p>"
        "{% if plan == 'pro' %}<p>Thank you for being a pro.</p>{% endif %}"
        f"{paragraphs}<p>{{{{ brand.postal_address }}}} "
        "<a href='{{ links.unsubscribe }}'>Unsubscribe</a></p></body></html>"
    )
    template = create_template(name="Bench", by=None)
    draft = ContentDraft(language="en", format="html", subject="{{ first_name }}, the autumn range is here", body=body)
    return save_version(template, contents=[draft], by=None)


def _people(count: int) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY segments_contact (email, email_key, first_name, last_name, country, attributes) FROM STDIN"
        ) as copy,
    ):
        for number in range(count):
            email = f"person{number}@people{number % 50}.example"
            traits = json.dumps({"plan": "pro" if number % 3 else "free", "mrr": number % 500})
            copy.write_row((email, address_hash(email).key, f"Zoë{number}", "O'Brien", "GB", traits))


def _plan(order: SendOrder) -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM segments_contact ORDER BY id")
        ids = [row[0] for row in cursor.fetchall()]
    begun = time.perf_counter()
    for start in range(0, len(ids), PLAN_CHUNK):
        plan_messages(order, ids[start : start + PLAN_CHUNK], due_at=timezone.now())
    return time.perf_counter() - begun


def _size_of_one() -> int:
    """Bytes on the wire of the first message, rendered as the workers will."""
    row = Message.objects.order_by("pk").values_list("pk", "order_id", "contact_id", "attempt")[0]
    (item,) = prepare([Claimed(*row)], at=timezone.now())
    return len(item.envelope.data)  # type: ignore[union-attr]


@contextmanager
def _sink(tools: Tools | None) -> Iterator[int]:
    """Postfix's smtp-sink where it is to be had, else our own; its port."""
    if tools is None:
        with tempfile.TemporaryDirectory() as folder, sink.running(Path(folder) / "record") as running:
            yield running.port
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(tools.sink_command(port), env=dict(tools.env)) as process:
        try:
            _wait_for(port)
            yield port
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("smtp-sink does not answer")


def _floor(tools: Tools | None, port: int, messages: int, size: int) -> float | None:
    """Messages/s of postfix's own generator on kept connections, same sink, same size."""
    if tools is None:
        return None
    command = tools.source_command(port, messages=messages, size=size, sessions=SESSIONS)
    begun = time.perf_counter()
    subprocess.run(command, env=dict(tools.env), check=True, capture_output=True)
    return messages / (time.perf_counter() - begun)


def _send(workers: int) -> tuple[float, list[dict[str, Any]]]:
    """Drain the lane with so many processes. Timed from the first claim to the last settlement, by the ledger."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "send_lane", "bulk", "--drain", "--report"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(workers)]
    reports = [json.loads(process.communicate()[0].splitlines()[-1]) for process in running]
    begun = min(report["began_at"] for report in reports)
    ended = max(report["ended_at"] for report in reports)
    return ended - begun, reports


def _stages_us(reports: list[dict[str, Any]], messages: int, plan_s: float) -> dict[str, float]:
    total: Counter[str] = Counter({"plan": plan_s})
    for report in reports:
        total.update(report["seconds"])
    return {name: round(seconds / messages * 1e6, 1) for name, seconds in total.items()}


def _states() -> dict[str, int]:
    return dict(Counter(Message.objects.values_list("state", flat=True)))
