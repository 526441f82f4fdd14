"""`manage.py segment` for operators."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config.lib import public_ids
from segments.models import Contact, Segment
from segments.services.segments import save_criteria

pytestmark = pytest.mark.django_db

ANA = json.dumps({"conditions": [{"field": "first_name", "operator": "equals", "value": "Ana"}]})


def run(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("segment", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_create_prints_the_public_id() -> None:
    (public_id,) = run("create", "Anas", "--criteria", ANA)
    assert public_id == public_ids.encode("segment", Segment.objects.get(name="Anas").pk)


def test_size_prints_the_meaning_the_size_some_people_and_the_time() -> None:
    Contact.objects.create(first_name="Ana", last_name="Lee")
    words, size, person, time = run("size", "--criteria", ANA)
    assert words == "Contacts where first name is “Ana”."
    assert size == "size: 1"
    assert "Ana Lee" in person
    assert time.startswith("ms: ")


def test_a_segment_is_named_by_name_or_id_and_a_rule_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "rule.json"
    file.write_text(ANA)
    (public_id,) = run("create", "Anas", "--criteria", f"@{file}")
    assert run("size", public_id)[:2] == run("size", "Anas")[:2] == ["Contacts where first name is “Ana”.", "size: 0"]
    assert "Anas (version 1)" in run("show", "Anas")[0]


def test_versions_are_listed_the_newest_first() -> None:
    run("create", "S", "--criteria", ANA)
    save_criteria(Segment.objects.get(), {"field": "country", "operator": "exists"})
    assert [line[:3] for line in run("versions", "S")] == ["* 2", "  1"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["size"], "one of the two"),
        (["size", "--criteria", "{"], "not JSON"),
        (["size", "--criteria", "@/nowhere.json"], "cannot be read"),
        (["size", "--criteria", '{"field": "contry", "operator": "exists"}'], "did you mean 'country'"),
        (["show", "nobody"], "no segment"),
        (["show", "1111111111z"], "no segment"),
    ],
)
def test_what_is_wrong_is_one_line(arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(*arguments)
