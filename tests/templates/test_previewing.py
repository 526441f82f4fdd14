"""What people would get, before anybody gets it."""

import pytest

from segments.models import Contact
from templates import previewing
from templates.errors import MissingMergeTag, VersionNotFound
from templates.previewing import of_drafts, of_version, show, trial
from tests.factories.segments import contact
from tests.factories.templates import draft, html, make_version

pytestmark = pytest.mark.django_db


def people() -> list[int]:
    return [contact(first_name="Ana" if n % 2 else "", country="PT" if n % 3 else "").pk for n in range(30)]


def test_a_draft_is_shown_as_it_would_be_sent() -> None:
    contents = [html("<p>{{ first_name }}</p>"), html("<p>Olá {{ first_name }}</p>", language="pt")]
    material, findings = of_drafts(contents, default_language="en")
    assert findings == []
    ana = contact(first_name="Rui", language="pt-BR")
    assert show(material, contact_id=ana.pk).html == "<p>Olá Rui</p>"
    assert show(material, contact_id=ana.pk, language="en").html == "<p>Rui</p>"
    assert show(material, sample=True).html == "<p>Ana</p>"
    assert show(material).html == "<p></p>"
    assert show(of_version(make_version(*contents)), contact_id=ana.pk).html == "<p>Olá Rui</p>"


def test_a_language_with_errors_leaves_the_others_to_look_at() -> None:
    material, findings = of_drafts([html("{% if %}"), html("<p>x</p>", language="pt")], default_language="en")
    assert [item.pointer for item in findings] == ["/contents/0/body"]
    assert show(material).html == "<p>x</p>"
    nothing, _ = of_drafts([html("{% if %}")], default_language="en")
    with pytest.raises(VersionNotFound):
        show(nothing)


def test_a_trial_counts_what_many_people_lack() -> None:
    material, _ = of_drafts(
        [html("{{ first_name }} {{ country }} {{ nobody | default: 'x' }} {{ plan }}")],
        default_language="en", fallbacks={"plan": "free"},
    )  # fmt: skip
    found = trial(material, people())
    assert (found.people, found.skipped, dict(found.failed)) == (30, 0, {})
    assert dict(found.missing) == {"first_name": 15, "country": 10}
    example = Contact.objects.get(pk=found.examples["country"])
    assert example.country == ""


def test_a_trial_counts_who_would_be_skipped_and_what_fails() -> None:
    skipping = of_version(make_version(html("{{ first_name }}"), missing_policy="skip"))
    found = trial(skipping, people())
    assert (found.people, found.skipped, dict(found.missing)) == (30, 15, {"first_name": 15})
    failing, _ = of_drafts(
        [html("{% if country == '' or first_name %}{{ 1 | divided_by: 0 }}{% endif %}")], default_language="en"
    )
    found = trial(failing, list(Contact.objects.values_list("pk", flat=True)))
    assert sum(found.failed.values()) == 15
    assert all("divi" in reason for reason in found.failed)


def test_a_trial_reads_each_person_in_their_language() -> None:
    material, _ = of_drafts([draft(), html("{{ plan }}", language="pt")], default_language="en")
    found = trial(material, [contact(language=language).pk for language in ("pt", "en", "de")])
    assert (found.people, dict(found.missing)) == (3, {"plan": 1})


def test_a_preview_of_a_version_says_what_is_missing() -> None:
    with pytest.raises(MissingMergeTag, match="first_name"):
        previewing.preview(make_version(html("{{ first_name }}"), missing_policy="skip"))
