"""`manage.py up` as an operator meets it: everything answers, and nothing of it is left after SIGTERM."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from redis import Redis

from config import celery_settings, running
from config.celery import HEARTBEAT_KEY, app
from config.lib import embedded
from tests.conftest import CommittedDb
from tests.databases import free_port
from tests.support.waiting import PATIENCE_S, until


def _status(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_up_runs_every_process_and_stops_what_it_started_and_nothing_else(committed_db: CommittedDb) -> None:
    state = Path(settings.STATE_DIR) / "up"
    command = [sys.executable, "manage.py", "up", "--bulk", "1", "--port", str(free_port())]
    with socket.socket() as taken:  # so that it has to look for another port
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        env = {**committed_db.env, "POSTRIDER_STATE": str(state), "MAILBOX_PORT": str(taken.getsockname()[1])}
        up = subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            assert up.stdout
            lines: list[str] = []
            address = None
            while not address:
                line = up.stdout.readline()
                assert line, "".join(lines)
                lines.append(line)
                address = re.search(r"answers at (http://\S+)", line)
            children = psutil.Process(up.pid).children(recursive=True)
            assert _status(f"{address[1]}/admin/login/") == 200
            assert len(psutil.Process(up.pid).children()) >= len(running.QUEUES) + 2  # web and beat
            _wait_for_heartbeat(embedded.redis(state).url())
        finally:
            up.send_signal(signal.SIGTERM)
            rest = up.communicate(timeout=PATIENCE_S)[0]
    assert up.returncode == 0, rest
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []
    assert not embedded.redis(state).running()
    assert embedded.redis(Path(settings.STATE_DIR)).running()


def _wait_for_heartbeat(url: str) -> None:
    """Beat, broker and the worker of ticks pass work along."""
    with Redis.from_url(url) as client:
        until(lambda: client.exists(HEARTBEAT_KEY), "the heart beats")


def test_a_port_that_was_asked_for_and_is_taken_is_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "manage.py", "up", "--port", port]
        done = subprocess.run(
            command, cwd=settings.BASE_DIR, env=dict(os.environ), capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"Port {port} is taken by another program: choose another with --port, or leave --port out"
    ]


def test_a_port_nobody_asked_for_is_replaced_when_taken_as_by_a_deployment_that_has_only_begun_to_start() -> None:
    with running.listening(None, preferred=free_port()) as first:
        preferred = first.getsockname()[1]
        with running.listening(None, preferred=preferred) as second:
            assert second.getsockname()[1] != preferred
        with pytest.raises(running.PortTaken):
            running.listening(preferred)


def test_every_task_that_is_scheduled_or_routed_exists() -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in celery_settings.beat_schedule.values()}
    assert scheduled | set(celery_settings.task_routes) <= set(app.tasks)


def test_every_queue_has_a_worker() -> None:
    assert {queue.name for queue in celery_settings.task_queues} == set(running.QUEUES)
    compose = (Path(settings.BASE_DIR) / "deploy" / "compose.yml").read_text()
    assert set(re.findall(r"worker -Q (\w+)", compose)) == set(running.QUEUES)
