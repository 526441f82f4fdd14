"""The pages of Delivery → Sending: what they say, to whom, in how many queries, and what is decided there."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns import services
from compliance.models import AuditEntry
from config.lib import public_ids
from delivery.models import Breaker, DeadLetter, MailboxProvider, Message, ProviderAccount
from tests.campaigns.test_after_all_api import _campaign
from tests.factories.api import person

pytestmark = pytest.mark.django_db


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(person(role))
    return client


@pytest.fixture
def approver() -> Client:
    return signed_in("approver")


@pytest.fixture
def admin() -> Client:
    return signed_in("admin")


def _text(client: Client, path: str) -> str:
    answer = client.get(f"/delivery/sending{path}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def _account(name: str = "Relay") -> tuple[ProviderAccount, str]:
    row = ProviderAccount.objects.create(name=name, kind="smtp", config={"host": "mail.test"})
    return row, f"/delivery/sending/accounts/{public_ids.encode('provider_account', row.pk)}"


def test_sending_says_what_needs_somebody_in_a_fixed_number_of_queries(
    approver: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _campaign(2)
    _campaign(3, "unknown", "no_reply")
    row, _ = _account()
    Breaker.objects.create(account=row, state="open", reason="421 closing", retry_at=timezone.now())
    _text(approver, "")
    with django_assert_num_queries(20):  # the session, its user, two for permissions; one for each reason to wait
        page = _text(approver, "")
    assert "3 messages are unknown" in page
    assert "2 dead letters" in page
    assert "421 closing" in page
    assert "Try now" not in page  # for admins alone


def test_an_account_is_put_out_of_use_and_back_and_that_is_audited(admin: Client) -> None:
    row, url = _account()
    answer = admin.post(f"{url}/rest", follow=True)
    assert "out of use" in answer.content.decode()
    row.refresh_from_db()
    assert not row.active
    admin.post(f"{url}/use")
    assert ProviderAccount.objects.get(pk=row.pk).active
    assert AuditEntry.objects.filter(action="provider_account_changed", object_id=row.pk).count() == 2
    assert admin.post(f"{url}/nonsense").status_code == 404
    assert signed_in("approver").post(f"{url}/rest").status_code == 403


def test_an_account_that_rests_is_tried_at_once(admin: Client) -> None:
    row, url = _account()
    later = timezone.now() + timedelta(hours=1)
    Breaker.objects.create(account=row, state="open", retry_at=later)
    admin.post(f"{url}/try")
    breaker = Breaker.objects.get(pk=row.pk)
    assert breaker.retry_at and breaker.retry_at < later
    assert breaker.state == "open"


def test_unknowns_are_shown_by_campaign_and_decided(
    approver: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    campaign, public_id = _campaign(2, "unknown", "no_reply")
    _, other = _campaign(1, "unknown", "worker_lost")
    with django_assert_num_queries(7):
        page = _text(approver, "/unknown")
    assert campaign.name in page
    assert "the connection broke before the server confirmed" in page
    assert "Send to 2 again" in page
    approver.post(f"/delivery/sending/campaigns/{public_id}/mark-sent")
    assert Message.objects.filter(state="sent").count() == 2
    approver.post(f"/delivery/sending/campaigns/{other}/send-again")
    assert Message.objects.filter(state="ready").count() == 1
    assert set(AuditEntry.objects.filter(object_kind="campaign").values_list("action", flat=True)) >= {
        "unknown_marked_sent", "unknown_sent_again",
    }  # fmt: skip
    assert "Nothing is unknown" in _text(approver, "/unknown")


def test_dead_letters_are_grouped_filtered_and_replayed_by_cause(
    approver: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    campaign, public_id = _campaign(3)
    _campaign(1, "failed", "gave_up")
    _text(approver, "/dead-letters")
    with django_assert_num_queries(10):
        page = _text(approver, "/dead-letters")
    assert "The server refused us as the sender" in page
    assert "Replay 3" in page
    narrowed = _text(approver, f"/dead-letters?campaign={public_id}&reason=sender_policy")
    assert "Replay 3" in narrowed
    assert "Replay 1<" not in narrowed
    fault = DeadLetter.objects.filter(campaign_id=campaign.pk).values("reason", "fingerprint")[0]
    answer = approver.post(f"/delivery/sending/campaigns/{public_id}/replay", fault, follow=True)
    assert "Done for 3 messages." in answer.content.decode()
    assert DeadLetter.objects.filter(resolution="replayed").count() == 3
    assert "Replayed" in _text(approver, "/dead-letters?state=replayed")


def test_ticked_dead_letters_of_several_campaigns_go_and_a_cancelled_one_keeps_none_back(approver: Client) -> None:
    cancelled, _ = _campaign(1)
    _campaign(2)
    services.cancel(cancelled, by=None)
    ids = [public_ids.encode("dead_letter", pk) for pk in DeadLetter.objects.values_list("pk", flat=True)]
    answer = approver.post("/delivery/sending/dead-letters", {"action": "replay", "row": ids}, follow=True)
    page = answer.content.decode()
    assert "Done for 2 messages." in page
    assert cancelled.name in page
    approver.post("/delivery/sending/dead-letters", {"action": "drop", "everything": "1"})
    assert not DeadLetter.objects.filter(resolution="").exists()


def test_who_may_not_launch_sees_and_decides_nothing() -> None:
    _, public_id = _campaign(2)
    author = signed_in("author")
    assert "Replay 2" not in _text(author, "/dead-letters")
    for path in (f"campaigns/{public_id}/replay", "dead-letters"):
        assert author.post(f"/delivery/sending/{path}", {"action": "replay", "everything": "1"}).status_code == 403
    assert signed_in("nobody").get("/delivery/sending").status_code == 403
    assert set(Message.objects.values_list("state", flat=True)) == {"failed"}


def _fields(page: Client, url: str) -> dict[str, str]:
    form = page.get(url).context["form"]
    return {name: str(form[name].value() or "") for name in form.fields if form[name].value() not in (None, False)}


def test_limits_are_edited_and_an_edit_elsewhere_is_told(admin: Client) -> None:
    row = MailboxProvider.objects.get(slug="google")
    url = f"/delivery/sending/mailbox-providers/{public_ids.encode('mailbox_provider', row.pk)}"
    fields = {**_fields(admin, url), "domains": "gmail.com\ngooglemail.com", "mx_suffixes": "google.com"}
    assert admin.post(url, {**fields, "connections": "7"}).status_code == 302
    row.refresh_from_db()
    assert (row.connections, row.domains) == (7, ["gmail.com", "googlemail.com"])
    answer = admin.post(url, {**fields, "connections": "9"})
    assert answer.status_code == 422
    assert "Somebody changed it meanwhile" in answer.content.decode()
    assert 'value="9"' in answer.content.decode()
    assert AuditEntry.objects.get(action="mailbox_provider_changed").changes["connections"][1] == 7


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("connections", "0", "greater than or equal to 1"),
        ("connections", "many", "whole number"),
        ("domains", "no domain!", "no domain"),
        ("domains", "yahoo.com", "belongs to"),
        ("rate_per_second", "-1", "greater than or equal"),
        ("name", "", "required"),
    ],
)
def test_nonsense_is_told_beside_its_field_and_kept(admin: Client, name: str, value: str, said: str) -> None:
    given = {"name": "Mine", "connections": "5", "messages_per_connection": "5", "slow_for_minutes": "5", name: value}
    answer = admin.post("/delivery/sending/mailbox-providers/new", given)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert answer.context["form"].errors.keys() == {name}
    assert answer.context["form"][name].value() == value


def test_a_slowed_provider_is_restored_and_one_can_be_made_and_deleted(admin: Client) -> None:
    row = MailboxProvider.objects.get(slug="yahoo")
    MailboxProvider.objects.filter(pk=row.pk).update(
        slowed_until=timezone.now() + timedelta(hours=1), slowed_reason="421"
    )
    assert "Restore now" in _text(admin, "")
    url = f"/delivery/sending/mailbox-providers/{public_ids.encode('mailbox_provider', row.pk)}"
    admin.post(f"{url}/restore")
    row.refresh_from_db()
    assert row.slowed_until is None
    given = {
        "name": "Mine",
        "domains": "mine.test",
        "connections": "5",
        "messages_per_connection": "5",
        "slow_for_minutes": "5",
    }
    admin.post("/delivery/sending/mailbox-providers/new", given)
    made = MailboxProvider.objects.get(slug="mine")
    admin.post(f"/delivery/sending/mailbox-providers/{public_ids.encode('mailbox_provider', made.pk)}/delete")
    assert not MailboxProvider.objects.filter(slug="mine").exists()
