"""Images through the API."""

from typing import Any

import pytest
from pytest_django import Settings

from compliance.models import AuditEntry
from templates.models import Asset
from tests.factories.api import Caller, caller
from tests.templates.test_images import encoded

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: object) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


def upload(program: Caller, data: bytes, kind: str = "image/jpeg") -> Any:
    headers = {"Authorization": f"Bearer {program.text}"}
    return program.client.post("/api/v1/assets?name=sea.jpg&alt=The+sea", data, kind, headers=headers)


def test_an_image_is_uploaded_described_put_away_and_offered_again() -> None:
    program = caller("author")
    made = upload(program, encoded("JPEG", (700, 70)).getvalue())
    assert made.status_code == 201, made.json()
    shown = made.json()
    assert (shown["name"], shown["alt"], shown["width"]) == ("sea.jpg", "The sea", 700)
    assert [file["width"] for file in shown["files"]] == [320, 600, 700]
    served = program.client.get(shown["files"][0]["path"])
    assert len(served.getvalue()) == shown["files"][0]["size"]
    path = f"assets/{shown['asset_id']}"
    assert program.patch(path, {"alt": "Waves"}).json()["alt"] == "Waves"
    assert program.patch(path, {"alt": "x" * 501}).status_code == 422
    assert program.delete(path).status_code == 204
    assert program.get("assets").json()["results"] == []
    assert [row["asset_id"] for row in program.get("assets?archived=true").json()["results"]] == [shown["asset_id"]]
    assert program.post(f"{path}/restore").json()["archived_at"] is None
    assert program.get("assets?name=SEA").json()["results"][0]["alt"] == "Waves"
    assert {entry.action for entry in AuditEntry.objects.all()} >= {
        "asset_uploaded",
        "asset_described",
        "asset_archived",
    }


def test_what_is_no_image_is_refused_with_the_remedy(settings: Settings) -> None:
    program = caller()
    assert upload(program, b"<svg/>", "image/svg+xml").json()["detail"].endswith("Use PNG, JPEG, GIF or WebP.")
    assert upload(program, b"{}", "text/plain").status_code == 415
    assert program.post("assets", {}).status_code == 415
    settings.ASSET_MAX_BYTES = 100
    assert upload(program, encoded("PNG", (90, 90)).getvalue(), "image/png").status_code == 413
    assert not Asset.objects.exists()
