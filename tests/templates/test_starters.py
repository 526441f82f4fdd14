"""The starter gallery: good examples, complete in themselves."""

import re
from typing import Any

import pytest

from templates.compiling import compile_content
from templates.linting import Terms, lint
from templates.rendering import Rendered
from templates.starters import GALLERY, Starter, starter
from tests.support.messages import rendered

each = pytest.mark.parametrize("one", GALLERY, ids=lambda one: one.key)
FIELDS = {"first_name": "string", "country": "string"}
ANA = {"first_name": "Ana", "country": "PT"}
OUTSIDE = re.compile(r"<(?:img|link|script)\b|@import|url\(", re.IGNORECASE)


def message(one: Starter, fields: dict[str, Any]) -> Rendered:
    draft = one.draft()
    whole: dict[str, Any] = {
        "format": draft.format,
        "subject": draft.subject,
        "preheader": draft.preheader,
        "text": draft.text,
    }
    return rendered(draft.body, fields, **whole)


def test_the_gallery_has_the_eight_that_marketers_begin_with() -> None:
    keys = [one.key for one in GALLERY]
    assert keys == ["newsletter", "promotion", "welcome", "receipt", "basket", "event", "survey", "winback"]
    assert starter("receipt") is GALLERY[3]
    assert starter("nobody") is None


@each
def test_a_starter_has_nothing_to_mend(one: Starter) -> None:
    terms = Terms(one.purpose, known_fields=FIELDS)
    assert lint(compile_content(one.draft(), {}), terms) == []


@each
@pytest.mark.parametrize("fields", [ANA, {}], ids=["known", "unknown"])
def test_a_starter_reads_well_with_and_without_a_name(one: Starter, fields: dict[str, str]) -> None:
    made = message(one, fields)
    for part in (made.subject, made.preheader, made.html, made.text):
        assert part.strip()
        assert not {"{{", "{%", "None"} & set(part.split())
    assert made.subject == made.subject.strip()
    assert ("Ana" in made.text) == bool(fields)
    assert "1 Road\nTown" in made.text
    assert ("https://acme.test/u/token" in made.text) == (one.purpose == "marketing")
    assert "\n\n\n" not in made.text
    assert max(map(len, made.text.splitlines())) < 100


@each
def test_a_starter_fetches_nothing_and_knows_the_dark(one: Starter) -> None:
    made = message(one, ANA)
    assert not OUTSIDE.search(made.html.partition("<body")[2])
    assert "fonts.googleapis" not in made.html
    assert "prefers-color-scheme: dark" in made.html
    assert '<meta name="color-scheme" content="light dark"' in made.html
    assert len(made.html) < 60_000
