"""What operators type: each command in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from config.lib import embedded, secrets_file


def _manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    env = {**os.environ, **environment}
    return subprocess.run(command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, check=False)


def test_services_start_stop_and_status_say_how_it_stands() -> None:
    state = Path(settings.STATE_DIR) / "ruled"
    place = {"POSTRIDER_STATE": str(state), "DATABASE_URL": "", "DATABASE_OWNER_URL": ""}
    try:
        assert _manage("services", "status", **place).returncode == 3
        assert "running" in _manage("services", "start", **place).stdout
        assert embedded.status(state) == {"postgres": True, "redis": True}
        assert _manage("services", "status", **place).returncode == 0
    finally:
        assert _manage("services", "remove", **place).returncode == 0
    assert embedded.status(state) == {"postgres": False, "redis": False}
    assert not state.exists()


def test_servers_that_are_not_ours_are_named_so() -> None:
    said = _manage("services", "status", REDIS_URL="redis://elsewhere/0").stdout
    assert "postgres  not ours  DATABASE_URL is set" in said
    assert "redis     not ours  REDIS_URL is set" in said


def test_help_starts_no_service() -> None:
    state = Path(settings.STATE_DIR) / "idle"
    done = _manage("help", POSTRIDER_STATE=str(state), DATABASE_URL="", DATABASE_OWNER_URL="")
    assert done.returncode == 0
    assert embedded.status(state) == {"postgres": False, "redis": False}


def test_secrets_prints_what_settings_accept() -> None:
    printed = dict(line.split("=", 1) for line in _manage("secrets").stdout.splitlines())
    assert printed.keys() == secrets_file.generate().keys()
    production = {"POSTRIDER_ENV": "production", "BASE_URL": "https://p.example", "ALLOWED_HOSTS": "p.example"}
    assert _manage("check", **production, **printed).returncode == 0
    assert printed != dict(line.split("=", 1) for line in _manage("secrets").stdout.splitlines())


def test_a_service_that_cannot_start_is_one_line() -> None:
    file = Path(settings.STATE_DIR) / "file"
    file.write_text("in the way")
    done = _manage("migrate", POSTRIDER_STATE=str(file), DATABASE_URL="", DATABASE_OWNER_URL="")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
