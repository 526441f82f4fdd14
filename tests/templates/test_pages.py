"""The pages of Content, without a browser: what they answer, to whom, and in how many queries."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from compliance.models import AuditEntry
from config.lib import public_ids
from templates import selectors, services
from templates.models import Asset, MessageTemplate, SharedBlock, TemplateDraft
from tests.factories.api import person
from tests.factories.segments import contact, contact_list
from tests.factories.templates import MJML, draft, html, make_template
from tests.templates.test_images import encoded

pytestmark = pytest.mark.django_db


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(person(role))
    return client


@pytest.fixture
def author() -> Client:
    return signed_in("author")


def at(name: str, template: MessageTemplate, *more: object) -> str:
    return reverse(f"content:{name}", args=[public_ids.encode("template", template.pk), *more])


def work(*contents: Any, **policy: Any) -> dict[str, Any]:
    whole = {"default_language": "en", "missing_policy": "fallback", "fallbacks": {}, **policy}
    return {"contents": [vars(one) for one in contents or [draft()]], **whole}


def call(client: Client, url: str, **body: Any) -> Any:
    return client.post(url, json.dumps(body), "application/json", headers={"HX-Request": "true"})


def test_the_list_shows_what_is_in_use_in_three_queries(
    author: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_template(draft(subject="Autumn is here"), name="News")
    services.archive(make_template(name="Old"))
    author.get("/content/templates")
    with django_assert_num_queries(6):  # the session, its user, two for permissions, the count and the rows
        page = author.get("/content/templates").content.decode()
    assert "Autumn is here" in page
    assert "Old" not in page
    assert "Old" in author.get("/content/templates?state=archived").content.decode()


def test_the_gallery_leads_to_a_template_of_ones_own(author: Client) -> None:
    assert author.get("/content/gallery").content.decode().count("<iframe sandbox") == 8
    page = author.get("/content/templates/new?starter=receipt").content.decode()
    assert 'value="Receipt"' in page
    given = {"name": "Receipt", "subject": "Paid", "language": "de"}
    answer = author.post("/content/templates/new?starter=receipt", given)
    made = MessageTemplate.objects.select_related("current").get()
    assert answer.headers["Location"] == at("template", made) + "?purpose=transactional"
    assert made.current
    assert made.current.default_language == "de"
    assert 'value="Receipt 2"' in author.get("/content/templates/new?starter=receipt").content.decode()
    assert author.post("/content/templates/new", given).status_code == 422
    assert MessageTemplate.objects.count() == 1


def test_a_mail_in_a_frame_can_do_nothing(author: Client) -> None:
    template = make_template(
        html("<head></head><style>@media (prefers-color-scheme: dark) {a{}}</style><script>x</script>")
    )
    for url in ("/content/gallery/event/mail", at("version-mail", template, 1)):
        answer = author.get(url)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.endswith("; sandbox")
        assert "default-src 'none'" in policy
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "prefers-color-scheme" not in answer.content.decode()  # the reader's own system does not decide
    assert "(min-width: 0)" in author.get(at("version-mail", template, 1) + "?dark=1").content.decode()
    blocked = author.get(at("version-mail", template, 1) + "?images=0").headers["Content-Security-Policy"]
    assert "img-src 'none'" in blocked
    assert author.get("/content/gallery/nobody/mail").status_code == 404


def test_what_is_typed_is_kept_and_another_window_is_told(author: Client) -> None:
    template = make_template()
    first = call(author, at("keep", template), work=work(draft(subject="Typed")), base=1, revision=0)
    assert first.json()["revision"] == 1
    assert call(author, at("keep", template), work=work(), base=1, revision=0).status_code == 409
    page = author.get(at("template", template)).content.decode()
    assert "Typed" in page
    assert call(author, at("discard", template)).status_code == 200
    assert not TemplateDraft.objects.exists()


def test_a_save_is_a_version_and_ends_the_draft(author: Client) -> None:
    template = make_template()
    call(author, at("keep", template), work=work(draft(subject="Two")), base=1, revision=0)
    made = call(author, at("save", template), work=work(draft(subject="Two")), base=1, note="why")
    assert made.json() == {"version": 2}
    assert selectors.version(template, 2).note == "why"
    assert not TemplateDraft.objects.exists()
    assert AuditEntry.objects.filter(action="template_saved").exists()
    late = call(author, at("save", template), work=work(draft(subject="Three")), base=1)
    assert (late.status_code, late.json()["code"], late.json()["current"]) == (409, "template_version_conflict", 2)
    wrong = call(author, at("save", template), work=work(draft("<mjml>")), base=2)
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == "/contents/0/body"


@pytest.mark.parametrize("body", ["", "[]", "nonsense", '{"work": 1}', '{"work": {"contents": [1]}}', '{"work": {}}'])
def test_nonsense_is_refused_in_words(author: Client, body: str) -> None:
    template = make_template()
    for name in ("keep", "save", "look", "lint", "trial", "mend"):
        answer = author.post(at(name, template), body, "application/json")
        assert answer.status_code == 422, name
        assert answer.json()["detail"]


def test_a_paste_of_ten_megabytes_is_refused_before_it_is_read(author: Client) -> None:
    huge = draft("x" * 17_000_000)
    answer = call(author, at("keep", make_template()), work=work(huge), base=1, revision=0)
    assert answer.status_code == 422
    assert "too long" in answer.json()["detail"]


def test_the_preview_is_lent_to_whom_it_was_made_for(author: Client) -> None:
    template, ana = make_template(), contact(first_name="Rui")
    person_id = public_ids.encode("contact", ana.pk)
    seen = call(author, at("look", template), work=work(), contact=person_id, language="en").json()
    assert "Hello Rui" in seen["text"]
    assert "Hello Rui" in author.get(seen["frame"]).content.decode()
    assert signed_in("author").get(seen["frame"]).status_code == 404
    assert "Hello Ana" in call(author, at("look", template), work=work(), sample=True, language="en").json()["text"]
    half = call(author, at("look", template), work=work(draft("<mjml>\n<mj-bod")), language="en").json()
    assert half["failure"].startswith("Line 2: ")


def test_findings_come_with_a_remedy_that_mends(author: Client) -> None:
    template = make_template()
    contents = [html("<img src='https://a.test/x.png'>" + "<p>{{ brand.postal_address }}</p>")]
    found = call(author, at("lint", template), work=work(*contents)).json()["findings"]
    by_number = {one["number"]: one for one in found}
    assert by_number["E102"]["remedy"] == "Add the link"
    assert (by_number["W005"]["part"], by_number["W005"]["line"], by_number["W005"]["content"]) == ("body", 1, 0)
    mended = call(author, at("mend", template), content=vars(contents[0]), finding=by_number["E102"]).json()["content"]
    assert "links.unsubscribe" in mended["body"]
    text = call(author, at("mend", template), content=vars(contents[0]), finding=by_number["W003"]).json()["content"]
    assert "brand.postal_address" in text["text"]
    stale = call(author, at("mend", template), content=vars(html("other")), finding=by_number["W005"])
    assert stale.status_code == 409
    receipt = call(author, at("lint", template), work=work(*contents), purpose="transactional").json()["findings"]
    assert "E102" not in {one["number"] for one in receipt}


@pytest.mark.parametrize("wrong", [{"line": "1"}, {"line": -1}, {"column": 1.5}, {"code": 5}, {"block": None}])
def test_a_finding_that_is_none_is_refused(author: Client, wrong: dict[str, Any]) -> None:
    finding = {"level": "warning", "code": "message_templates.W005", "message": "", "fix": "",
               "pointer": "/contents/0/body",
               "line": 1, "column": 1, "block": "", **wrong}  # fmt: skip
    answer = call(author, at("mend", make_template()), content=vars(html("<img>")), finding=finding)
    assert answer.status_code == 422


def test_a_trial_on_a_list_counts_what_is_missing(author: Client) -> None:
    people = contact_list("Some", [contact(first_name="Ana"), contact(), contact()])
    audience = f"list:{public_ids.encode('list', people.pk)}"
    found = call(author, at("trial", make_template()), work=work(html("{{ first_name }}")), audience=audience).json()
    assert (found["people"], found["missing"]) == (3, [["first_name", 2]])
    assert call(author, at("trial", make_template()), work=work(), audience="list:x").status_code == 404


def test_history_compares_and_leads_back(author: Client) -> None:
    template = make_template(draft(), draft(MJML.replace("Hello", "Olá"), language="pt"))
    services.save_version(template, contents=[draft(MJML.replace("Hello", "Good day"))], by=None, note="kinder")
    page = author.get(at("history", template)).content.decode()
    assert "Good day" in page
    assert "kinder" in page
    assert "<iframe" in author.get(at("history", template) + "?as=message&old=1&new=2").content.decode()
    author.post(at("roll-back", template, 1))
    assert selectors.version(template, 3).note == "Rolled back to version 1"
    assert "Nothing differs" in author.get(at("history", template) + "?old=1&new=3").content.decode()


def test_a_shared_block_is_saved_compared_and_handed_on(author: Client) -> None:
    author.post("/content/blocks/new", {"name": "footer", "source": "<p>one</p>"})
    block = SharedBlock.objects.get()
    url = reverse("content:block", args=[public_ids.encode("block", block.pk)])
    template = make_template(html("{% render 'footer' %}"))
    saved = author.post(url, {"source": "<p>two</p>", "note": "x", "base": "1"}, follow=True).content.decode()
    assert "1 template keeps the one before until it is refreshed." in saved
    late = author.post(url, {"source": "<p>late</p>", "base": "1"})
    assert late.status_code == 409
    assert "&lt;p&gt;late&lt;/p&gt;" in late.content.decode()
    bad = author.post(url, {"source": "{% if %}", "base": "2"})
    assert bad.status_code == 422
    assert "<del>" in author.get(f"{url}?version=1").content.decode()
    author.post(f"{url}/refresh")
    template.refresh_from_db()
    assert template.current
    assert template.current.block_versions == {"footer": 2}
    author.post(f"{url}/roll-back", {"number": "1"})
    assert author.post(f"{url}/roll-back", {"number": "x"}).status_code == 404
    assert SharedBlock.objects.select_related("current").get().current.source == "<p>one</p>"  # type: ignore[union-attr]
    author.post(f"{url}/archive")
    assert "No shared blocks yet" in author.get("/content/blocks").content.decode()


def test_images_are_dropped_described_and_put_away(author: Client, settings: Settings, tmp_path: object) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    file = encoded("PNG", (700, 70))
    file.name = "sea.png"
    made = author.post("/content/assets/upload", {"file": file}, headers={"HX-Request": "true"})
    assert made.status_code == 201, made.content
    url = made.json()["url"]
    asset = Asset.objects.get()
    assert f"{asset.digest}-320.png" in author.get("/content/assets").content.decode()
    author.post(url, {"alt": "Waves"})
    assert "Waves" in author.get(url).content.decode()
    assert author.get("/content/images").json()["images"][0]["alt"] == "Waves"
    file = encoded("PNG", (9, 9))
    file.name = "x.svg"
    assert author.post("/content/assets/upload", {}, headers={"HX-Request": "true"}).status_code == 422
    author.post(f"{url}/archive")
    assert "No images yet" in author.get("/content/assets").content.decode()
    author.post(f"{url}/restore")
    author.post(f"{url}/delete")
    assert not Asset.objects.exists()


def test_a_viewer_looks_and_changes_nothing() -> None:
    viewer, template = signed_in("viewer"), make_template()
    page = viewer.get(at("template", template)).content.decode()
    assert "data-save" not in page.replace("data-save-", "")
    for name in ("keep", "save", "discard", "mend"):
        assert call(viewer, at(name, template), work=work()).status_code == 403, name
    assert call(viewer, at("look", template), work=work(), language="en").status_code == 200
    assert viewer.get("/content/gallery").status_code == 403
    for url in (at("roll-back", template, 1), at("put", template, "archive"), "/content/assets/upload"):
        assert viewer.post(url).status_code == 403
    assert Client().get(at("template", template)).status_code == 302


def test_a_template_is_put_away_and_taken_back(author: Client) -> None:
    template = make_template(name="News")
    author.post(at("put", template, "archive"))
    assert "archived" in author.get(at("template", template)).content.decode()
    author.post(at("put", template, "restore"))
    template.refresh_from_db()
    assert template.archived_at is None
    assert author.post(at("put", template, "explode")).status_code == 404
    assert at("template", template) in author.get("/search?q=new", headers={"HX-Request": "true"}).content.decode()
