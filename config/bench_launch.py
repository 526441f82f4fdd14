"""`bench launch`: what a launch to a million people takes, from the button to the planned mail."""

import time
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from campaigns import engine, freezing, services
from campaigns.models import Campaign
from config import bench_mail
from config.lib.bench import Bench, Say
from delivery.models import Lane, Message
from segments.services.attributes import register_attribute
from segments.services.segments import create_segment

_ADVANCE_S = 5.0


class LaunchBench(Bench):
    """A campaign to a million people by a rule: the answer to the button, the frozen audience, the planned mail"""

    kind = "launch"

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--contacts", type=int, default=1_000_000)

    def run(self, options: dict[str, Any], say: Say) -> dict[str, Any]:
        people = len(bench_mail.make_people(options["contacts"]))
        campaign = _draft()
        approver = User.objects.create_superuser("approver")  # so many people need a second person's yes
        say(f"{people} people")
        began = time.perf_counter()
        run = services.launch(campaign, by=approver, at=timezone.now())
        answered = time.perf_counter()
        if not freezing.freeze(run.pk):
            raise RuntimeError("the audience was not frozen")
        frozen = time.perf_counter()
        say(f"answered in {(answered - began) * 1000:.0f} ms, frozen in {frozen - answered:.1f} s")
        run.refresh_from_db()
        planned, steps = _plan(campaign, run.audience)
        say(f"planned in {planned:.1f} s")
        floor = _floor()
        return {
            "contacts": people,
            "audience": run.audience,
            "answer_ms": round((answered - began) * 1000, 1),
            "freeze_s": round(frozen - answered, 1),
            "plan_s": round(planned, 1),
            "longest_plan_s": round(max(steps), 1),
            "floor_s": round(floor, 2),
            "ratio": round(floor / (frozen - answered), 3),
        }


def _draft() -> Campaign:
    register_attribute(name="plan", type="string")
    register_attribute(name="mrr", type="number")
    (order,) = bench_mail.make_orders(Lane.BULK)
    rule = {"field": "country", "operator": "equals", "value": "GB"}
    segment = create_segment(name="Bench", criteria={"logic": "AND", "conditions": [rule]}, by=None)
    return services.create(
        by=None, name="Bench", brand=order.brand, sender=order.sender, template=order.template_version.template,
        segments=[segment],
    )  # fmt: skip


def _plan(campaign: Campaign, audience: int) -> tuple[float, list[float]]:
    """Until everybody has a message; the seconds in all, and of each look."""
    began, steps = time.perf_counter(), []
    while Message.objects.filter(order__campaign_id=campaign.pk).count() < audience:
        step = time.perf_counter()
        engine.advance(at=timezone.now(), seconds=_ADVANCE_S)
        steps.append(time.perf_counter() - step)
    return time.perf_counter() - began, steps


def _floor() -> float:
    """Seconds for the same rows, bare: ids by the rule into a table without an index, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE floor (id bigint, at timestamptz)")
        began = time.perf_counter()
        cursor.execute("INSERT INTO floor SELECT id, now() FROM segments_contact WHERE country = 'GB'")
        return time.perf_counter() - began
