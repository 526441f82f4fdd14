"""Pixels and links, as STANDARDS A11 has them: what is stored, where a click leads, and where it never leads."""

import re
from urllib.parse import urlsplit

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from config.lib.tokens import InvalidToken
from delivery.models import Agent, Hit, SendOrder, Unjudged
from delivery.tracking import tokens
from delivery.tracking.hits import network_of
from delivery.tracking.links import destination
from delivery.views_tracking import PIXEL
from segments.models import Contact
from tests.support.tracked import BROWSER, UNSUBSCRIBE, Mail, mail, reader

pytestmark = pytest.mark.django_db


def test_a_click_is_stored_and_leads_to_the_link_of_the_template() -> None:
    sent = mail()
    answers = [reader().get(path) for path in sent.paths]
    assert [answer.headers["Location"] for answer in answers] == [
        "https://shop.example/a?x=1&y=2#top",
        "https://shop.example/b",
    ]
    hits = list(Hit.objects.order_by("id"))
    assert [(hit.kind, hit.message_id, hit.contact_id) for hit in hits] == [
        ("clicked", sent.message.pk, sent.contact.pk)
    ] * 2
    assert [hit.link_id for hit in hits] == [
        link.pk for link in sent.order.template_version.contents.get().links.order_by("slot")
    ]
    assert {hit.network for hit in hits} == {"203.0.113.0/24"}
    assert list(Agent.objects.values_list("words", flat=True)) == [BROWSER]
    assert set(Unjudged.objects.values_list("hit_id", flat=True)) == {hit.pk for hit in hits}


def test_the_text_part_has_the_same_links() -> None:
    sent = mail()
    assert all(path in sent.text for path in sent.paths)


def test_the_pixel_is_stored_and_never_kept_by_a_cache() -> None:
    sent = mail()
    answer = reader().get(sent.pixel)
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, PIXEL, "image/gif")
    assert len(PIXEL) == 43
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies
    assert Hit.objects.get().kind == "opened"


@pytest.mark.parametrize("token", ["", "x", "x.gif", "../etc", "ü", "%00", "a" * 5000, "//evil.example/x.gif"])
@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_the_pixel_is_a_picture_whatever_was_asked_for(token: str, method: str) -> None:
    answer = getattr(reader(), method)(f"/o/{token}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/gif")
    assert not Hit.objects.exists()


def test_head_never_counts_and_leads_where_get_would() -> None:
    sent = mail(
        f"<a href='https://shop.example/{{{{ contact.email }}}}'>A</a> <a href='https://b.example'>B</a>{UNSUBSCRIBE}"
    )
    for path in (*sent.paths, sent.bait):
        assert reader().head(path).headers.get("Location") in (
            None, "https://b.example", f"https://shop.example/{sent.contact.email}".replace("@", "%40"),
        )  # fmt: skip
    assert reader().head(sent.pixel).status_code == 200
    assert not Hit.objects.exists()


def test_a_link_with_contact_data_is_sealed_and_leads_there() -> None:
    sent = mail(f"<a href='https://shop.example/p/{{{{ contact.email }}}}?a=1'>A</a>{UNSUBSCRIBE}")
    (path,) = sent.paths
    assert path.startswith("/c/x/")
    assert (sent.contact.email or "") not in sent.html
    expected = f"https://shop.example/p/{(sent.contact.email or '').replace('@', '%40')}?a=1"
    assert reader().get(path).headers["Location"] == expected
    hit = Hit.objects.get()
    assert hit.link_id is None
    assert hit.target_hash is not None


def test_only_web_links_are_followed() -> None:
    plain = ["mailto:a@b.example", "tel:+123", "#top", "https://user@host.example/", "https://a.example\\@evil.example"]
    body = "".join(f"<a href='{url}'>x</a>" for url in plain)
    sent = mail(body + UNSUBSCRIBE)
    assert all(f"href='{url}'" in sent.html for url in plain)
    assert sent.paths == []
    assert "/u/" in sent.html


def test_the_bait_is_out_of_everybodys_reach_and_leads_nowhere() -> None:
    sent = mail()
    bait = sent.html[sent.html.index('tabindex="-1"') - 200 :]
    assert 'aria-hidden="true"></a>' in bait
    assert "display:none" in bait
    answer = reader().get(sent.bait)
    assert (answer.status_code, answer.headers.get("Location")) == (404, None)
    assert Hit.objects.get().kind == "baited"


def test_test_sends_never_count_and_their_links_lead_on() -> None:
    sent = mail()
    SendOrder.objects.filter(pk=sent.order.pk).update(campaign_id=0)
    assert reader().get(sent.paths[0]).status_code == 302
    assert reader().get(sent.pixel).content == PIXEL
    assert not Hit.objects.exists()


def test_links_of_old_keys_work_after_a_rotation(settings: Settings) -> None:
    sent = mail(
        f"<a href='https://b.example'>B</a> <a href='https://a.example/{{{{ contact.email }}}}'>A</a>{UNSUBSCRIBE}"
    )
    paths, old = sent.paths, settings.TOKEN_KEYS
    settings.TOKEN_KEYS = ((200, bytes(range(64))), *old)
    assert [reader().get(path).status_code for path in paths] == [302, 302]
    reader().get(sent.pixel)
    assert Hit.objects.count() == 3
    assert mail().paths[0][-20:-16] != paths[0][-20:-16]
    settings.TOKEN_KEYS = ((200, bytes(range(64))),)
    assert [reader().get(path).status_code for path in paths] == [404, 404]


