"""Messages and test sends through the API."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from config.lib import public_ids
from delivery.models import DeliveryEvent, Message
from tests.factories.api import caller
from tests.factories.campaigns import template
from tests.factories.compliance import make_brand, make_sender
from tests.factories.delivery import make_order, make_people, plan

pytestmark = pytest.mark.django_db


def test_a_message_is_shown_with_all_that_happened_to_it() -> None:
    order = make_order()
    first, second = plan(order, make_people(2))
    DeliveryEvent.objects.create(
        kind="sent", message_id=first.pk, contact_id=first.contact_id, campaign_id=order.campaign_id,
        order_id=order.pk, channel="email",
    )  # fmt: skip
    program = caller("viewer")
    one = program.get(f"messages/{public_ids.encode('message', first.pk)}").json()
    assert (one["status"], [event["event"] for event in one["events"]]) == ("ready", ["sent"])
    campaign = public_ids.encode("campaign", order.campaign_id)
    rows = program.get(f"messages?campaign_id={campaign}&status=ready").json()["results"]
    assert [row["contact_id"] for row in rows] == [
        public_ids.encode("contact", message.contact_id) for message in (second, first)
    ]
    assert program.get(f"messages?contact_id={rows[0]['contact_id']}&status=sent").json()["results"] == []


@pytest.mark.parametrize("query", ["", "?contact_id=x", "?campaign_id=x", f"?contact_id={'1' * 11}&status=lost"])
def test_nobody_pages_through_the_ledger_of_all(query: str) -> None:
    assert caller().get(f"messages{query}").status_code == 422


def test_a_list_takes_the_same_queries_however_long(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    program, order = caller(), make_order()
    path = f"messages?campaign_id={public_ids.encode('campaign', order.campaign_id)}"
    program.get(path)
    plan(order, make_people(3))
    with django_assert_num_queries(4):
        assert len(program.get(path).json()["results"]) == 3


def _test(**fields: Any) -> dict[str, Any]:
    return {
        "template_id": public_ids.encode("template", template().pk),
        "sender_id": public_ids.encode("sender", make_sender(make_brand()).pk),
        "to": "somebody@example.test",
        **fields,
    }


def test_a_test_goes_to_nobody_outside() -> None:
    response = caller("author").post("messages/test", _test())
    assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "not_a_tester")
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("to", "no address"),
        ("sender_id", public_ids.encode("sender", 10**9)),
        ("template_id", public_ids.encode("template", 10**9)),
    ],
    ids=["to", "sender", "template"],  # an id is another one with each session's secrets
)
def test_what_is_wrong_with_a_test_has_its_pointer(field: str, value: str) -> None:
    problem = caller().post("messages/test", _test(**{field: value})).json()
    assert problem["errors"][0]["pointer"] == f"/{field}"
