"""The deployment in which a fault happens: its services, its processes, its mail server, and one campaign."""

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import psutil
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from campaigns import engine, freezing, services
from campaigns.models import Campaign, Run
from config import running
from config.faults import people, sums
from config.lib import embedded
from config.lib.bench import Say
from config.lib.errors import DomainError
from config.lib.supervisor import Program, Supervisor
from delivery import sink
from delivery.models import Message, ProviderAccount, Purpose
from delivery.sink import Misbehaviour

PATIENCE_S = 900.0
_BACKGROUND = {"bulk", "ticks", "work", "beat"}
_POLL_S = 0.2


class InVain(DomainError):
    """What should have happened did not, in all the time it was given."""

    code = "in_vain"


class Stage:
    """One fault's deployment. `say` tells a person how it goes."""

    def __init__(self, say: Say, *, folder: Path | None = None) -> None:
        self.say = say
        self.postgres = embedded.postgres(settings.STATE_DIR)
        self.redis = embedded.redis(settings.STATE_DIR)
        self.supervisors: list[Supervisor] = []
        self.resumed = 0
        self.folder = folder or settings.STATE_DIR
        self._accepted: Callable[[], Counter[str]] = Counter
        self._celery = True

    # --- what it consists of

    @contextmanager
    def sink(self, *, delay_ms: float, script: Sequence[Misbehaviour] = ()) -> Iterator[None]:
        """A mail server that misbehaves by the script, and the provider account that leads there."""
        with sink.running(self.folder / "accepted", delay_ms=delay_ms, script=script) as server:
            config = {"host": "127.0.0.1", "port": server.port, "security": "none"}
            with self.provider("smtp", config, lambda: [one.message_id for one in server.accepted()]):
                yield

    @contextmanager
    def provider(
        self, kind: str, config: Mapping[str, object], accepted: Callable[[], Sequence[str]], *, sealed_secret: str = ""
    ) -> Iterator[None]:
        """The one account of this deployment; `accepted` gives the Message-IDs that its server has taken."""
        ProviderAccount.objects.all().update(active=False)
        name = f"{kind} {ProviderAccount.objects.count()}"
        # everybody's mailboxes are at one place here: no limits of mailbox providers
        ProviderAccount.objects.create(
            name=name, kind=kind, config=dict(config), sealed_secret=sealed_secret, shaping=False
        )
        self._accepted = lambda: Counter(found.strip("<>").partition("@")[0] for found in accepted())
        yield

    @contextmanager
    def working(self, *, celery: bool, env: Mapping[str, str] | None = None) -> Iterator[None]:
        """Its processes while the block lasts: beat and Celery, or lanes with the harness for beat."""
        self._celery = celery
        self.start(env)
        try:
            yield
        finally:
            self.stop()

    def start(self, env: Mapping[str, str] | None = None, *, only: Collection[str] = _BACKGROUND) -> None:
        """One set of processes more."""
        programs = _celery(env or {}, only) if self._celery else _lanes(env or {})
        started = Supervisor(programs, say=self._note)
        self.supervisors.append(started)
        started.start()

    def stop(self) -> None:
        """SIGTERM to all of them, as a deploy does; returns when they are gone."""
        while self.supervisors:
            self.supervisors.pop().stop()

    def _note(self, name: str, line: str) -> None:
        with (self.folder / "lines").open("a") as lines:
            lines.write(f"{name} {line}\n")

    # --- the campaign

    def launch(self, count: int, purpose: Purpose, *, poisoned: int = 0, budget: Decimal | None = None) -> None:
        """A campaign to so many people, launched as a person does it."""
        self.campaign: Campaign = people.campaign(count, purpose, poisoned=poisoned, budget=budget)
        self.run: Run = services.launch(self.campaign, by=None, at=timezone.now())
        self.wait_until(lambda: self.sent() > count // 50, "the first are sent")

    def wait_for_the_end(self) -> None:
        """Until the campaign is completed. What waits for a retry is retried now, and what paused itself is resumed."""
        self.wait_until(self._is_over, "the campaign comes to its end", patience=PATIENCE_S)
        self.say(f"{self.campaign.state}: {self.states()}")

    def wait_until(self, is_so: Callable[[], bool], what: str, *, patience: float = 240.0) -> float:
        """Seconds it took. Raises InVain. A database that is away meanwhile is no answer."""
        began = time.monotonic()
        while not self._asked(is_so):
            if time.monotonic() - began > patience:
                raise InVain(f"in vain for {patience:.0f} s: {what}")
            time.sleep(_POLL_S)
        return time.monotonic() - began

    def _asked(self, is_so: Callable[[], bool]) -> bool:
        try:
            if not self._celery:
                _tick()
            return is_so()
        except (DatabaseError, InterfaceError):
            connection.close()
            return False

    def _is_over(self) -> bool:
        self.campaign.refresh_from_db()
        if self.campaign.state == Campaign.State.PAUSED:
            self.say(f"resumed after: {self.campaign.held_reason}")
            services.resume(self.campaign, by=None)
            self.resumed += 1
        # minutes of waiting between two attempts would show nothing: they are tried again at once
        now = timezone.now()
        self._messages().filter(state=Message.State.READY, due_at__gt=now).update(due_at=now)
        return self.campaign.state == Campaign.State.COMPLETED

    def over(self) -> bool:
        """Whether nothing is left to disturb."""
        self.campaign.refresh_from_db(fields=["state"])
        return self.campaign.state == Campaign.State.COMPLETED

    def is_paused(self) -> bool:
        """Whether it paused itself."""
        self.campaign.refresh_from_db(fields=["state"])
        return self.campaign.state == Campaign.State.PAUSED

    def arrived(self) -> int:
        """How many messages servers have taken, each as often as it was taken."""
        return self._accepted().total()

    def goes_on(self, since: int | None = None, *, patience: float = 240.0) -> float:
        """Wait until more is sent than `since` (than now); the seconds it took. Raises InVain."""
        before = (self.sent_or_none() or 0) if since is None else since
        return self.wait_until(lambda: self.sent() > before or self.over(), "it goes on by itself", patience=patience)

    def sent(self) -> int:
        return self._messages().filter(state=Message.State.SENT).count()

    def sent_or_none(self) -> int | None:
        """None when the database does not answer."""
        try:
            return self.sent()
        except (DatabaseError, InterfaceError):
            connection.close()
            return None

    def states(self) -> dict[str, int]:
        return dict(Counter(self._messages().values_list("state", flat=True)))

    def _messages(self) -> "people.Messages":
        return Message.objects.filter(order__campaign_id=self.campaign.pk)

    def sums(self) -> sums.Sums:
        return sums.of(self.campaign, self.run, self._accepted())

    # --- harm

    def workers(self) -> list[psutil.Process]:
        """The processes that send now: children of the bulk worker, or lanes."""
        found: list[psutil.Process] = []
        for pid in (pid for one in self.supervisors for name, pid in one.pids().items() if name.startswith("bulk")):
            try:
                main = psutil.Process(pid)
                found += main.children() if self._celery else [main]
            except psutil.NoSuchProcess:
                continue
        return found

    def kill_worker(self, *, main: bool = False) -> bool:
        """SIGKILL one that sends, chosen at random; `main` takes the one that would replace it along."""
        workers = self.workers()
        if not workers:
            return False
        chosen = random.choice(workers)  # noqa: S311 - a victim needs no secrecy
        try:
            if main and (parent := chosen.parent()):
                os.killpg(parent.pid, signal.SIGKILL)
            else:
                chosen.kill()
        except (psutil.NoSuchProcess, ProcessLookupError):
            return False
        return True


def _tick() -> None:
    """One round of what beat rings for."""
    found = engine.tick(at=timezone.now())
    for run_id in found.freezes:
        freezing.freeze(run_id)
    for run_id in found.closings:
        engine.close(run_id)
    if found.due:
        engine.advance(at=timezone.now(), seconds=10)


def _celery(env: Mapping[str, str], only: Collection[str]) -> list[Program]:
    return [program for program in running.programs(0, 2, env) if program.name in only]


def _lanes(env: Mapping[str, str]) -> list[Program]:
    command = [sys.executable, "manage.py", "send_lane", "bulk"]
    return [Program(f"bulk-{number}", command, settings.BASE_DIR, env) for number in (1, 2)]
