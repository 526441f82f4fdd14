"""The schema is made from the code, is valid, and is read on a page of our own."""

import re
from io import StringIO

import pytest
from django.contrib.staticfiles.finders import find
from django.core.management import call_command
from django.test import Client

from tests.config.api.test_access import TABLE


def test_the_schema_is_valid_and_complete_without_a_warning() -> None:
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", stdout=out)


@pytest.mark.django_db
def test_the_schema_has_every_endpoint_with_its_scope_and_problems(client: Client) -> None:
    schema = client.get("/api/schema").json()
    assert schema["openapi"].startswith("3.1")
    operations = {
        f"{method.upper()} {path.removeprefix('/api/v1/')}": operation
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }
    assert set(operations) == {re.sub(r"<\w+:(\w+)>", r"{\1}", endpoint) for endpoint in TABLE}
    assert len({operation["operationId"] for operation in operations.values()}) == len(operations)
    for endpoint, operation in operations.items():
        assert "Scope: `" in operation["description"] or "Needs no key" in operation["description"], endpoint
        assert "application/problem+json" in operation["responses"]["422"]["content"], endpoint


@pytest.mark.django_db
def test_the_page_takes_everything_from_our_own_origin(client: Client) -> None:
    response = client.get("/api/docs")
    page = response.content.decode()
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]
    assert not re.search(r"https?://|<style|<script>|\son\w+=|\sstyle=", page)
    for address in re.findall(r'(?:src|href)="/static/([^"]+)"', page):
        assert find(address), address
