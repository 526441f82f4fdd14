"""Measure a part of the product in a scratch deployment. The last line printed is one JSON line with the figures."""

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config import scratch
from config.lib.bench import Bench
from config.lib.registry import Registry

BENCHES: Registry[Bench] = Registry("BENCHES", Bench)  # type: ignore[type-abstract]


class Command(BaseCommand):
    help = __doc__ or ""
    arguments: Sequence[str] = ()

    def run_from_argv(self, argv: list[str]) -> None:
        self.arguments = argv[2:]
        super().run_from_argv(argv)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--here", action="store_true", help="in this deployment itself, whose data it spoils")
        kinds = parser.add_subparsers(dest="kind", required=True, parser_class=CommandParser)
        for bench in BENCHES:
            bench.add_arguments(kinds.add_parser(bench.kind, help=bench.__doc__))

    def handle(self, *args: Any, kind: str, here: bool, **options: Any) -> None:
        bench = BENCHES.get(kind)
        if not here:
            sys.exit(scratch.rerun(["bench", "--here", *self.arguments], bench.kept(options)))
        figures = bench().run(options, self.stdout.write)
        load = round(os.getloadavg()[0], 1)
        self.stdout.write(json.dumps({"bench": kind, **figures, "load": load}))