def test_a_token_of_one_kind_is_none_of_another() -> None:
    sent = mail()
    opened = sent.pixel.removeprefix("/o/").removesuffix(".gif")
    assert reader().get(f"/c/{opened}").status_code == 404
    assert reader().get(f"/c/x/{sent.paths[0].removeprefix('/c/')}").status_code == 404
    reader().get(f"/o/{sent.paths[0].removeprefix('/c/')}.gif")
    assert not Hit.objects.exists()


def test_any_altered_letter_of_a_token_is_refused() -> None:
    token = mail().paths[0].removeprefix("/c/")
    for place in range(len(token)):
        altered = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(InvalidToken):
            tokens.read_click(altered)


def test_tokens_hold_nothing_of_a_person_and_tell_no_numbers() -> None:
    one, other = mail(), mail()
    assert one.paths[0][:8] != other.paths[0][:8]
    assert str(one.message.pk) not in one.paths[0][3:14] or one.message.pk < 10


def test_a_link_of_a_message_that_is_gone_still_leads_on() -> None:
    sent = mail()
    sent.message.delete()
    assert reader().get(sent.paths[1]).headers["Location"] == "https://shop.example/b"
    assert not Hit.objects.exists()


def test_a_contact_who_is_gone_leaves_the_log_as_it_was() -> None:
    sent = mail()
    reader().get(sent.paths[0])
    Contact.objects.filter(pk=sent.contact.pk).delete()
    assert Hit.objects.count() == 1


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://bücher.example/ü?q=ä#ö", "https://xn--bcher-kva.example/%C3%BC?q=%C3%A4#%C3%B6"),
        ("HTTPS://Shop.example:8443/a%20b?x=%26#f", "HTTPS://Shop.example:8443/a%20b?x=%26#f"),
        ("https://[2001:db8::1]/x", "https://[2001:db8::1]/x"),
        ("http://a.example", "http://a.example"),
        ("javascript:alert(1)", None),
        ("//evil.example", None),
        ("https:/\\evil.example", None),
        ("https://a.example\r\nSet-Cookie: x=1", None),
        ("https://a.example@evil.example", None),
        ("https://a.example%2F@evil.example", None),
        ("https://\u2100.example/" + "x" * 3000, None),
        ("https://\ud800.example/", None),
        ("ftp://a.example", None),
        ("", None),
    ],
)  # fmt: skip
def test_where_a_link_leads(url: str, target: str | None) -> None:
    assert destination(url) == target


HOSTS = ["evil.example", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "\r\nX: y",
         "https:evil.example", "@evil.example", "%2f%2fevil.example", "ｅｖｉｌ.example",
         "\u2028//evil.example", "..", "?u="]  # fmt: skip


@pytest.fixture
def two_links() -> Mail:
    sealed = "https://b.example/{{ contact.email }}"
    return mail(f"<a href='https://shop.example/a'>A</a> <a href='{sealed}'>B</a>{UNSUBSCRIBE}")


@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(),
    agent=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=30),
)
def test_no_answer_ever_leads_to_a_host_that_is_not_in_the_mail(
    two_links: Mail, data: st.DataObject, agent: str
) -> None:
    sent = two_links
    known = [*sent.paths, sent.bait, sent.pixel]
    begin = data.draw(st.sampled_from([*known, "/c/", "/c/x/", "/o/"]))
    cut = data.draw(st.integers(0, len(begin)))
    rest = data.draw(st.one_of(st.just(begin[cut:]), st.sampled_from(HOSTS), st.text(max_size=40)))
    tail = data.draw(st.sampled_from(["", *(f"?url={host}" for host in HOSTS), "/" + HOSTS[0], "#" + HOSTS[0]]))
    method = data.draw(st.sampled_from(["get", "head", "post", "options"]))
    client = Client(
        headers={"user-agent": agent, "x-forwarded-host": "evil.example", "referer": "https://evil.example"}
    )
    answer = getattr(client, method)(begin[:cut] + rest + tail)
    location = answer.headers.get("Location")
    if location is not None:
        parts = urlsplit(location)
        assert (parts.scheme, parts.hostname) in {("https", "shop.example"), ("https", "b.example"), ("", None)}
        assert parts.scheme or re.match(r"/(?![/\\])", location)  # ours, with the slash at its end
    assert answer.status_code < 500


@given(st.text(max_size=60))
def test_whatever_an_address_is_its_network_is_one_or_blank(text: str) -> None:
    assert network_of(text) == "" or "/" in network_of(text)


def test_networks_are_all_that_is_kept_of_addresses() -> None:
    assert network_of("203.0.113.77") == "203.0.113.0/24"
    assert network_of("::ffff:203.0.113.77") == "203.0.113.0/24"
    assert network_of("2001:db8:1:2::3") == "2001:db8:1::/48"
