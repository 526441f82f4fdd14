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
    with listening(port) as web, listening(None, preferred=settings.MAILBOX_PORT) as mailbox:
        started = services.ensure()
        try:
            call_command("migrate", verbosity=0)
            address, mailbox_port = f"http://{_HOST}:{_port(web)}", _port(mailbox)
            env = {"BASE_URL": os.environ.get("BASE_URL") or address, "MAILBOX_PORT": str(mailbox_port), **CALM}
            with Supervisor(programs(web, bulk or os.cpu_count() or 1, env, mailbox=mailbox)) as supervisor:
                _wait_until_it_answers(address)
                yield Site(address, mailbox_port, supervisor)
        finally:
            for service in reversed(started):
                service.stop()


def programs(
    web: int | socket.socket, bulk: int, env: Mapping[str, str] = MappingProxyType({}), *,
    mailbox: socket.socket | None = None,
) -> list[Program]:  # fmt: skip
    """The processes of a deployment. `web` and `mailbox`: where they listen, a port or what listens there already.

    `env` tells them what differs from their settings, such as a replaced port.
    """
    commands = {
        "mailbox": [sys.executable, "manage.py", "mailbox", *([f"--fd={mailbox.fileno()}"] if mailbox else [])],
        "web": _web(f"fd://{web.fileno()}" if isinstance(web, socket.socket) else f"{_HOST}:{web}"),
        **{queue: _worker(queue, bulk if queue == "bulk" else 1) for queue in QUEUES},
        "beat": _celery("beat", "--pidfile="),
    }
    files = {"mailbox": _files(mailbox), "web": _files(web)}
    return [Program(name, command, settings.BASE_DIR, env, files.get(name, ())) for name, command in commands.items()]


def _files(place: int | socket.socket | None) -> tuple[int, ...]:
    return (place.fileno(),) if isinstance(place, socket.socket) else ()


def _web(bind: str) -> list[str]:
    threads = ["--worker-class", "gthread", "--workers", "2", "--threads", "8"]
    quiet = ["--log-level", "warning", "--no-control-socket"]
    return [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", bind, *threads, *quiet]


def _worker(queue: str, concurrency: int) -> list[str]:
    alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return _celery("worker", "-Q", queue, "-n", f"{queue}-{os.getpid()}@%h", "-c", str(concurrency), *alone)


def _celery(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "celery", "--quiet", "-A", "config", *arguments, "--loglevel", "warning"]


def listening(asked: int | None, *, preferred: int = 8000) -> socket.socket:
    """What listens on the port asked for, or the preferred one, or, when that is taken, any free one.

    It listens from now on: of two deployments that start in the same second each has its own. Raises PortTaken.
    """
    try:
        return socket.create_server((_HOST, asked or preferred))
    except OSError:
        if not asked:
            return socket.create_server((_HOST, 0))
        remedy = "choose another with --port, or leave --port out"
        raise PortTaken(f"Port {asked} is taken by another program: {remedy}") from None


def _port(place: socket.socket) -> int:
    return int(place.getsockname()[1])


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
