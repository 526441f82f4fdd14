"""Two contacts laid side by side, merged by somebody who looked, and explained afterwards."""

import pytest
from django.test import Client
from django.utils import timezone

from compliance.models import Reason, Scope
from compliance.services.suppressions import suppress_email
from config.lib import public_ids
from segments.models import Contact, ContactMerge
from segments.services import bulk
from segments.services.attributes import register_attribute
from segments.services.merging import foresee, merge_contacts
from tests.factories import api
from tests.factories import segments as make
from tests.factories.events import AT, event, take

pytestmark = pytest.mark.django_db


def place(one: Contact, rest: str = "") -> str:
    return f"/audience/contacts/{public_ids.encode('contact', one.pk)}{rest}"


@pytest.fixture
def two() -> tuple[Contact, Contact]:
    register_attribute(name="plan", type="string")
    kept = make.contact(email="ana@example.test", first_name="Ana", attributes={"plan": "pro"})
    gone = make.contact(email="ann@example.test", external_id="ann", country="PT", attributes={"plan": "free"})
    make.contact_list("News", [gone])
    suppress_email("ann@example.test", scope=Scope.GLOBAL, scope_id=0, reason=Reason.UNSUBSCRIBED, source="page", at=AT)
    return kept, gone


def test_what_would_become_of_both_is_shown_before_anything_is_done(
    admin_client: Client, two: tuple[Contact, Contact]
) -> None:
    kept, gone = two
    found = admin_client.post(place(kept, "/merge"), {"words": "ann@"}).content.decode()
    side = f"{place(kept, '/merge')}?with={public_ids.encode('contact', gone.pk)}"
    assert side in found
    page = admin_client.get(side).content.decode()
    for words in ("<del>free</del>", "<del>ann@example.test</del>", "PT", "lists as well: News", "Unsubscribed"):
        assert words in page, words
    assert Contact.objects.count() == 2


def test_a_merge_is_done_and_told_with_who_and_what_moved(admin_client: Client, two: tuple[Contact, Contact]) -> None:
    kept, gone = two
    take(event("page_viewed", user_id="ann", properties={"path": "/pricing"}))
    asked = {"gone": public_ids.encode("contact", gone.pk)}
    page = admin_client.post(place(kept, "/merge"), asked, follow=True).content.decode()
    assert "The two are one contact now." in page
    merge = ContactMerge.objects.get()
    assert merge.moved == {"lists": 1, "hours_of_activity": 1, "opt_outs": 1}
    for words in ("Merged with another contact", "by admin: country, external_id, 1 list, 1 opt-out, 1 hour of events",
                  "/pricing", "/audience/lists/", "Unsubscribed"):  # fmt: skip
        assert words in page, words
    assert Contact.objects.get().country == "PT"


def test_what_is_foreseen_is_what_happens(two: tuple[Contact, Contact]) -> None:
    kept, gone = two
    seen = foresee(kept, gone)
    assert seen.filled_in == {"country": "PT", "external_id": "ann"}
    assert seen.given_up == {"email": "ann@example.test", "plan": "free"}
    merged = merge_contacts(kept_id=kept.pk, gone_id=gone.pk, at=timezone.now())
    assert {name: getattr(merged, name) for name in seen.filled_in} == seen.filled_in
    assert ContactMerge.objects.get().taken == sorted(seen.filled_in)


def test_nobody_merges_without_the_right_or_with_themselves(client: Client, two: tuple[Contact, Contact]) -> None:
    kept, _gone = two
    client.force_login(api.person("viewer"))
    assert client.get(place(kept, "/merge")).status_code == 403
    client.force_login(api.person("author"))
    client.post(place(kept, "/merge"), {"gone": public_ids.encode("contact", kept.pk)})
    assert client.get(f"{place(kept, '/merge')}?with=nonsense").status_code == 404
    assert Contact.objects.count() == 2


def test_the_past_is_narrowed_to_a_kind(admin_client: Client, two: tuple[Contact, Contact]) -> None:
    kept, _gone = two
    make.contact_list("Guests", [kept])
    take(event(anonymous_id="tv", properties={"path": "/before"}, at=AT.replace(hour=1)))
    kept_id = Contact.objects.filter(pk=kept.pk)
    kept_id.update(external_id="ana")
    take(event(anonymous_id="tv", user_id="ana", properties={"path": "/met"}))
    job = bulk.order_job(
        action="attribute", asked={"attribute": "plan", "value": "team"}, choice={"contacts": [kept.pk]}, by=None
    )
    bulk.carry_on(job.pk, at=timezone.now())
    everything = admin_client.get(place(kept)).content.decode()
    for words in ("/before", "/met", "Guests", "plan set team"):
        assert words in everything, words
    only = admin_client.get(place(kept, "?show=events"))
    assert {str(one.detail) for one in only.context["moments"]} == {"/before", "/met"}
    assert [str(one.words) for one in admin_client.get(place(kept, "?show=bulk")).context["moments"]] == [
        "Change attribute"
    ]
    assert admin_client.get(place(kept, "?show=nonsense")).context["moments"] == []
