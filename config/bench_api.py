"""`bench api`: how long each endpoint takes with a million contacts and ten thousand campaigns, over HTTP."""

import http.client
import json
import os
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import connection

from campaigns.models import Campaign
from compliance.models import Brand, Sender
from compliance.roles import ROLES
from compliance.services.keys import create_key, make_program
from config.lib import public_ids
from config.lib.addresses import address_hash
from config.lib.bench import Bench, Say
from delivery.bench_tracking import web
from segments.models import ContactList
from segments.services.attributes import register_attribute
from segments.services.segments import create_segment
from templates.drafts import ContentDraft
from templates.models import MessageTemplate
from templates.services import create_template, save_version

LISTED = 100_000
_RULE = {
    "logic": "AND",
    "conditions": [
        {"field": "country", "operator": "in", "value": ["GB", "DE"]},
        {"field": "plan", "operator": "equals", "value": "pro"},
    ],
}


@dataclass(frozen=True)
class Call:
    """One endpoint with what to send; `{n}` in either is a number that is new each time."""

    method: str
    path: str
    body: Any = None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


class ApiBench(Bench):
    """Reads and writes of the API one after another, each timed over HTTP on a large database"""

    kind = "api"

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--contacts", type=int, default=1_000_000)
        parser.add_argument("--campaigns", type=int, default=10_000)
        parser.add_argument("--calls", type=int, default=40, help="of each endpoint")

    def run(self, options: dict[str, Any], say: Say) -> dict[str, Any]:
        ids = fill(options["contacts"], options["campaigns"])
        say(f"{options['contacts']:,} contacts and {options['campaigns']:,} campaigns stand")
        _, key = create_key(name="bench", owner=_program(), scopes=sorted(ROLES["admin"]))
        os.environ["API_RATE_PER_MINUTE"] = "1000000"
        with web() as port:
            caller = _Caller(port, key)
            floor = _at(caller.times(Call("GET", "/healthz"), options["calls"]), 0.95)
            reads = {c.name: _at(caller.times(c, options["calls"]), 0.95) for c in _reads(ids)}
            writes = {c.name: _at(caller.times(c, options["calls"]), 0.95) for c in _writes(ids)}
        for name, ms in sorted({**reads, **writes}.items(), key=lambda pair: -pair[1]):
            say(f"{ms:8.1f} ms  {name}")
        slowest = max({**reads, **writes}.items(), key=lambda pair: pair[1])
        return {
            "contacts": options["contacts"],
            "campaigns": options["campaigns"],
            "read_p95_ms": max(reads.values()),
            "write_p95_ms": max(writes.values()),
            "slowest": slowest[0],
            "floor_p95_ms": floor,
            "ratio": round(slowest[1] / floor, 1),
        }


def _program() -> User:
    program = make_program("bench")
    program.groups.add(Group.objects.get(name="admin"))
    return program


class _Caller:
    """One program that keeps its connection."""

    def __init__(self, port: int, key: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._numbers: Iterator[int] = iter(range(10**9))

    def times(self, call: Call, count: int) -> list[float]:
        """Milliseconds of each of so many calls, after two that warm up. Raises on an answer that is no success."""
        return [self._time(call) for _ in range(count + 2)][2:]

    def _time(self, call: Call) -> float:
        number = str(next(self._numbers))
        body = json.dumps(call.body).replace("{n}", number) if call.body is not None else None
        begun = time.perf_counter()
        self._connection.request(call.method, call.path.replace("{n}", number), body, self._headers)
        answer = self._connection.getresponse()
        said = answer.read()
        took = (time.perf_counter() - begun) * 1000
        if answer.status >= 300:
            raise RuntimeError(f"{call.name} was answered with {answer.status}: {said[:300]!r}")
        return took


def _at(times: list[float], share: float) -> float:
    ordered = sorted(times)
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 1)


def _reads(ids: dict[str, str]) -> list[Call]:
    paths = [
        "contacts?limit=50", "contacts?email=person77@people7.example", "contacts/{contact}", "lists", "lists/{list}",
        "lists/{list}/contacts?limit=50", "segments", "segments/{segment}", "campaigns?limit=50",
        "campaigns?status=draft&name=77", "campaigns/{campaign}", "campaigns/{campaign}/readiness",
        "campaigns/{campaign}/analytics", "templates", "templates/{template}", "templates/{template}/versions",
        "messages?contact_id={contact}", "dashboard/realtime", "brands", "imports", "users/{contact}/preferences",
    ]  # fmt: skip
    return [Call("GET", f"/api/v1/{path.format(**ids)}") for path in paths]


def _writes(ids: dict[str, str]) -> list[Call]:
    return [
        Call("POST", "/api/v1/contacts", {"email": "new{n}@people.example", "first_name": "Ana"}),
        Call("PATCH", f"/api/v1/contacts/{ids['contact']}", {"first_name": "Ana {n}"}),
        Call("POST", "/api/v1/lists", {"name": "List {n}"}),
        Call("POST", "/api/v1/segments", {"name": "Segment {n}", "criteria": _RULE}),
        Call("POST", "/api/v1/campaigns", {"name": "Campaign {n}", "target_segment_id": ids["segment"]}),
        Call("PATCH", f"/api/v1/campaigns/{ids['campaign']}", {"name": "Campaign {n}"}),
        Call("POST", "/api/v1/suppressions", {"email": "gone{n}@people.example", "scope": "global"}),
    ]


def fill(contacts: int, campaigns: int) -> dict[str, str]:
    """The rows, and the public ids of one of each kind."""
    register_attribute(name="plan", type="string")
    _people(contacts)
    members = ContactList.objects.create(name="Members")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO segments_listmembership (list_id, contact_id)"
            " SELECT %s, id FROM segments_contact ORDER BY id LIMIT %s",
            [members.pk, LISTED],
        )
        cursor.execute("SELECT min(id) FROM segments_contact")
        contact = cursor.fetchone()[0]
    brand = Brand.objects.create(name="Bench", legal_name="Bench Ltd", postal_address="1 Main St, Springfield")
    sender = Sender.objects.create(brand=brand, from_name="Bench", from_email="news@bench.example")
    template = _template()
    segment = create_segment(name="Pros", criteria=_RULE, by=None)
    made = Campaign.objects.bulk_create(
        Campaign(name=f"Campaign number {number}", brand=brand, sender=sender, template=template)
        for number in range(campaigns)
    )
    made[0].segments.add(segment)
    rows = {"contact": contact, "list": members.pk, "segment": segment.pk, "template": template.pk}
    return {kind: public_ids.encode(kind, pk) for kind, pk in {**rows, "campaign": made[0].pk}.items()}


def _people(count: int) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY segments_contact (email, email_key, first_name, country, attributes) FROM STDIN") as copy,
    ):
        for number in range(count):
            email = f"person{number}@people{number % 50}.example"
            country = ("GB", "DE", "US", "FR")[number % 4]
            traits = '{"plan": "pro"}' if number % 10 == 0 else '{"plan": "free"}'
            copy.write_row((email, address_hash(email).key, f"Zoë{number}", country, traits))


def _template() -> MessageTemplate:
    template = create_template(name="Bench", by=None)
    body = "<p>{{ brand.postal_address }} <a href='{{ links.unsubscribe }}'>Unsubscribe</a></p>"
    save_version(template, contents=[ContentDraft("en", "html", "Hello", body)], by=None)
    template.refresh_from_db()
    return template
