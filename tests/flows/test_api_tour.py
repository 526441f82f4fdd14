"""The five minutes of docs/api.md, carried out as they are written."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.factories.api import caller

pytestmark = pytest.mark.django_db
TOUR = (Path(settings.BASE_DIR) / "docs" / "api.md").read_text()
_REQUEST = re.compile(r"```http\n(\w+) /api/v1/(\S+)\n(.*?)```", re.DOTALL)


def test_the_tour_works_as_it_is_written() -> None:
    program, known, answers = caller(), dict[str, str](), []
    for method, path, body in _REQUEST.findall(TOUR):
        said = json.loads(_filled(body, known)) if body.strip() else None
        response = program.send(method, _filled(path, known), said)
        assert response.status_code in (200, 201), (path, response.json())
        answers.append((path, response.json()))
        known |= {name: value for name, value in response.json().items() if name.endswith("_id") and value}
    _check(dict(answers))


def _filled(text: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _check(answers: dict[str, Any]) -> None:
    assert answers["segments/estimate"]["estimated_size"] == 1
    assert answers["templates/{template_id}/lint"]["ok"] is True
    readiness = answers["campaigns/{campaign_id}/readiness"]
    assert {problem["pointer"] for problem in readiness["problems"]} == {"/brand_id"}
    assert answers["campaigns/{campaign_id}"]["estimated_recipients"] == 1
