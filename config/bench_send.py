"""`bench send`: messages through the whole recipe to an SMTP sink, beside what C does to the same sink.

The counting stream runs meanwhile, and people unsubscribe over HTTP.
"""

import json
import os
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from config import bench_mail
from config.bench_meanwhile import Meanwhile
from config.lib.bench import Bench, Say, rss_mb
from delivery.bench_tracking import web
from delivery.models import Lane, Message, SendOrder
from delivery.postfix_tools import Tools

_SAY_EVERY_S = 30


class SendBench(Bench):
    """N messages of 20 kB to an SMTP sink: messages/s, stages, and what smtp-source reaches"""

    kind = "send"

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--messages", type=int, default=20_000)
        parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
        parser.add_argument("--delay-ms", type=float, default=0, help="that the sink takes for each message")
        parser.add_argument("--finished", type=int, default=0, help="messages that the ledger holds from before")

    def run(self, options: dict[str, Any], say: Say) -> dict[str, Any]:
        messages, workers = options["messages"], options["workers"]
        tools = bench_mail.tools()
        order, before = bench_mail.make_orders(Lane.BULK, Lane.BULK)
        bench_mail.finish(before, options["finished"])
        plan_s = bench_mail.plan(order, bench_mail.make_people(messages))
        say(f"planned {messages} messages in {plan_s:.1f} s")
        claim_p99_ms = bench_mail.claim_p99_ms()
        with bench_mail.sink_account(tools, delay_ms=options["delay_ms"]) as port, web() as web_port:
            size = bench_mail.size_of_one()
            floors = {} if options["delay_ms"] or not tools else _floors(tools, port, messages, size, say)
            with Meanwhile(order, web_port) as meanwhile:
                seconds, reports = _send(workers, say)
        _account_for(order, messages, left=meanwhile.left)
        stages = _stages_us(reports, messages, plan_s)
        for name, micros in stages.items():
            say(f"{name:>8} {micros:6.1f} us a message")
        return {
            "messages": messages,
            "workers": workers,
            "bytes": size,
            "per_second": round(messages / seconds),
            **_beside(floors.get(bench_mail.SESSIONS), messages / seconds),
            "one_session": _beside(floors.get(1), messages / seconds),
            "stages_us": stages,
            "claim_p99_ms": claim_p99_ms,
            "cpu_us": round(sum(report["cpu_s"] for report in reports) / messages * 1e6, 1),
            "rss_mb": max(report["rss_mb"] for report in reports),
            **meanwhile.figures(),
        }


def _floors(tools: Tools, port: int, messages: int, size: int, say: Say) -> dict[int, float]:
    """What C does to the same sink, by how many connections."""
    floors = {}
    for sessions in (1, bench_mail.SESSIONS):
        floors[sessions] = bench_mail.floor_per_second(tools, port, messages // 2, size, sessions=sessions)
        say(f"floor: smtp-source -s {sessions} -d sends {floors[sessions]:.0f}/s of {size} bytes")
    return floors


def _beside(floor: float | None, per_second: float) -> dict[str, float | None]:
    return {
        "floor_per_second": round(floor) if floor else None,
        "ratio": round(per_second / floor, 2) if floor else None,
    }


def _send(workers: int, say: Say) -> tuple[float, list[dict[str, Any]]]:
    """Drain the lane with so many processes. Timed from the first claim to the last settlement, by the ledger."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "send_lane", "bulk", "--drain", "--report"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(workers)]
    _watch(running, say)
    reports = [json.loads(process.communicate()[0].splitlines()[-1]) for process in running]
    begun = min(report["began_at"] for report in reports)
    ended = max(report["ended_at"] for report in reports)
    return ended - begun, reports


def _watch(running: Sequence["subprocess.Popen[str]"], say: Say) -> None:
    """Until all have ended, tell now and then how much memory they hold."""
    next_word = time.monotonic() + _SAY_EVERY_S
    while any(process.poll() is None for process in running):
        time.sleep(0.05)
        if time.monotonic() > next_word:
            next_word += _SAY_EVERY_S
            held = [rss_mb(process.pid) for process in running if process.poll() is None]
            say(f"workers hold {', '.join(map(str, held))} MB")


def _account_for(order: SendOrder, messages: int, *, left: int) -> None:
    """All were sent, but for those who left meanwhile. Raises RuntimeError."""
    states = Counter(Message.objects.filter(order=order).values_list("state", flat=True))
    if states["sent"] + states["skipped"] != messages or states["skipped"] > left:
        raise RuntimeError(f"not all of {messages} were sent: {dict(states)}")


def _stages_us(reports: list[dict[str, Any]], messages: int, plan_s: float) -> dict[str, float]:
    total: Counter[str] = Counter({"plan": plan_s})
    for report in reports:
        total.update(report["seconds"])
    return {name: round(seconds / messages * 1e6, 1) for name, seconds in total.items()}
