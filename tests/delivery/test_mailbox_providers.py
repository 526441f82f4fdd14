"""Mailbox providers: whose a domain is by DNS, and how people edit their limits."""

import socketserver
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

import dns.message
import dns.rcode
import dns.rrset
import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from compliance.models import AuditEntry
from config.lib import public_ids
from config.lib.errors import Invalid
from delivery import throttle
from delivery.models import MailboxProvider, MailDomain, Message
from delivery.services import mailbox_providers as services
from delivery.throttle.looking_up import look_up_domains
from tests.factories.api import caller
from tests.factories.delivery import make_order, make_people, plan

pytestmark = pytest.mark.django_db


class _Answers(socketserver.BaseRequestHandler):
    """A name server of some domains. An answer is what MX names, in no order; None: it fails."""

    mx: ClassVar[dict[str, list[str] | None]] = {}

    def handle(self) -> None:
        data, sock = self.request
        query = dns.message.from_wire(data)
        name = query.question[0].name
        domain = name.to_text(omit_final_dot=True)
        reply = dns.message.make_response(query)
        hosts = self.mx.get(domain, [])
        if hosts is None:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif domain not in self.mx:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif hosts:
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", "MX", *hosts))
        sock.sendto(reply.to_wire(), self.client_address)


@pytest.fixture
def dns_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, list[str] | None]]:
    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), _Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(settings, "DNS_NAMESERVERS", [f"127.0.0.1#{server.server_address[1]}"])
        monkeypatch.setattr(_Answers, "mx", {})
        yield _Answers.mx
        server.shutdown()


def _wanted(*domains: str) -> None:
    MailDomain.objects.bulk_create(MailDomain(domain=domain) for domain in domains)


def _owners() -> dict[str, str | None]:
    return dict(MailDomain.objects.values_list("domain", "provider__slug"))


def test_a_domain_is_whose_its_preferred_mail_server_is(dns_server: dict[str, list[str] | None]) -> None:
    dns_server |= {
        "workspace.example": ["10 alt1.aspmx.l.google.com.", "1 ASPMX.L.Google.com."],
        "exchange.example": ["0 exchange-example.mail.protection.outlook.com."],
        "hotmail.example": ["2 hotmail-example.olc.protection.outlook.com."],
        "moved.example": ["50 mx.yahoodns.net.", "5 mx.small.example."],
        "not-google.example": ["1 mx.evilgoogle.com."],
        "comcast.example": [],
        "null.example": ["0 ."],
    }
    _wanted(*dns_server, "gone.example")
    assert look_up_domains(at=timezone.now()) == 8
    assert _owners() == {
        "workspace.example": "google",
        "exchange.example": "office365",
        "hotmail.example": "outlook",
        "moved.example": None,
        "not-google.example": None,
        "comcast.example": None,
        "null.example": None,
        "gone.example": None,
    }
    assert MailDomain.objects.get(domain="moved.example").mx == "mx.small.example"
    assert look_up_domains(at=timezone.now()) == 0


def test_where_dns_fails_the_domain_stays_whose_it_was_and_is_asked_again_in_an_hour(
    dns_server: dict[str, list[str] | None],
) -> None:
    google, at = MailboxProvider.objects.get(slug="google"), timezone.now()
    MailDomain.objects.create(domain="a.example", provider=google, checked_at=at - timedelta(days=8))
    dns_server |= {"a.example": None}
    assert look_up_domains(at=at) == 1
    assert _owners() == {"a.example": "google"}
    assert look_up_domains(at=at + timedelta(minutes=59)) == 0
    dns_server["a.example"] = ["1 mx.small.example."]
    assert look_up_domains(at=at + timedelta(minutes=61)) == 1
    assert _owners() == {"a.example": None}


def test_a_look_up_holds_for_a_week(dns_server: dict[str, list[str] | None]) -> None:
    at = timezone.now()
    dns_server["a.example"] = ["1 mx.small.example."]
    _wanted("a.example")
    assert [look_up_domains(at=at + timedelta(days=days)) for days in (0, 6, 8)] == [1, 0, 1]


def test_a_new_suffix_is_looked_for_among_the_domains_there_are(dns_server: dict[str, list[str] | None]) -> None:
    dns_server["a.example"] = ["1 mx1.host.example."]
    _wanted("a.example")
    look_up_domains(at=timezone.now())
    services.save_mailbox_provider(MailboxProvider(), {"slug": "host", "name": "Host", "mx_suffixes": ["host.example"]})
    look_up_domains(at=timezone.now())
    assert _owners() == {"a.example": "host"}


