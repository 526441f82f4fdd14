"""What the benches of sending share: an order of 20 kB mails, its people, a sink, and what C does to that sink."""

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from compliance.models import Brand, Sender
from config.lib.addresses import address_key
from config.lib.bench import serving
from delivery import ledger, postfix_tools, sink
from delivery.ledger import Claimed, Settlement
from delivery.models import Lane, Message, ProviderAccount, Purpose, SendOrder
from delivery.pipeline import BATCH
from delivery.postfix_tools import Tools
from delivery.preparing import Loaded, load_batch, prepare
from delivery.services.orders import close_orders, open_order, plan_messages
from templates.drafts import ContentDraft
from templates.models import TemplateVersion
from templates.services import create_template, save_version

PLAN_CHUNK = 10_000
SESSIONS = 8
DOMAINS = 400  # so many that the limits of one mailbox provider do not tell
_FINISH_CHUNK = 500_000

_PARAGRAPH = (
    '<p style="margin:0 0 16px;font:16px/1.5 Arial,sans-serif;color:#333">The autumn range is here, made in small '
    "numbers from wool that is spun not far from where it is worn, dyed in {} colours and knitted to last for "
    "years of weather, washing and wear, as our grandparents would have expected of a good pullover.</p>\n"
)
_LINK = '<p><a href="https://shop.example.com/range/{}?from=mail">See range {}</a></p>\n'


def tools() -> Tools | None:
    """Postfix's two tools, unpacked when this machine has not got them."""
    folder = Path(os.environ.get("POSTRIDER_TOOLS") or settings.STATE_DIR)
    return postfix_tools.find(folder) or postfix_tools.unpack(folder)


def make_orders(*lanes: Lane) -> list[SendOrder]:
    """An order in each of these lanes, all of one sender and with the same mail."""
    brand = Brand.objects.create(name="Bench", legal_name="Bench Ltd", postal_address="1 Main St, Springfield")
    sender = Sender.objects.create(brand=brand, from_name="Bench", from_email="news@bench.example")
    version = _version()
    return [
        open_order(
            campaign_id=number, step_id=number, run=1, lane=lane, purpose=Purpose.MARKETING, brand_id=brand.pk,
            sender_id=sender.pk, template_version_id=version.pk,
        )
        for number, lane in enumerate(lanes, 1)
    ]  # fmt: skip


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


def make_people(count: int) -> list[int]:
    """So many contacts at several hundred domains; their keys."""
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY segments_contact (email, email_key, first_name, last_name, country, attributes) FROM STDIN"
        ) as copy,
    ):
        for number in range(count):
            email = f"person{number}@people{number % DOMAINS}.example"
            traits = json.dumps({"plan": "pro" if number % 3 else "free", "mrr": number % 500})
            copy.write_row((email, address_key(email), f"Zoë{number}", "O'Brien", "GB", traits))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM segments_contact ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def plan(order: SendOrder, ids: Sequence[int]) -> float:
    """Plan a message for each; seconds."""
    begun = time.perf_counter()
    for start in range(0, len(ids), PLAN_CHUNK):
        plan_messages(order, ids[start : start + PLAN_CHUNK], due_at=timezone.now())
    return time.perf_counter() - begun


def finish(order: SendOrder, count: int) -> None:
    """So many messages of an order that was over long ago: its rows are vacuumed."""
    for start in range(0, count, _FINISH_CHUNK):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO delivery_message (order_id, contact_id, channel, address_key, state, attempt, settled_at)"
                " SELECT %s, -n, 'email', n, 'sent', 1, now() FROM generate_series(%s, %s) n",
                [order.pk, start + 1, min(start + _FINISH_CHUNK, count)],
            )
    close_orders(order.campaign_id)
    if count:
        with connections["owner"].cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE) delivery_message")


def claim_p99_ms() -> float:
    """Claim all that is due, batch by batch, at most a thousand, and give it back."""
    waits: list[float] = []
    given_back: list[Settlement] = []
    while len(waits) < 1000:
        begun = time.perf_counter()
        claimed = ledger.claim(Lane.BULK, "email", limit=BATCH)
        waits.append((time.perf_counter() - begun) * 1000)
        if not claimed:
            break
        given_back += [Settlement(one.id, one.attempt, Message.State.READY) for one in claimed]
    for start in range(0, len(given_back), BATCH):
        ledger.settle_unbegun(given_back[start : start + BATCH])
    return round(statistics.quantiles(waits, n=100)[98], 1)


def size_of_one() -> int:
    """Bytes on the wire of the first message, rendered as the workers will."""
    row = (
        Message.objects.filter(state=Message.State.READY)
        .order_by("pk")
        .values_list("pk", "order_id", "contact_id", "attempt")[0]
    )
    at = timezone.now()
    loaded = [one for one in load_batch([Claimed(*row)], at=at) if isinstance(one, Loaded)]
    (item,) = prepare(loaded, at=at)
    return len(item.envelope.data)  # type: ignore[union-attr]


@contextmanager
def sink_account(tools: Tools | None, *, delay_ms: float = 0) -> Iterator[int]:
    """A provider account for a sink, and the sink's port: postfix's smtp-sink, or our own where it is not to be had
    or is to take its time."""
    with serving(tools.sink_command, env=tools.env) if tools and not delay_ms else _own_sink(delay_ms) as port:
        config = {"host": "127.0.0.1", "port": port}
        ProviderAccount.objects.update_or_create(name="sink", defaults={"kind": "smtp", "config": config})
        yield port


@contextmanager
def _own_sink(delay_ms: float) -> Iterator[int]:
    with (
        tempfile.TemporaryDirectory() as folder,
        sink.running(Path(folder) / "record", delay_ms=delay_ms) as running,
    ):
        yield running.port


def floor_per_second(tools: Tools, port: int, messages: int, size: int, *, sessions: int) -> float:
    """Messages/s of postfix's own generator on so many kept connections, same sink, same size.

    With SESSIONS of them, which is how many two workers keep, the sink has a processor to itself and is what limits;
    in a single one, as `smtp-source -d` does unless told otherwise, the turns of its dialogue do.
    """
    command = tools.source_command(port, messages=messages, size=size, sessions=sessions)
    begun = time.perf_counter()
    subprocess.run(command, env=dict(tools.env), check=True, capture_output=True)
    return messages / (time.perf_counter() - begun)
