"""The pages of message templates in the admin."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from segments.models import Contact
from templates import selectors, services
from templates.compiling.markup import tokens
from templates.models import MessageTemplate, SharedBlock, TemplateContent, TemplateLink
from tests.factories.templates import MJML, draft, html, make_template

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(admin_client: Client) -> Client:
    return admin_client


def form(*contents: dict[str, str], **version: str) -> dict[str, str]:
    """What the browser sends from the form for a new version."""
    data = {"default_language": "en", "missing_policy": "fallback", "fallbacks": "{}", "note": "", **version}
    data |= {"contents-TOTAL_FORMS": str(len(contents)), "contents-INITIAL_FORMS": "1"}
    for index, content in enumerate(contents):
        whole = {
            "language": "en",
            "format": "mjml",
            "subject": "News",
            "preheader": "",
            "body": MJML,
            "text": "",
            **content,
        }
        data |= {f"contents-{index}-{name}": value for name, value in whole.items()}
    return data


def new_version(template: MessageTemplate) -> str:
    return reverse("admin:templates_new_version", args=[template.pk])


def test_a_template_is_made_and_its_page_proofs_the_current_version(page: Client) -> None:
    answer = page.post(reverse("admin:templates_messagetemplate_add"), {"name": "News", "channel": "email",
        "versions-TOTAL_FORMS": "0", "versions-INITIAL_FORMS": "0"}, follow=True)  # fmt: skip
    template = selectors.template("News")
    assert answer.status_code == 200
    assert template.created_by == User.objects.get(username="admin")
    services.save_version(template, contents=[html("{{ nobody }} <a href='/x'>x</a>")], by=None)
    shown = page.get(reverse("admin:templates_messagetemplate_change", args=[template.pk])).content.decode()
    assert "there is no merge tag &#x27;nobody&#x27;" in shown
    assert "line 1, column 23" in shown
    assert page.get(reverse("admin:templates_messagetemplate_changelist") + "?q=news").status_code == 200


def test_the_form_begins_with_the_current_sources_and_saves_the_next_version(page: Client) -> None:
    template = make_template(draft(), fallbacks={"first_name": "you"})
    shown = page.get(new_version(template)).content.decode()
    assert "see &lt;a href=&quot;https://shop.test/new&quot;" in shown
    assert "Another language" in page.get(new_version(template) + "?language=another").content.decode()
    answer = page.post(
        new_version(template),
        form(
            {"subject": "Other"}, {"language": "pt", "format": "html", "body": "<p>Olá</p>\r\n"}, note="two", save="1"
        ),
    )
    assert answer.status_code == 302
    version = selectors.current_version(selectors.template(template.name))
    assert (version.number, version.note, version.created_by_id) == (2, "two", User.objects.get(username="admin").pk)
    assert [item.subject for item in selectors.drafts(version)] == ["Other", "News"]
    assert version.contents.get(language="pt").body == "<p>Olá</p>\n"


def test_the_form_shows_findings_with_their_places(page: Client) -> None:
    template = make_template()
    shown = page.post(new_version(template), form({"body": "<mjml>\n<mj-body><mj-txt /></mj-body></mjml>"}, proof="1"))
    assert "line 2, column 10" in shown.content.decode()
    shown = page.post(new_version(template), form({"body": "<mjml>\n<mj-body><mj-txt /></mj-body></mjml>"}, save="1"))
    assert "there is no component &lt;mj-txt&gt;" in shown.content.decode()
    shown = page.post(new_version(template), form({"language": "pt"}, save="1"))
    assert "no content in the default language" in shown.content.decode()
    shown = page.post(new_version(template), form({}, fallbacks='["x"]', save="1"))
    assert "Write names and texts" in shown.content.decode()
    shown = page.post(
        new_version(template), form({"text": "{{ brand.postal_address }} {{ links.unsubscribe }}"}, proof="1")
    )
    assert "Nothing to mend" in shown.content.decode()
    assert template.versions.count() == 1


def test_a_language_can_be_taken_out(page: Client) -> None:
    template = make_template(draft(), html("x", language="pt"))
    data = form({}, {"language": "pt", "DELETE": "on"}, save="1")
    page.post(new_version(template), data)
    version = selectors.current_version(selectors.template(template.name))
    assert [item.language for item in selectors.drafts(version)] == ["en"]


def test_a_preview_shows_a_chosen_contact_and_keeps_its_address_out_of_the_url(page: Client) -> None:
    ana = Contact.objects.create(email="ana@a.test", email_key=1, first_name="Ana")
    template = make_template(draft(preheader="Pre {{ first_name }}"))
    url = reverse("admin:templates_preview", args=[template.pk, 1])
    answer = page.post(url, {"contact": "Ana@A.test", "language": ""})
    assert answer["Location"] == f"{url}?contact={ana.pk}"
    shown = page.get(answer["Location"]).content.decode()
    assert "Hello Ana, see what is new" in shown
    assert "Pre Ana" in shown
    frame = re.search(r'<iframe class="mail" sandbox src="([^"]+)"', shown)
    assert frame
    assert "Hello Ana" in page.get(frame[1]).content.decode()
    assert "no contact with this address" in page.post(url, {"contact": "ben@a.test"}).content.decode()
    assert "@-sign" in page.post(url, {"contact": "ben"}).content.decode()


def test_the_mail_in_the_frame_can_do_nothing(page: Client) -> None:
    template = make_template(html("<script>alert(1)</script><p style='color:red'>x</p>"))
    answer = page.get(reverse("admin:templates_mail", args=[template.pk, 1]))
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert re.search(r"(^|; )sandbox(;|$)", policy)
    assert "style-src 'unsafe-inline'" in policy
    assert "frame-ancestors 'self'" in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    page_policy = page.get(reverse("admin:templates_preview", args=[template.pk, 1]))["Content-Security-Policy"]
    assert "unsafe-inline" not in page_policy


def test_our_own_pages_have_no_inline_script_or_style(page: Client) -> None:
    template = make_template(html("<p style='color:red' onclick='x'>x</p>"))
    for url in (new_version(template), reverse("admin:templates_preview", args=[template.pk, 1])):
        for token in tokens(page.get(url).content.decode()):
            inline = [item.name for item in token.attributes if item.name == "style" or item.name.startswith("on")]
            assert not inline, (url, token.name)
            assert token.name != "style"
            assert token.kind != "open" or token.name != "script" or token.get("src") or token.get("type")


def test_a_preview_that_fails_says_why(page: Client) -> None:
    template = make_template(html("{{ country }}"), missing_policy="skip")
    assert "no value for the merge tag &#x27;country&#x27;" in page.get(
        reverse("admin:templates_preview", args=[template.pk, 1])
    ).content.decode()  # fmt: skip
    answer = page.get(reverse("admin:templates_mail", args=[template.pk, 1]))
    assert (answer.status_code, answer["Content-Type"]) == (422, "text/plain; charset=utf-8")


def test_roll_back_is_a_post_from_the_preview(page: Client) -> None:
    template = make_template()
    services.save_version(template, contents=[html("x")], by=None)
    url = reverse("admin:templates_roll_back", args=[template.pk, 1])
    assert page.get(url).status_code == 405
    assert page.post(url).status_code == 302
    version = selectors.current_version(selectors.template(template.name))
    assert (version.number, version.note) == (3, "Rolled back to version 1")
    assert page.get(reverse("admin:templates_preview", args=[template.pk, 9])).status_code == 404
    assert page.get(reverse("admin:templates_preview", args=[4711, 1])).status_code == 404


def test_those_who_may_only_look_cannot_write(client: Client) -> None:
    reader = User.objects.create_user("reader", password="x", is_staff=True)
    reader.user_permissions.add(
        *Permission.objects.filter(codename__startswith="view_", content_type__app_label="templates")
    )
    client.force_login(reader)
    template = make_template()
    assert client.get(reverse("admin:templates_preview", args=[template.pk, 1])).status_code == 200
    assert client.get(new_version(template)).status_code == 403
    assert client.post(reverse("admin:templates_roll_back", args=[template.pk, 1])).status_code == 403
    client.force_login(User.objects.create_user("nobody", password="x", is_staff=True))
    assert client.get(reverse("admin:templates_mail", args=[template.pk, 1])).status_code == 403


def test_templates_and_blocks_are_archived_and_offered_again_by_action(page: Client) -> None:
    services.create_block(name="footer", source="x", by=None)
    for model, row in (("messagetemplate", make_template()), ("sharedblock", SharedBlock.objects.get())):
        url = reverse(f"admin:templates_{model}_changelist")
        for action, archived in (("archive", True), ("restore", False)):
            page.post(url, {"action": action, "_selected_action": [row.pk]})
            row.refresh_from_db()
            assert bool(row.archived_at) is archived


def test_saving_a_block_makes_its_next_version(page: Client) -> None:
    empty = {"versions-TOTAL_FORMS": "0", "versions-INITIAL_FORMS": "0"}
    page.post(reverse("admin:templates_sharedblock_add"), {"name": "footer", "source": "one", "note": "", **empty})
    block = SharedBlock.objects.get()
    url = reverse("admin:templates_sharedblock_change", args=[block.pk])
    assert ">\none</textarea>" in page.get(url).content.decode()
    page.post(url, {"source": "two\r\n", "note": "more", **empty})
    block.refresh_from_db()
    assert block.current
    assert (block.current.number, block.current.source, block.current.note) == (2, "two\n", "more")


def test_a_block_that_is_wrong_is_not_saved(page: Client) -> None:
    empty = {"versions-TOTAL_FORMS": "0", "versions-INITIAL_FORMS": "0", "note": ""}
    add = reverse("admin:templates_sharedblock_add")
    shown = page.post(add, {"name": "it's", "source": "{% if x %}", **empty}).content.decode()
    assert "Use letters, digits" in shown
    assert "line 1, column 1: {% if x %} has no {% endif %}" in shown
    assert not SharedBlock.objects.exists()


def test_every_table_can_be_looked_at(page: Client) -> None:
    services.create_block(name="footer", source="x", by=None)
    version = make_template().current
    assert version
    content, link, block = TemplateContent.objects.get(), TemplateLink.objects.get(), SharedBlock.objects.get()
    rows = {
        "templateversion": version,
        "templatecontent": content,
        "templatelink": link,
        "sharedblockversion": block.current,
    }
    for model, row in rows.items():
        assert page.get(reverse(f"admin:templates_{model}_changelist")).status_code == 200
        assert row
        assert page.get(reverse(f"admin:templates_{model}_change", args=[row.pk])).status_code == 200
        assert page.get(reverse(f"admin:templates_{model}_add")).status_code == 403
        assert page.post(reverse(f"admin:templates_{model}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
