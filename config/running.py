"""Everything that runs in one deployment on one machine: web, workers of each lane, beat, mailbox."""

import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType, MappingProxyType

from django.conf import settings
from django.core.management import call_command

from config import services
from config.lib.errors import DomainError
from config.lib.supervisor import Program, Supervisor

QUEUES = ("transactional", "triggered", "bulk", "ticks", "work")  # one worker each, so that none waits for another
_HOST = "127.0.0.1"
# As root, each worker would say in eight lines what an operator of a container knows.
CALM = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser"}


class PortTaken(DomainError):
    """This port is taken by another program."""

    code = "port_taken"


class NotReady(DomainError):
    """The web server does not answer: see its lines above."""

    code = "not_ready"


@dataclass(frozen=True)
class Site:
    """A running deployment: where it answers, and the processes behind it."""

    address: str
    mailbox_port: int
    supervisor: Supervisor


@contextmanager
def site(*, port: int | None = None, bulk: int | None = None) -> Iterator[Site]:
    """Run everything while the block lasts, then stop what was started here and nothing else.

    `port`: of the web server; None takes 8000, or a free one. `bulk`: processes of the bulk lane; None: the cores.
    Raises PortTaken, ServiceError, NotReady.
    """
    web_port = claim_port(port)
    started = services.ensure()
    try:
        call_command("migrate", verbosity=0)
        address = f"http://{_HOST}:{web_port}"
        mailbox_port = claim_port(None, preferred=settings.MAILBOX_PORT)
        env = {"BASE_URL": os.environ.get("BASE_URL") or address, "MAILBOX_PORT": str(mailbox_port), **CALM}
        with Supervisor(programs(web_port, bulk or os.cpu_count() or 1, env)) as supervisor:
            _wait_until_it_answers(address)
            yield Site(address, mailbox_port, supervisor)
    finally:
        for service in reversed(started):
            service.stop()


def programs(web_port: int, bulk: int, env: Mapping[str, str] = MappingProxyType({})) -> list[Program]:
    """The processes of a deployment. `env` tells them what differs from their settings, such as a replaced port."""
    commands = {
        "mailbox": [sys.executable, "manage.py", "mailbox"],
        "web": _web(web_port),
        **{queue: _worker(queue, bulk if queue == "bulk" else 1) for queue in QUEUES},
        "beat": _celery("beat", "--pidfile="),
    }
    return [Program(name, command, settings.BASE_DIR, env) for name, command in commands.items()]


def _web(port: int) -> list[str]:
    threads = ["--worker-class", "gthread", "--workers", "2", "--threads", "8"]
    quiet = ["--log-level", "warning", "--no-control-socket"]
    return [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"{_HOST}:{port}", *threads, *quiet]


def _worker(queue: str, concurrency: int) -> list[str]:
    alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return _celery("worker", "-Q", queue, "-n", f"{queue}-{os.getpid()}@%h", "-c", str(concurrency), *alone)


def _celery(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "celery", "--quiet", "-A", "config", *arguments, "--loglevel", "warning"]


def claim_port(asked: int | None, *, preferred: int = 8000) -> int:
    """The port asked for, or the preferred one, or, when that is taken, any free one. Raises PortTaken."""
    if _is_free(asked or preferred):
        return asked or preferred
    if asked:
        raise PortTaken(f"Port {asked} is taken by another program: choose another with --port, or leave --port out")
    with socket.socket() as free:
        free.bind((_HOST, 0))
        return int(free.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((_HOST, port))
        except OSError:
            return False
        return True


def _wait_until_it_answers(address: str, patience: float = 300.0) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except urllib.error.HTTPError as answer:
            answer.close()
            return
        except OSError:
            time.sleep(0.1)
    raise NotReady


@contextmanager
def ended_by_signal() -> Iterator[None]:
    """A block that SIGTERM, SIGHUP and Ctrl-C end in order, its own contexts unwound. For the main thread."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {what: signal.signal(what, interrupt) for what in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for what, handler in before.items():
            signal.signal(what, handler)
