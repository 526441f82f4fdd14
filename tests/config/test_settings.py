"""Wrong settings stop the start with one line that says what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from config.lib import secrets_file

PRODUCTION = {"POSTRIDER_ENV": "production", "BASE_URL": "https://p.example", "ALLOWED_HOSTS": "p.example"}
SECRETS = ["SECRET_KEY", "TOKEN_KEYS", "ADDRESS_KEYS", "PUBLIC_ID_KEY"]


def _start(**environment: str) -> subprocess.CompletedProcess[str]:
    """`manage.py version` in this environment; it loads the settings and no app."""
    base = {name: value for name, value in os.environ.items() if name not in SECRETS}
    command = [sys.executable, "-W", "error", "manage.py", "check"]
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env=base | environment, capture_output=True, text=True, check=False
    )


def _one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize("missing", SECRETS)
def test_production_does_not_start_without_a_secret(missing: str) -> None:
    given = {name: value for name, value in secrets_file.generate().items() if name != missing}
    line = _one_line(_start(**PRODUCTION, **given))
    assert missing in line
    assert "manage.py secrets" in line


def test_production_starts_with_all_secrets() -> None:
    assert _start(**PRODUCTION, **secrets_file.generate()).returncode == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"POSTRIDER_ENV": "staging"}, "development or production"),
        ({"DATABASE_URL": "postgres://a@/b", "DATABASE_OWNER_URL": ""}, "DATABASE_OWNER_URL"),
        ({"TOKEN_KEYS": "1:abcd"}, "TOKEN_KEYS"),
        ({"ADDRESS_KEYS": "nothing"}, "ADDRESS_KEYS"),
        ({**PRODUCTION, "ALLOWED_HOSTS": "", **secrets_file.generate()}, "ALLOWED_HOSTS"),
        ({**PRODUCTION, "BASE_URL": "http://p.example", **secrets_file.generate()}, "BASE_URL"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(wrong: dict[str, str], said: str) -> None:
    assert said in _one_line(_start(**wrong))


def test_development_makes_its_secrets_once_readable_by_the_owner_alone(tmp_path: Path) -> None:
    state = {"POSTRIDER_STATE": str(tmp_path), **dict.fromkeys(SECRETS, "")}
    assert _start(**state).returncode == 0
    made = (tmp_path / "secrets.env").read_text()
    assert _start(**state).returncode == 0
    assert (tmp_path / "secrets.env").read_text() == made
    assert (tmp_path / "secrets.env").stat().st_mode & 0o777 == 0o600


def test_the_example_environment_names_only_what_settings_read() -> None:
    """And all secrets: an operator copies it and fills it in."""
    root = Path(settings.BASE_DIR)
    lines = (root / "deploy" / ".env.example").read_text().splitlines()
    names = {line.split("=")[0] for line in lines if "=" in line and not line.startswith("#")}
    source = (root / "config" / "settings.py").read_text() + (root / "deploy" / "compose.yml").read_text()
    assert {name for name in names if name not in source and name not in SECRETS} == set()
    assert set(SECRETS) <= names
