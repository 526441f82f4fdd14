"""Tags on links, people who are not tracked, and the message as a page."""

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.models import Brand
from delivery.models import Hit
from delivery.tracking.links import tagged
from segments.models import Contact
from segments.services.contacts import set_tracking
from tests.factories.compliance import make_brand
from tests.factories.delivery import make_order, make_people
from tests.support.tracked import UNSUBSCRIBE, Mail, hrefs, mail, reader, version

pytestmark = pytest.mark.django_db

BODY = (
    "<p><a href='https://shop.example/a?x=1&amp;UTM_Source=mine#top'>A</a> "
    "<a href='https://shop.example/{{ contact.email }}'>B</a> <a href='mailto:a@b.example'>C</a></p>" + UNSUBSCRIBE
)
UTM = {"utm_source": "news", "utm_campaign": "{campaign} of {brand}"}


def _mail(brand: Brand, contact: Contact, body: str = BODY) -> Mail:
    return mail(order=make_order(brand=brand, version=version(body), label="Spring & more"), contact=contact)


def _targets(sent: Mail) -> list[str]:
    return [reader().get(path).headers["Location"] for path in sent.paths]


def test_links_get_the_tags_of_the_brand_and_keep_their_own() -> None:
    (ana,) = make_people(1)
    at = (ana.email or "").replace("@", "%40")
    tags = "utm_campaign=Spring%20%26%20more%20of%20Acme"
    assert _targets(_mail(make_brand(utm=UTM), ana)) == [
        f"https://shop.example/a?x=1&UTM_Source=mine&{tags}#top",
        f"https://shop.example/{at}?utm_source=news&{tags}",
    ]


def test_who_is_not_tracked_gets_plain_links_with_tags_and_no_pixel() -> None:
    (ana,) = make_people(1)
    assert set_tracking([ana.pk], on=False) == 1
    sent = _mail(make_brand(utm=UTM), ana)
    assert "/c/" not in sent.html + sent.text
    assert "/o/" not in sent.html
    assert "tabindex" not in sent.html
    assert hrefs(sent.html)[0] == (
        "https://shop.example/a?x=1&UTM_Source=mine&utm_campaign=Spring%20%26%20more%20of%20Acme#top"
    )
    assert "mailto:a@b.example" in hrefs(sent.html)
    assert hrefs(sent.html)[3].endswith(urlsplit(hrefs(sent.html)[3]).path)


def test_without_tags_and_tracking_a_link_keeps_its_bytes() -> None:
    (ana,) = make_people(1)
    sent = _mail(make_brand(tracking=False), ana)
    assert hrefs(sent.html)[0] == "https://shop.example/a?x=1&UTM_Source=mine#top"
    assert "/o/" not in sent.html


@given(
    st.dictionaries(st.sampled_from(["a", "utm_source", "UTM_MEDIUM", "q[]"]), st.text(max_size=5)),
    st.dictionaries(st.sampled_from(["utm_source", "utm_medium", "utm_term"]), st.text(min_size=1, max_size=5)),
    st.sampled_from(["", "#f", "#/route?x=1"]),
)
def test_tags_are_added_and_nothing_is_overwritten(own: dict[str, str], tags: dict[str, str], fragment: str) -> None:
    query = urlencode(own)
    url = f"https://a.example/p{'?' if query else ''}{query}{fragment}"
    done = tagged(url, tags)
    assert done.startswith(url.removesuffix(fragment))
    assert done.endswith(fragment)
    pairs = parse_qsl(urlsplit(done).query, keep_blank_values=True)
    missing = {name: value for name, value in tags.items() if name not in {key.lower() for key in own}}
    assert pairs == [*own.items(), *missing.items()]
    assert tagged(done, tags) == done


def test_the_message_is_a_page_in_a_box_and_its_links_are_the_messages_own() -> None:
    body = (
        "<p>Hi {{ contact.email }} <a href='{{ links.view }}'>In the browser</a> <a href='https://a.example'>A</a></p>"
    )
    sent = mail(body + UNSUBSCRIBE)
    (path,) = [urlsplit(url).path for url in hrefs(sent.html) if "/v/" in url]
    answer = reader().get(path)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert (sent.contact.email or "?") in page
    assert sent.paths[0] in page
    assert "/o/" not in page
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "allow-scripts" not in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]
    assert (sent.contact.email or "") not in path
    assert not Hit.objects.exists()


def test_a_page_of_somebody_who_is_gone_is_a_404() -> None:
    sent = mail(f"<a href='{{{{ links.view }}}}'>View</a>{UNSUBSCRIBE}")
    path = urlsplit(hrefs(sent.html)[0]).path
    assert reader().get(path).status_code == 200
    Contact.objects.filter(pk=sent.contact.pk).delete()
    assert reader().get(path).status_code == 404
    assert reader().get("/v/" + path[3:][::-1]).status_code == 404
