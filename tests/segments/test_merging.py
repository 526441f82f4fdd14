"""Two contacts made one: nothing of either is lost, least of all what they refused."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from compliance.models import Reason, Scope, Suppression, SuppressionEvent
from compliance.services.suppressions import suppress_email
from config.lib import public_ids
from config.lib.addresses import address_key
from config.lib.errors import NotFound
from segments.models import Activity, ActivityTotal, Contact, ContactMerge, FormerContact, Metric, RawEvent
from segments.selectors.identity import ids_of, reasons
from segments.services.attributes import register_attribute
from segments.services.merging import SameContact, merge_contacts
from segments.services.rollups import catch_up, start_over
from tests.conftest import CommittedDb
from tests.factories.api import caller
from tests.factories.events import AT, BROWSER, event, take
from tests.factories.segments import contact, contact_list

HOUR = timedelta(hours=1)
LATER = AT + 9 * HOUR


def _merge(kept: Contact, gone: Contact) -> Contact:
    return merge_contacts(kept_id=kept.pk, gone_id=gone.pk, at=LATER)


def _contact(external_id: str) -> Contact:
    return Contact.objects.get(external_id=external_id)


def _orders() -> dict[int, tuple[int, Decimal]]:
    metric = Metric.objects.get(name="order_completed").pk
    found: dict[int, tuple[int, Decimal]] = {}
    for row in Activity.objects.filter(metric_id=metric):
        count, total = found.get(row.contact_id, (0, Decimal(0)))
        found[row.contact_id] = (count + row.count, total + row.total)
    return found


def _totals() -> dict[int, tuple[int, Decimal]]:
    metric = Metric.objects.get(name="order_completed").pk
    return {row.contact_id: (row.count, row.total) for row in ActivityTotal.objects.filter(metric_id=metric)}


def _viewed() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT contact_id FROM segments_personevent")
        return {row[0] for row in cursor.fetchall()}


def _order(**who: Any) -> dict[str, Any]:
    return event("order_completed", properties={"total": 5}, **who)


@pytest.mark.django_db
def test_both_histories_are_one_whatever_comes_before_or_after() -> None:
    take(
        _order(user_id="ana"),
        _order(user_id="ann"),
        _order(user_id="ann", at=AT + HOUR),
        _order(anonymous_id="tv"),
        at=LATER,
    )
    take(event(anonymous_id="tv", user_id="ann"))
    before = list(RawEvent.objects.order_by("pk").values())
    kept = _merge(_contact("ana"), _contact("ann"))
    assert list(RawEvent.objects.order_by("pk").values()) == before
    assert (_orders(), _viewed()) == ({kept.pk: (4, Decimal(20))}, {kept.pk})
    take(
        _order(user_id="ann"),
        _order(anonymous_id="tv"),
        event(anonymous_id="phone", user_id="ann"),
        _order(anonymous_id="phone"),
    )
    assert (_orders(), _viewed()) == ({kept.pk: (7, Decimal(35))}, {kept.pk})
    assert _totals() == _orders()
    assert not Contact.objects.filter(external_id="ann").exists()
    metric = Metric.objects.get(name="order_completed")
    start_over(metric)
    while catch_up(metric):
        pass
    assert _orders() == {kept.pk: (7, Decimal(35))}


@pytest.mark.django_db
def test_merged_twice_the_first_is_found_too() -> None:
    take(_order(user_id="a"), _order(user_id="b"), _order(user_id="c"))
    ids = {name: _contact(name).pk for name in "abc"}
    _merge(_contact("b"), _contact("a"))
    kept = _merge(_contact("c"), _contact("b"))
    assert (_orders(), ids_of(kept.pk)) == ({ids["c"]: (3, Decimal(15))}, [ids["c"], ids["a"], ids["b"]])
    assert {one.former_id for one in reasons(kept.pk)} == {ids["a"], ids["b"]}


@pytest.mark.django_db
def test_what_is_blank_is_filled_in_and_nothing_is_overwritten() -> None:
    register_attribute(name="plan", type="string")
    register_attribute(name="seats", type="number")
    kept = contact(email=None, external_id="ana", first_name="Ana", attributes={"plan": "pro"})
    gone = contact(email="ana@example.test", first_name="Ann", country="DE", attributes={"plan": "free", "seats": 5})
    merged = _merge(kept, gone)
    assert (merged.email, merged.email_key) == ("ana@example.test", address_key("ana@example.test"))
    assert (merged.external_id, merged.first_name, merged.country) == ("ana", "Ana", "DE")
    assert merged.attributes == {"plan": "pro", "seats": 5}
    log = ContactMerge.objects.get()
    assert (log.kept_id, log.gone_id, log.taken) == (kept.pk, gone.pk, ["country", "email", "seats"])


@pytest.mark.django_db
def test_lists_are_those_of_both_and_no_tracking_is_no_tracking() -> None:
    kept, gone = contact(), contact(tracking=False)
    both, one = contact_list(people=[kept, gone]), contact_list(people=[gone])
    merged = _merge(kept, gone)
    assert set(merged.list_memberships.values_list("list_id", flat=True)) == {both.pk, one.pk}
    assert not merged.tracking


def test_an_opt_out_of_either_address_holds_for_the_one_that_stays(committed_db: CommittedDb) -> None:
    kept, gone = contact(email="ana@example.test"), contact(email="ann@example.test")
    for reason in (Reason.UNSUBSCRIBED, Reason.BOUNCED):
        suppress_email("ann@example.test", scope=Scope.GLOBAL, scope_id=0, reason=reason, source="test", at=AT)
    _merge(kept, gone)
    stays = Suppression.objects.filter(address_key=address_key("ana@example.test"))
    assert list(stays.values_list("reason", "source")) == [("unsubscribed", "merge")]
    assert SuppressionEvent.objects.filter(source="merge", contact_id=kept.pk).count() == 1
    assert Suppression.objects.filter(address_key=address_key("ann@example.test")).count() == 2


@pytest.mark.django_db
def test_a_name_given_up_is_still_this_persons() -> None:
    take(event(user_id="ana"), event(user_id="ann"))
    kept = _merge(_contact("ana"), _contact("ann"))
    take(event("contact_identified", user_id="ann", traits={"first_name": "Ann"}))
    take(event("contact_identified", user_id="ann", traits={"first_name": "Eve", "last_name": "E"}), sender=BROWSER)
    kept.refresh_from_db()
    assert (kept.external_id, kept.first_name, kept.last_name) == ("ana", "Ann", "E")
    assert Contact.objects.count() == 1


@pytest.mark.django_db
def test_a_name_that_came_back_means_whom_it_was_merged_into_last() -> None:
    first, second = contact(external_id="A"), contact(external_id="B")
    merge_contacts(kept_id=first.pk, gone_id=contact(external_id="came-back").pk, at=AT)
    merge_contacts(kept_id=second.pk, gone_id=contact(external_id="came-back").pk, at=AT)
    assert FormerContact.objects.get(external_id="came-back").contact_id == second.pk


@pytest.mark.django_db
def test_nobody_is_merged_with_nobody_or_with_themselves() -> None:
    one = contact()
    with pytest.raises(SameContact):
        _merge(one, one)
    with pytest.raises(NotFound):
        merge_contacts(kept_id=one.pk, gone_id=one.pk + 1, at=AT)
    assert not FormerContact.objects.exists()


@pytest.mark.django_db
def test_through_the_api_it_is_done_and_explained() -> None:
    take(event(user_id="ana", anonymous_id="tv"), event(user_id="ann"))
    kept, gone = (public_ids.encode("contact", _contact(name).pk) for name in ("ana", "ann"))
    program = caller("author")
    assert program.post(f"contacts/{kept}/merge", {"contact_id": gone}).json()["contact_id"] == kept
    said = program.get(f"contacts/{kept}/identity").json()["results"]
    assert [(one["kind"], one["former_contact_id"]) for one in said] == [("linked", None), ("merged", gone)]
    assert program.get(f"contacts/{gone}").status_code == 404
