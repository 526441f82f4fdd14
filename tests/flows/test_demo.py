"""The whole way with real parts, as `manage.py demo --check` shows it to an operator."""

import json
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from tests.conftest import CommittedDb
from tests.databases import free_port


def test_the_demo_closes_its_sums(committed_db: CommittedDb, tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "demo", "--check", "--here", "--contacts=300", f"--port={free_port()}"]
    env = {**committed_db.env, "POSTRIDER_STATE": str(tmp_path)}
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["closes"] is True
    assert figures["sent"] == figures["in_mailbox"] > 200
    assert figures["skipped"]["no_address"] == 3
    assert figures["unsubscribed"] > 0
    assert (figures["opened"], figures["clicked"], figures["machine"]) == (6, 4, 3)
    assert figures["stats_equal_log"] is True
    ended = figures["sent"] + sum(figures["skipped"].values()) + figures["failed"] + figures["cancelled"]
    assert ended + figures["unknown"] == figures["audience"]
