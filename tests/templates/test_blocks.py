"""Shared blocks: who uses one, and how a new version gets to them."""

import pytest

from templates import selectors, services
from templates.errors import VersionNotFound
from tests.factories.templates import html, make_template

pytestmark = pytest.mark.django_db


def test_templates_keep_the_version_they_were_made_with_until_they_are_refreshed() -> None:
    block = services.create_block(name="footer", source="<p>one</p>", by=None)
    news, offer = (make_template(html("{% render 'footer' %}"), name=name) for name in ("News", "Offer"))
    make_template(html("<p>without</p>"))
    services.save_block(block, source="<p>two</p>", by=None)
    block.refresh_from_db()
    assert list(selectors.templates_with(block)) == [news, offer]
    assert selectors.stale_templates(block) == [news, offer]
    services.save_version(offer, contents=[html("{% render 'footer' %}")], by=None)
    assert selectors.stale_templates(block) == [news]
    done = services.refresh_templates(block, by=None)
    assert (done.done, done.failed) == ((news,), ())
    news.refresh_from_db()
    assert news.current
    assert (news.current.number, news.current.contents.get().compiled_html) == (2, "<p>two</p>")
    assert news.current.note == "With the shared block 'footer' as it is now"
    assert selectors.stale_templates(block) == []


def test_a_template_that_does_not_fit_the_new_block_stays_as_it_is() -> None:
    block = services.create_block(name="row", source="<tr><td>x</td></tr>", by=None)
    template = make_template(html("<table>{% if first_name %}{% render 'row' %}{% endif %}</table>"))
    services.save_block(block, source="<p title='", by=None)
    block.refresh_from_db()
    done = services.refresh_templates(block, by=None)
    assert done.done == ()
    assert [(item.pk, "endif" in why) for item, why in done.failed] == [(template.pk, True)]
    template.refresh_from_db()
    assert template.current
    assert template.current.number == 1


def test_a_block_is_rolled_back_by_a_new_version() -> None:
    block = services.create_block(name="footer", source="one", by=None)
    services.save_block(block, source="two", by=None)
    block.refresh_from_db()
    assert services.roll_back_block(block, 1, by=None).source == "one"
    assert block.versions.count() == 3
    with pytest.raises(VersionNotFound, match="no version 9"):
        services.roll_back_block(block, 9, by=None)


def test_archived_templates_and_blocks_are_left_alone() -> None:
    block = services.create_block(name="footer", source="one", by=None)
    template = make_template(html("{% render 'footer' %}"))
    services.archive(template)
    assert list(selectors.templates_with(block)) == []
