"""`bench segment`: rules over ten million people and fifty million rows of what they did."""

import hashlib
from argparse import ArgumentParser
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings

from config.bench_segment import world
from config.bench_segment.cases import BY_INDEX, cases
from config.bench_segment.measuring import measure, measure_floor
from config.lib.bench import Bench, Kept, Say


class SegmentBench(Bench):
    """Rules of all kinds, each counted, launched to and asked for 500 people, beside a scan of the contact table"""

    kind = "segment"

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--contacts", type=int, default=10_000_000)
        parser.add_argument("--only", default="", help="cases with this in their name")

    @classmethod
    def kept(cls, options: dict[str, Any]) -> Kept:
        return Kept(f"postrider_bench_segment_{options['contacts']}", _mark())

    def run(self, options: dict[str, Any], say: Say) -> dict[str, Any]:
        mark = _mark()
        built = {} if world.stands(mark) else world.build(options["contacts"], mark, say)
        rows = world.counts()
        say(f"{rows['contacts']:,} people, {rows['activity']:,} rows of activity")
        floor = measure_floor()
        say(f"floor: a language by a sequential scan, {floor.count_s:.3f} s; as a launch {floor.launch_s:.3f} s")
        timings = []
        for case in cases():
            if options["only"] in case.name:
                timings.append(measure(case.name, case.kind, case.rule, floor))
                say(str(timings[-1]))
        worst = max(timings, key=lambda one: one.slower_s)
        say(f"worst: {worst.name}")
        return {
            **rows,
            "floor_s": round(floor.count_s, 3),
            "launch_floor_s": round(floor.launch_s, 3),
            "worst_s": round(worst.slower_s, 3),
            "median_s": round(median(one.slower_s for one in timings), 3),
            "attribute_ratio": round(max((one.ratio for one in timings if one.kind in BY_INDEX), default=0.0), 2),
            "batch_ms": round(max(one.batch_ms for one in timings), 1),
            "built_s": round(sum(built.values())),
            "cases": [one.figures() for one in timings],
        }


def _mark() -> str:
    """What a database was filled by. Migrations bring it forward as they do every deployment."""
    root = Path(settings.BASE_DIR)
    texts = (root / "segments" / "sql" / "bench_segment.sql", Path(world.__file__))
    return hashlib.sha256("\n".join(path.read_text() for path in texts).encode()).hexdigest()[:16]
