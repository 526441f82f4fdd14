"""Test sends go to people who work here, pass the gate, and leave an account of themselves."""

from collections.abc import Iterator

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.utils import timezone

from compliance.models import Reason, Scope, Sender
from compliance.services.suppressions import suppress_email
from config.lib.errors import Invalid
from delivery.accounts import close_all
from delivery.models import Message, ProviderAccount, SendOrder
from delivery.providers.base import Outcome, Receipt
from delivery.services.test_sends import HeldBack, NotSent, send_test
from segments.models import Contact, ContactList, ListMembership
from templates.models import TemplateVersion
from tests.factories.compliance import make_brand, make_sender
from tests.factories.delivery import make_contacts, make_version
from tests.support.smtp_server import Fault, SmtpServer

pytestmark = pytest.mark.django_db
TESTER = "p7@example.com"


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        ProviderAccount.objects.create(name="s", kind="smtp", config={"host": "127.0.0.1", "port": running.port})
        yield running
    close_all()


@pytest.fixture
def sender() -> Sender:
    get_user_model().objects.create_user("tess", email=TESTER, is_staff=True)
    return make_sender(make_brand())


@pytest.fixture
def version() -> TemplateVersion:
    return make_version("<p>Hello {{ first_name | default: 'you' }}</p>", subject="Spring")


def _send(version: TemplateVersion, sender: Sender, *, to: str = TESTER, contact: Contact | None = None) -> Receipt:
    return send_test(
        version=version,
        brand=sender.brand,
        sender=sender,
        to=to,
        contact_id=contact.pk if contact else None,
        at=timezone.now(),
    )


def test_it_shows_what_the_contact_would_get_and_says_that_it_is_a_test(
    server: SmtpServer, sender: Sender, version: TemplateVersion
) -> None:
    (ana,) = make_contacts("ana@example.com")
    Contact.objects.filter(pk=ana.pk).update(first_name="Ana")
    assert _send(version, sender, contact=ana).outcome is Outcome.SENT
    body = server.bodies[7].decode()
    assert "Subject: [Test] Spring" in body
    assert "Hello Ana" in body
    assert "ana@example.com" not in body


def test_it_is_accounted_for_under_no_campaign(server: SmtpServer, sender: Sender, version: TemplateVersion) -> None:
    _send(version, sender)
    order = SendOrder.objects.get()
    assert (order.campaign_id, order.state) == (0, "closed")
    assert list(Message.objects.values_list("state", flat=True)) == ["sent"]


def test_nobody_else_can_be_sent_a_test(server: SmtpServer, sender: Sender, version: TemplateVersion) -> None:
    with pytest.raises(Invalid, match="people who work here"):
        _send(version, sender, to="p9@example.com")
    assert server.accepted == []


def test_a_contact_on_a_seed_list_can(server: SmtpServer, sender: Sender, version: TemplateVersion) -> None:
    (seed,) = make_contacts("p8@example.com")
    seeds = ContactList.objects.create(name="Seeds", is_seed=True)
    ListMembership.objects.create(list=seeds, contact=seed)
    _send(version, sender, to="p8@example.com")
    assert server.accepted == [8]


def test_the_gate_holds_it_back(server: SmtpServer, sender: Sender, version: TemplateVersion) -> None:
    suppress_email(TESTER, scope=Scope.GLOBAL, scope_id=0, reason=Reason.MANUAL, source="test", at=timezone.now())
    with pytest.raises(HeldBack, match="manual"):
        _send(version, sender)
    assert server.accepted == []
    assert list(Message.objects.values_list("state", flat=True)) == ["failed"]


def test_a_refusal_is_told_in_the_servers_words(server: SmtpServer, sender: Sender, version: TemplateVersion) -> None:
    server.faults = {7: Fault("DOT", "550 5.7.1 not today")}
    with pytest.raises(NotSent, match="not today"):
        _send(version, sender)


def test_a_deferral_is_not_tried_again(server: SmtpServer, sender: Sender, version: TemplateVersion) -> None:
    server.faults = {7: Fault("DOT", "450 4.2.0 later")}
    with pytest.raises(NotSent):
        _send(version, sender)
    assert list(Message.objects.values_list("state", flat=True)) == ["failed"]


def test_without_an_account_it_says_so(sender: Sender, version: TemplateVersion) -> None:
    with pytest.raises(NotSent, match="no active provider account"):
        _send(version, sender)


def test_the_command_sends_the_current_version(
    server: SmtpServer, sender: Sender, version: TemplateVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    version.template.current = version
    version.template.save()
    call_command("test_send", version.template.name, "--to", TESTER)
    assert server.accepted == [7]
    assert f"Sent to {TESTER}." in capsys.readouterr().out
