"""The schema is kept: made-up requests to every endpoint get what it says, and never a crash."""

import os
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.urls import reverse
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import BaseSchema, Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.lib import public_ids
from tests.config.api.test_access import TABLE
from tests.factories import campaigns as factory
from tests.factories.api import caller
from tests.factories.delivery import make_people

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "5"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
MADE_UP = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture
def schema() -> Iterator[BaseSchema]:
    """The whole application in this process, on the connection of the test, which it must not close."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield _schema()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@cache
def _schema() -> BaseSchema:
    return schemathesis.openapi.from_wsgi(reverse("api_schema"), get_wsgi_application())


@pytest.mark.parametrize("endpoint", sorted(TABLE))
def test_every_answer_is_as_the_schema_says(endpoint: str, schema: BaseSchema) -> None:
    method, _, route = endpoint.partition(" ")
    path = "/api/v1/" + re.sub(r"<\w+:(\w+)>", r"{\1}", route)
    headers, ids = {"Authorization": f"Bearer {caller().text}"}, _ids()

    @MADE_UP
    @given(case=schema[path][method].as_strategy())
    def ask(case: Case[Any]) -> None:
        noun = route.partition("/")[0]
        if noun in ids and "public_id" in (case.path_parameters or {}):
            case.path_parameters["public_id"] = ids[noun]
        case.call_and_validate(checks=CHECKS, headers=headers)

    ask()


def _ids() -> dict[str, Any]:
    """One object of each noun, so that handlers get beyond their first look."""
    campaign = factory.campaign(people := make_people(2))
    return {
        "campaigns": public_ids.encode("campaign", campaign.pk),
        "templates": public_ids.encode("template", campaign.template_id or 0),
        "contacts": public_ids.encode("contact", people[0].pk),
        "users": public_ids.encode("contact", people[1].pk),
        "lists": public_ids.encode("list", campaign.lists.get().pk),
    }
