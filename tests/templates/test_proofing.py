"""Proofing of stored versions, as a launch asks for it, and previews as a chosen contact."""

import pytest

from segments.models import Contact
from segments.selectors.contacts import known_fields
from templates import previewing, proofing, services
from templates.errors import MissingMergeTag, RenderFailed, VersionNotFound
from templates.findings import Finding
from templates.models import TemplateVersion
from tests.factories.templates import MJML, draft, html, make_template, make_version
from tests.support.messages import codes

pytestmark = pytest.mark.django_db


def proof(version: TemplateVersion, purpose: str = "marketing") -> list[Finding]:
    return proofing.proof(version, purpose=purpose, brand_postal_address="1 Road", known_fields=set(known_fields()))


def test_a_version_is_proofed_in_all_its_languages() -> None:
    version = make_version(draft(), html("<p>{{ nobody }}</p>", language="pt"))
    found = proof(version)
    assert codes([item for item in found if item.pointer.startswith("/contents/0/")]) == ["W003"]
    assert codes([item for item in found if item.pointer.startswith("/contents/1/")]) == [
        "E107",
        "E102",
        "E103",
        "E104",
        "W003",
    ]


def test_a_version_is_proofed_with_its_own_blocks_and_policy() -> None:
    block = services.create_block(
        name="footer", source="{{ brand.postal_address }} {{ links.unsubscribe }} {{ country }}", by=None
    )
    version = make_version(html("{% render 'footer' %}"), missing_policy="skip")
    services.save_block(block, source="", by=None)
    assert codes(proof(version)) == ["W003"]


def test_drafts_are_proofed_with_the_blocks_of_now() -> None:
    services.create_block(name="footer", source="{{ brand.postal_address }} {{ links.unsubscribe }}", by=None)
    found = proofing.proof(
        [html("{% render 'footer' %}{{ country }}")], purpose="marketing", brand_postal_address="",
        known_fields=known_fields(), fallbacks={"country": "x"},
    )  # fmt: skip
    assert codes(found) == ["W003"]


def test_a_registered_attribute_is_a_known_merge_tag() -> None:
    from segments.services.attributes import register_attribute

    register_attribute(name="plan", type="string")
    assert codes(proof(make_version(html("{{ plan | default: 'x' }}")), "transactional")) == ["W003"]


def test_a_preview_is_what_the_contact_gets() -> None:
    ana = Contact.objects.create(email="ana@a.test", email_key=1, first_name="Ana <3", language="pt-BR")
    version = make_version(draft(), html("<p>Olá {{ first_name }}</p>", language="pt"))
    shown = previewing.preview(version, contact_id=ana.pk)
    assert (shown.language, shown.html, shown.text) == ("pt", "<p>Olá Ana &lt;3</p>", "Olá Ana <3")
    assert "Hello Ana <3, see" in previewing.preview(version, contact_id=ana.pk, language="en").text
    assert "Hello there" in previewing.preview(version).text
    assert "Hello there" in previewing.preview(version, contact_id=4711).text
    assert "2 Street" in previewing.preview(version, brand={"postal_address": "2 Street"}).text


def test_a_preview_fails_as_the_message_would() -> None:
    version = make_version(html("{{ country }}"), missing_policy="skip")
    with pytest.raises(MissingMergeTag, match="country"):
        previewing.preview(version)
    with pytest.raises(RenderFailed):
        previewing.preview(make_version(html("<a href='{{ first_name | default: \"x\" }}'>x</a>")))
    with pytest.raises(VersionNotFound):
        previewing.preview(TemplateVersion.objects.create(template=make_template(), number=9))


def test_hostile_names_are_shown_as_they_are() -> None:
    for name in ("{{ secret }}", "<script>", "a\r\nBcc: x@a.test", "{% for i in (1..9) %}"):
        contact = Contact.objects.create(first_name=name, external_id=name)
        shown = previewing.preview(make_version(draft(MJML, subject="Hi {{ first_name }}")), contact_id=contact.pk)
        assert "<script>" not in shown.html
        assert shown.subject == " ".join(f"Hi {name}".split())