def test_the_default_cannot_be_deleted() -> None:
    with pytest.raises(Invalid):
        services.delete_mailbox_provider(MailboxProvider.objects.get(is_default=True))


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"domains": ["gmail.com"]}, "/domains"),
        ({"domains": ["not a domain"]}, "/domains"),
        ({"mx_suffixes": ["yahoodns.net"]}, "/mx_suffixes"),
        ({"rate_per_second": 0}, "/rate_per_second"),
        ({"connections": 0}, "/connections"),
        ({"slug": "yahoo"}, "/slug"),
        ({"slowed_until": None}, "/slowed_until"),
    ],
)
def test_what_cannot_stand_is_refused_by_name(change: dict[str, Any], pointer: str) -> None:
    apple = public_ids.encode("mailbox_provider", MailboxProvider.objects.get(slug="apple").pk)
    answer = caller("admin").patch(f"mailbox-providers/{apple}", change)
    assert answer.status_code in (400, 422)
    assert answer.json()["errors"][0]["pointer"].startswith(pointer)


def test_limits_are_edited_through_the_api_and_audited() -> None:
    program = caller("admin")
    made = program.post("mailbox-providers", {"slug": "gmx", "name": "GMX", "domains": ["GMX.net", "web.de"]})
    assert made.status_code == 201
    one = f"mailbox-providers/{made.json()['mailbox_provider_id']}"
    changed = program.patch(one, {"rate_per_second": 2.5, "connections": 3}).json()
    assert (changed["domains"], changed["rate_per_second"], changed["connections"]) == (["gmx.net", "web.de"], 2.5, 3)
    assert program.get(one).json() == changed
    assert len(program.get("mailbox-providers").json()["results"]) == 9
    entry = AuditEntry.objects.get(action="mailbox_provider_changed")
    assert entry.changes == {"rate_per_second": [None, 2.5], "connections": [10, 3]}
    assert program.delete(one).status_code == 204
    assert program.get(one).status_code == 404


def test_a_slow_down_can_be_ended_by_hand() -> None:
    MailboxProvider.objects.filter(slug="yahoo").update(slowed_until=timezone.now() + timedelta(hours=1))
    yahoo = public_ids.encode("mailbox_provider", MailboxProvider.objects.get(slug="yahoo").pk)
    answer = caller("admin").post(f"mailbox-providers/{yahoo}/end-slowdown", {})
    assert (answer.status_code, answer.json()["slowed_until"]) == (200, None)


def _somebody_waits() -> None:
    order = make_order()
    plan(order, make_people(2))
    Message.objects.filter(order=order).update(reason="throttled_provider")


def test_the_api_tells_what_waits() -> None:
    _somebody_waits()
    told = caller("viewer").get("throttles").json()
    assert [(row["reason"], row["count"], row["more"]) for row in told["waiting"]] == [("throttled_provider", 2, False)]
    assert told["buckets"] == []


def test_without_redis_the_page_of_limits_still_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    assert caller("viewer").get("throttles").json() == {"waiting": [], "buckets": None}


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(get_user_model().objects.create_superuser("boss"))
    return client


def _form(row: MailboxProvider, **changed: str) -> dict[str, str]:
    return {
        "name": row.name, "slug": row.slug, "domains": ",".join(row.domains), "mx_suffixes": ",".join(row.mx_suffixes),
        "connections": "5", "messages_per_connection": "50", "rate_per_second": "", "slow_for_minutes": "90", **changed,
    }  # fmt: skip


def test_limits_are_edited_in_the_admin(boss: Client) -> None:
    google = MailboxProvider.objects.get(slug="google")
    page = f"/admin/delivery/mailboxprovider/{google.pk}/change/"
    assert boss.post(page, _form(google, rate_per_second="7", domains="Gmail.com")).status_code == 302
    google.refresh_from_db()
    assert (google.rate_per_second, google.domains) == (7, ["gmail.com"])
    refused = boss.post(page, _form(google, domains="yahoo.com"))
    assert b"yahoo.com belongs to Yahoo" in refused.content


def test_the_admin_shows_what_waits_and_ends_a_slow_down(boss: Client) -> None:
    _somebody_waits()
    MailboxProvider.objects.filter(slug="yahoo").update(slowed_until=timezone.now() + timedelta(hours=1))
    throttle.forget()
    page = "/admin/delivery/mailboxprovider/"
    assert b"throttled_provider" in boss.get(page).content
    yahoo = MailboxProvider.objects.get(slug="yahoo")
    boss.post(page, {"action": "end_slowdown", "_selected_action": [yahoo.pk]})
    yahoo.refresh_from_db()
    assert yahoo.slowed_until is None
    assert boss.get("/admin/delivery/maildomain/?q=a").status_code == 200
