"""The templates that come with the product are good examples."""

from pathlib import Path

import pytest

import templates
from templates.compiling import compile_content
from templates.linting import Terms, lint
from tests.support.messages import codes, content, rendered

FILES = sorted((Path(templates.__file__).parent / "starters").glob("*.mjml"))
FIELDS = {"first_name": "string", "country": "string"}


def test_there_are_three() -> None:
    assert [file.stem for file in FILES] == ["newsletter", "promotion", "welcome"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_starter_has_nothing_to_mend(file: Path) -> None:
    draft = content(file.read_text(), format="mjml", subject="News for {{ first_name | default: 'you' }}")
    assert codes(lint(compile_content(draft, {}), Terms(known_fields=FIELDS))) == ["W003"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_starter_reads_well_as_text(file: Path) -> None:
    text = rendered(file.read_text(), {"first_name": "Ana", "country": "PT"}, format="mjml").text
    assert "Ana" in text
    assert "1 Road\nTown" in text
    assert "<https://acme.test/u/token>" in text
    assert "\n\n\n" not in text
    assert "{" not in text
