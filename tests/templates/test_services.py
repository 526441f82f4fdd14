"""Versions never change; each save, and each roll back, is a new one."""

from typing import Any

import pytest
from django.db import InternalError, ProgrammingError, transaction

from config.lib.errors import Invalid
from templates import selectors, services
from templates.drafts import ContentDraft
from templates.errors import NameTaken, TemplateNotFound, VersionNotFound
from templates.models import MessageTemplate, SharedBlock, TemplateContent, TemplateLink, TemplateVersion
from templates.rendering import Links, load
from tests.factories.templates import draft, html, make_template, make_version
from tests.support.messages import BRAND

pytestmark = pytest.mark.django_db


def save(template: MessageTemplate, *contents: ContentDraft, **policy: Any) -> TemplateVersion:
    return services.save_version(template, contents=contents, by=None, **policy)


def test_a_save_makes_the_next_version_and_compiles_it() -> None:
    template = make_template(html("<p>{{ first_name }} <a href='https://a.test/?x=1&amp;y=2'>a</a></p>"))
    assert template.current
    content = template.current.contents.get()
    assert content.compiled_html == "<p>{{ first_name }} <a href='{% _slot 0 %}'>a</a></p>"
    assert content.compiled_text == "{{ first_name }} a <{% _slot 0 %}>"
    assert content.merge_tags == ["first_name"]
    assert list(content.links.values_list("slot", "url", "text")) == [(0, "https://a.test/?x=1&y=2", "a")]
    second = save(template, html("<p>other</p>"), note="shorter")
    template.refresh_from_db()
    assert (second.number, template.current) == (2, second)
    assert list(selectors.history(template)) == [second, template.versions.get(number=1)]


def test_a_save_that_changes_nothing_makes_no_version() -> None:
    template = make_template(draft(), html("x", language="pt"))
    assert save(template, html("x", language="pt"), draft()) == template.current
    assert save(template, draft(), html("x", language="pt"), fallbacks={"a": "b"}).number == 2


def test_a_roll_back_is_a_new_version_with_the_old_contents() -> None:
    template = make_template(
        draft("{% if x %}", format="text", text="") if False else draft(), fallbacks={"first_name": "you"}
    )
    first = selectors.version(template, 1)
    save(template, html("<p>bad</p>"))
    third = services.roll_back(template, 1, by=None)
    template.refresh_from_db()
    assert (third.number, template.current) == (3, third)
    assert selectors.drafts(third) == selectors.drafts(first)
    assert third.fallbacks == {"first_name": "you"}
    links = Links("https://a.test/u")
    fields: dict[str, Any] = {"fields": {"first_name": "Ana"}, "language": "en", "brand": BRAND, "links": links}
    assert load(third.pk).render(**fields) == load(first.pk).render(**fields)
    with pytest.raises(VersionNotFound, match="no version 9"):
        services.roll_back(template, 9, by=None)


def test_a_version_keeps_the_shared_blocks_it_was_made_with() -> None:
    services.create_block(name="inner", source="one", by=None)
    block = services.create_block(name="footer", source="<p>{% render 'inner' %}</p>", by=None)
    template = make_template(html("{% render 'footer' %}"))
    first = selectors.current_version(template)
    assert first.block_versions == {"footer": 1, "inner": 1}
    services.save_block(block, source="<p>two</p>", by=None)
    assert first.contents.get().compiled_html == "<p>one</p>"
    assert selectors.block_sources(first) == {"footer": "<p>{% render 'inner' %}</p>", "inner": "one"}
    second = save(template, html("{% render 'footer' %}"))
    assert (second.number, second.block_versions) == (2, {"footer": 2})
    assert second.contents.get().compiled_html == "<p>two</p>"


def test_an_archived_block_is_not_offered_and_its_users_stay() -> None:
    block = services.create_block(name="footer", source="x", by=None)
    version = make_version(html("{% render 'footer' %}"))
    services.archive(block)
    with pytest.raises(Invalid, match="no shared block 'footer'"):
        make_template(html("{% render 'footer' %}"))
    assert selectors.block_sources(version) == {"footer": "x"}
    services.restore(block)
    assert make_template(html("{% render 'footer' %}")).current


