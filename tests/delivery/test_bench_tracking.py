"""The bench itself: every hit is stored and answered rightly, and its last line is its figures."""

import json
from io import StringIO

from django.core.management import call_command

from delivery.models import Hit
from tests.conftest import CommittedDb


def test_the_last_line_of_the_bench_is_its_figures(committed_db: CommittedDb) -> None:
    out = StringIO()
    call_command("bench", "--here", "tracking", "--seconds", "1", "--rate", "40", stdout=out)
    figures = json.loads(out.getvalue().splitlines()[-1])
    assert (figures["bench"], figures["hits"]) == ("tracking", 40)
    assert 0 < figures["p50_ms"] <= figures["p99_ms"] <= figures["max_ms"]
    assert Hit.objects.count() == 40
