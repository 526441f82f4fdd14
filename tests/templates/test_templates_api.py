"""Message templates through the API."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from config.lib import public_ids
from templates.models import MessageTemplate
from tests.factories.api import caller
from tests.factories.campaigns import BODY, template
from tests.factories.segments import contact

pytestmark = pytest.mark.django_db


def content(**fields: str) -> dict[str, Any]:
    return {"contents": [{"format": "html", "subject": "Hi {{ first_name | default: 'you' }}", "body": BODY, **fields}]}


def test_a_template_is_saved_by_versions_and_rolled_back() -> None:
    program = caller("author")
    made = program.post("templates", {"name": "News", **content()})
    assert made.status_code == 201, made.json()
    path = f"templates/{made.json()['template_id']}"
    assert made.json()["current"]["contents"][0]["merge_tags"] == [
        "brand.postal_address",
        "first_name",
        "links.unsubscribe",
    ]
    assert program.post(f"{path}/versions", content(subject="Two")).json()["version"] == 2
    assert program.post(f"{path}/versions", content(subject="Two")).json()["version"] == 2  # nothing new
    back = program.post(f"{path}/versions/1/roll-back")
    assert (back.status_code, back.json()["version"]) == (201, 3)
    assert [row["version"] for row in program.get(f"{path}/versions").json()["results"]] == [3, 2, 1]
    assert program.post(f"{path}/versions/9/roll-back").status_code == 404
    assert program.delete(path).status_code == 204
    assert program.get("templates").json()["results"] == []
    assert program.post(f"{path}/restore").json()["archived_at"] is None


def test_what_cannot_be_compiled_leaves_no_template_behind() -> None:
    response = caller().post("templates", {"name": "News", **content(subject="{% if %}")})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"].startswith("/contents/0/subject")
    assert not MessageTemplate.objects.exists()


def test_a_preview_is_what_the_contact_would_get() -> None:
    ana, made = contact(first_name="Ana"), template(BODY + "{{ first_name }}")
    path = f"templates/{public_ids.encode('template', made.pk)}/preview"
    assert "Ana" in caller().post(path, {"contact_id": public_ids.encode("contact", ana.pk)}).json()["html"]
    assert "Ana" not in caller().post(path, {}).json()["html"]
    assert caller().post(path, {"version": 9}).status_code == 404


def test_lint_says_what_forbids_a_launch() -> None:
    good = caller().get(f"templates/{public_ids.encode('template', template().pk)}/lint").json()
    assert good["ok"] is True
    bad = caller().post("templates/lint", content(body="<p>Hello</p>")).json()
    assert bad["ok"] is False
    assert "message_templates.E102" in {finding["code"] for finding in bad["findings"]}
    assert caller().post("templates/lint", content(body="<p>Hello</p>") | {"purpose": "transactional"}).json()["ok"]


def test_a_list_takes_the_same_queries_however_long(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    program = caller()
    program.get("templates")
    for _ in range(3):
        template()
    with django_assert_num_queries(4):
        assert len(program.get("templates").json()["results"]) == 3
