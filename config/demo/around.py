"""What gathers in a deployment beside its campaigns: a shared block, an image, a write key, events, a bulk job."""

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from PIL import Image, ImageDraw

from config.lib import public_ids
from segments.models import Contact, Segment, Source
from segments.services import bulk
from segments.services.ingest import ingest
from segments.services.lists import create_list
from segments.services.quarantine import Sender
from segments.services.write_keys import create_write_key
from templates.services import create_block, upload_asset

_PRODUCTS = (("Day pack", 49.0), ("Storm jacket", 179.0), ("Trail shoes", 129.0), ("Tent for two", 249.0))
_LOOKED, _BOUGHT, _DAYS = 0.6, 0.2, 30  # shares of the people, within days
_BLOCK = """\
<mj-section>
  <mj-column>
    <mj-text align="center">See you outside,<br />the people of {{ brand.name }}</mj-text>
  </mj-column>
</mj-section>
"""


def lay(segment: Segment, at: datetime) -> None:
    """All of it, as of `at`. Events are told as a shop's page and its server tell them, some in a wrong form."""
    create_block(name="sign-off", source=_BLOCK, by=None)
    upload_asset(file=io.BytesIO(_hills()), name="hills.png", alt="Hills behind hills, in the evening", by=None)
    key, _text = create_write_key(name="Shop's pages", kind=Source.BROWSER, origins=["https://acme-outdoor.example"])
    ingest(list(_events(at)), Sender(Source.BROWSER, key.pk), at=at)
    invited = create_list(name="Evening in the shop", description="Invited by hand")
    job = bulk.order_job(
        action="list",
        asked={"to_list": public_ids.encode("list", invited.pk)},
        choice={"segment": public_ids.encode("segment", segment.pk), "country": "GB"},
        by=None,
    )
    bulk.carry_on(job.pk, at=at)


def _hills() -> bytes:
    image = Image.new("RGB", (1200, 480), "#f4d9a8")
    draw = ImageDraw.Draw(image)
    draw.ellipse((860, 70, 980, 190), fill="#fff3d6")
    for height, colour in ((180, "#d98f5c"), (260, "#8a6f4e"), (340, "#1f4d3a")):
        draw.polygon(
            [(0, 480), (0, height + 60), (400, height - 40), (760, height + 50), (1200, height), (1200, 480)], colour
        )
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _events(at: datetime) -> Iterator[dict[str, Any]]:
    random = Random(11)  # noqa: S311 - made-up visits need no secrecy
    people = (
        Contact.objects.filter(external_id__isnull=False).order_by("pk").values_list("external_id", flat=True)[:400]
    )
    for number, person in enumerate(map(str, people)):
        when = at - timedelta(minutes=random.randrange(10, _DAYS * 1440))
        name, price = random.choice(_PRODUCTS)
        draw = random.random()
        if draw < _LOOKED:
            yield _event("product_viewed", person, when, {"name": name, "price": price})
        if draw < _BOUGHT:
            bought = {"order_id": f"A-{1000 + number}", "total": price, "currency": "EUR"}
            yield _event("order_completed", person, when + timedelta(minutes=8), bought)
        if number % 40 == 7:
            yield _event("wishlist_shared", person, when, {"items": 3})


def _event(kind: str, person: str, at: datetime, properties: dict[str, Any]) -> dict[str, Any]:
    ident = uuid5(NAMESPACE_URL, f"{kind} {person} {at.isoformat()}")
    return {
        "event_id": str(ident), "event_type": kind, "user_id": person, "timestamp": at.isoformat(),
        "properties": properties,
    }  # fmt: skip
