"""`bench pages`: how long each page takes with a million contacts and ten thousand campaigns, over HTTP."""

import http.client
import time
from argparse import ArgumentParser
from statistics import median
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from config.bench_api import fill
from config.lib.bench import Bench, Say
from config.page_list import addresses
from delivery.bench_tracking import web

LIMIT_MS = 200.0


class PagesBench(Bench):
    """Every page of config/page_list.py one after another, each timed over HTTP on a large database"""

    kind = "pages"

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--contacts", type=int, default=1_000_000)
        parser.add_argument("--campaigns", type=int, default=10_000)
        parser.add_argument("--calls", type=int, default=20, help="of each page")

    def run(self, options: dict[str, Any], say: Say) -> dict[str, Any]:
        fill(options["contacts"], options["campaigns"])
        say(f"{options['contacts']:,} contacts and {options['campaigns']:,} campaigns stand")
        cookie = _session()
        pages = {entry.name: (url, cookie if entry.signed_in else "") for entry, url in addresses()}
        with web() as port:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            taken = {
                name: _median(connection, url, cookies, options["calls"]) for name, (url, cookies) in pages.items()
            }
        for name, ms in sorted(taken.items(), key=lambda pair: -pair[1]):
            say(f"{ms:8.1f} ms  {name}  {pages[name][0]}")
        slowest = max(taken, key=lambda name: taken[name])
        return {
            "contacts": options["contacts"], "campaigns": options["campaigns"], "pages": len(taken), "slowest": slowest,
            "slowest_ms": taken[slowest], "median_ms": round(median(taken.values()), 1), "limit_ms": LIMIT_MS,
        }  # fmt: skip


def _session() -> str:
    """The cookie of somebody who may see every page."""
    client = Client()
    client.force_login(User.objects.create_superuser("bench", "bench@postrider.example", "bench"))
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def _median(connection: http.client.HTTPConnection, url: str, cookie: str, calls: int) -> float:
    """Milliseconds, after two calls that warm up. Raises on an answer that is no page."""
    times = []
    for _ in range(calls + 2):
        begun = time.perf_counter()
        connection.request("GET", url, headers={"Cookie": cookie} if cookie else {})
        answer = connection.getresponse()
        answer.read()
        times.append((time.perf_counter() - begun) * 1000)
        if answer.status != 200:
            raise RuntimeError(f"{url} was answered with {answer.status}")
    return round(median(times[2:]), 1)
