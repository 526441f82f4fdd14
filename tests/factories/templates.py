"""Message templates with a version, saved by the real service."""

from itertools import count
from typing import Any

from delivery.models import SendOrder
from templates.drafts import ContentDraft
from templates.models import MessageTemplate, TemplateVersion
from templates.services import create_template, save_version
from tests.factories.delivery import make_order

MJML = """<mjml>
  <mj-body>
    <mj-section>
      <mj-column>
        <mj-text>Hello {{ first_name | default: "there" }},
          see <a href="https://shop.test/new">what is new</a>.</mj-text>
      </mj-column>
    </mj-section>
    <mj-section>
      <mj-column>
        <mj-text>{{ brand.postal_address }} <a href="{{ links.unsubscribe }}">Unsubscribe</a></mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
"""
_numbers = count(1)


def draft(body: str = MJML, **given: str) -> ContentDraft:
    """A content in English, MJML unless told."""
    return ContentDraft(**{"language": "en", "format": "mjml", "subject": "News", "body": body, **given})


def html(body: str, **given: str) -> ContentDraft:
    """A content in HTML."""
    return draft(body, format="html", **given)


def make_template(*contents: ContentDraft, name: str = "", **policy: Any) -> MessageTemplate:
    """A template with one version."""
    template = create_template(name=name or f"Message {next(_numbers)}", by=None)
    save_version(template, contents=contents or [draft()], by=None, **policy)
    return MessageTemplate.objects.select_related("current").get(pk=template.pk)


def make_version(*contents: ContentDraft, **policy: Any) -> TemplateVersion:
    """The version of a template of its own."""
    current = make_template(*contents, **policy).current
    assert current
    return current


def make_order_with_template(*contents: ContentDraft, **order: Any) -> SendOrder:
    """An open order with a compiled version."""
    return make_order(version=make_version(*contents), **order)
