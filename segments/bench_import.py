"""`manage.py bench import`: people from a file through the real importer and out again, against a plain COPY."""

import csv
import random
from argparse import ArgumentParser
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from django.db import connection, transaction
from django.utils import timezone

from config.lib.bench import Bench, Say, Stopwatch, peak_rss_mb
from config.lib.sql import queries
from segments.exporting import export
from segments.models import Contact, Import
from segments.services import imports

HEADER = ["email", "external_id", "first_name", "last_name", "country", "language", "phone", "plan", "score"]
_FIRST = ["Ana", "Ben", "Chloé", "Dmitri", "Eszter", "Fatima", "Goran", "Hélène", "Ingrid", "José"]
_LAST = ["Silva", "Müller", "Martin", "O'Neill", "Nagy", "Haddad", "Novák", "Lefèvre", "Ångström", "Núñez"]
_PLACES = [
    ("DE", "de", "+49151{:08}", 10**8),
    ("US", "en", "+1212555{:04}", 10**4),
    ("FR", "fr", "+33612{:06}", 10**6),
    ("GB", "en-GB", "+44791112{:04}", 10**4),
]
_PROVIDERS = ["gmail.com", "outlook.com", "web.de", "orange.fr", "example.org"]


class ImportBench(Bench):
    """Import of a file: staging, dry run and upsert into contacts with their real indexes"""

    kind = "import"

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--rows", type=int, default=1_000_000)
        parser.add_argument("--format", choices=["csv", "jsonl"], default="csv", help="of the file")
        parser.add_argument("--export", action="store_true", help="export them all afterwards, as CSV and JSON Lines")
        parser.add_argument("--again", action="store_true", help="import the same file a second time as well")

    def run(self, options: dict[str, Any], say: Say) -> dict[str, Any]:
        rows: int = options["rows"]
        with TemporaryDirectory(prefix="postrider-bench-") as folder:
            path = Path(folder) / "people.csv"
            write_people(path, rows)
            say(f"{rows:,} rows, {path.stat().st_size / 1e6:,.0f} MB")
            floor = rows / _plain_copy(path)
            say(f"floor: COPY of the same file into a bare table, {floor:,.0f} rows/s")
            if options["format"] == "jsonl":
                path = _as_json_lines(path)
            first = _import(path, say)
            again = _import(path, say) if options["again"] else {}
            exported = _export(Path(folder), say) if options["export"] else {}
        per_second = rows / sum(first.values())
        return {
            "rows": rows,
            "per_second": round(per_second),
            "floor_per_second": round(floor),
            "ratio": round(per_second / floor, 3),
            "stages_s": {name: round(seconds, 2) for name, seconds in first.items()},
            "format": options["format"],
            **({"export_per_second": exported} if exported else {}),
            **({"again_per_second": round(rows / sum(again.values()))} if again else {}),
            "rss_mb": peak_rss_mb(),
        }


def _import(path: Path, say: Say) -> dict[str, float]:
    """Seconds by stage. Raises AssertionError when a row is lost."""
    watch = Stopwatch()
    with path.open("rb") as file, watch.stage("receive"):
        received = imports.prepare(imports.receive(file=file, name=path.name))
    with watch.stage("check"):
        checked = imports.carry_on(received.pk, at=timezone.now())
    say(f"checked: {checked.counts}")
    assert checked.state == Import.State.CHECKED, checked.error
    with watch.stage("write"):
        done = imports.carry_on(imports.start(checked).pk, at=timezone.now())
    say(f"{done.state}: {done.results}")
    assert done.state == Import.State.COMPLETED, done.error
    assert sum(done.results.values()) == checked.counts["rows"]
    return watch.seconds


def _as_json_lines(path: Path) -> Path:
    """The same people, an object a line, what is no field nested as attributes."""
    other = path.with_suffix(".jsonl")
    with path.open(encoding="utf-8", newline="") as source, other.open("wb") as target:
        for row in csv.DictReader(source):
            attributes = {"plan": row.pop("plan"), "score": float(row.pop("score"))}
            target.write(orjson.dumps({**row, "attributes": attributes}, option=orjson.OPT_APPEND_NEWLINE))
    return other


def _export(folder: Path, say: Say) -> dict[str, int]:
    """Rows a second by format. Raises AssertionError when a row is lost."""
    found, people = {}, Contact.objects.count()
    for format_ in ("csv", "jsonl"):
        watch = Stopwatch()
        with (folder / f"out.{format_}").open("wb") as out, watch.stage("export"):
            rows = export(Contact.objects.order_by("pk"), out, format=format_)
        assert rows == people
        found[format_] = round(rows / watch.seconds["export"])
        say(f"export as {format_}: {rows:,} rows, {found[format_]:,} rows/s")
    return found


def _plain_copy(path: Path) -> float:
    """Seconds for the least that any import has to do: the file's rows into a table without an index."""
    watch, sql = Stopwatch(), queries("segments", "bench")
    with connection.cursor() as cursor, watch.stage("copy"), transaction.atomic():
        cursor.execute(sql["bare_table"])
        with path.open("rb") as file, cursor.copy(sql["copy_file"]) as copy:
            while block := file.read(1 << 16):
                copy.write(block)
    return watch.seconds["copy"]


def write_people(path: Path, rows: int, seed: int = 1) -> None:
    """A file of different people, the same for the same seed."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(islice(_people(random.Random(seed)), rows))  # noqa: S311


def _people(chance: random.Random) -> Iterator[list[object]]:
    number = 0
    while True:
        number += 1
        first, last = chance.choice(_FIRST), chance.choice(_LAST)
        country, language, phone, numbers = chance.choice(_PLACES)
        yield [
            f"Person.{chance.getrandbits(40):010x}.{number}@{chance.choice(_PROVIDERS)}",
            f"C-{number:09}",
            first,
            last,
            country,
            language,
            phone.format(chance.randrange(numbers)),
            chance.choice(["free", "pro", "team"]),
            chance.randrange(1000) / 10,
        ]