def test_what_cannot_be_compiled_is_refused_with_its_place() -> None:
    template = services.create_template(name="Bad", by=None)
    with pytest.raises(Invalid) as error:
        save(template, draft(), draft("<mjml>\n<mj-body><mj-txt /></mj-body></mjml>", language="pt", subject="{{ x"))
    (subject,) = error.value.errors
    assert (subject.pointer, subject.code) == ("/contents/1/subject", "message_templates.E001")
    assert "line 1, column 1: this {{ is not closed" in subject.detail
    with pytest.raises(Invalid, match="line 2, column 10: there is no component <mj-txt>"):
        save(template, draft("<mjml>\n<mj-body><mj-txt /></mj-body></mjml>"))
    assert not template.versions.exists()


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"contents": [draft(language="pt")]}, "/default_language"),
        ({"contents": []}, "/default_language"),
        ({"contents": [draft(), draft(language="EN")]}, "/contents/1/language"),
        ({"contents": [draft(), draft(language=" ")]}, "/contents/1/language"),
        ({"contents": [draft(format="doc")]}, "/contents/0/format"),
        ({"contents": [draft(subject="x" * 501)]}, "/contents/0/subject"),
        ({"contents": [draft()], "missing_policy": "maybe"}, "/missing_policy"),
    ],
)
def test_a_version_that_does_not_hold_together_is_refused(given: dict[str, Any], pointer: str) -> None:
    template = services.create_template(name="Bad", by=None)
    with pytest.raises(Invalid) as error:
        services.save_version(template, by=None, **given)
    assert pointer in {item.pointer for item in error.value.errors}


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_name_is_needed(name: str) -> None:
    with pytest.raises(Invalid):
        services.create_template(name=name, by=None)
    with pytest.raises(Invalid):
        services.create_block(name=name, source="", by=None)


def test_the_liquid_of_a_shared_block_is_checked_when_it_is_saved() -> None:
    for source in ("{% if x %}", "{{ x | nonsense }}", "{% render 'nobody' %}"):
        with pytest.raises(Invalid) as error:
            services.create_block(name="bad", source=source, by=None)
        assert error.value.pointer == "/source"
    assert not SharedBlock.objects.exists()


def test_a_name_is_given_once() -> None:
    services.create_template(name="News", by=None)
    with pytest.raises(NameTaken):
        services.create_template(name="News ", by=None)
    services.create_block(name="footer", source="", by=None)
    with pytest.raises(NameTaken):
        services.create_block(name="footer", source="", by=None)
    with pytest.raises(Invalid, match="letters"):
        services.create_block(name="it's", source="", by=None)


def test_what_is_not_there_is_an_error_that_says_so() -> None:
    with pytest.raises(TemplateNotFound, match="'None'"):
        selectors.template("None")
    with pytest.raises(VersionNotFound, match="no version yet"):
        selectors.current_version(services.create_template(name="Empty", by=None))


def test_merge_tags_of_all_languages_are_listed() -> None:
    version = make_version(
        html("{{ b }}{{ contact.a }}", subject="{{ c }}"), html("{{ links.unsubscribe }}", language="pt")
    )
    assert selectors.merge_tags(version) == ["a", "b", "c", "links.unsubscribe"]


def test_a_template_can_be_archived_and_offered_again() -> None:
    template = make_template()
    services.archive(template)
    template.refresh_from_db()
    assert template.archived_at
    services.restore(template)
    template.refresh_from_db()
    assert not template.archived_at


@pytest.mark.parametrize(
    "table", [TemplateVersion, TemplateContent, TemplateLink, SharedBlock.versions.rel.related_model]
)
def test_versions_cannot_be_changed_or_deleted_by_the_application(table: type) -> None:
    services.create_block(name="footer", source="x", by=None)
    make_template()
    field = {"TemplateLink": "url", "TemplateContent": "body", "SharedBlockVersion": "source"}.get(
        table.__name__, "note"
    )
    rows: Any = table._default_manager  # type: ignore[attr-defined]
    for change in ("update", "delete"):
        with pytest.raises((InternalError, ProgrammingError), match="permission denied"), transaction.atomic():
            rows.update(**{field: "y"}) if change == "update" else rows.all()._raw_delete("default")
