"""The bench itself: it loses no row, and its last line is its figures."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from segments.bench_import import HEADER, write_people
from segments.models import Contact


@pytest.mark.django_db
def test_the_last_line_of_the_bench_is_its_figures() -> None:
    out = StringIO()
    call_command("bench", "--here", "import", "--rows", "300", "--again", stdout=out)
    figures = json.loads(out.getvalue().splitlines()[-1])
    assert (figures["bench"], figures["rows"]) == ("import", 300)
    assert set(figures["stages_s"]) == {"receive", "check", "write"}
    assert figures["per_second"] > 0 < figures["floor_per_second"]
    assert Contact.objects.count() == 300


def test_the_same_seed_gives_the_same_people(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_people(tmp_path / name, 50)
    text = (tmp_path / "a").read_text(encoding="utf-8")
    assert text == (tmp_path / "b").read_text(encoding="utf-8")
    assert text.splitlines()[0] == ",".join(HEADER)
    assert len(set(text.splitlines())) == 51
