"""Break things while a campaign is on its way, and see whether the promises hold. One JSON line a fault."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import running, services
from config.faults import deployments, table
from config.faults.base import Fault
from config.faults.stage import InVain, Stage
from config.lib.registry import Registry

FAULTS: Registry[Fault] = Registry("FAULTS", Fault)  # type: ignore[type-abstract]


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kinds", nargs="+", choices=["all", *FAULTS.kinds()], metavar="NAME", help="or: all")
        parser.add_argument("--people", type=int, help="of the campaign (each fault has its own number)")
        parser.add_argument("--write", type=Path, help="replace the table in this file by these figures")
        parser.add_argument("--here", action="store_true", help="in this deployment itself, whose data it spoils")

    def handle(
        self, *args: Any, kinds: Sequence[str], people: int | None, write: Path | None, here: bool, **options: Any
    ) -> None:
        if settings.PRODUCTION:
            raise CommandError("Faults are not made in production.")
        if here:
            with running.ended_by_signal():
                self._here(FAULTS.get(kinds[0])(), people)
            return
        chosen = FAULTS.kinds() if "all" in kinds else kinds
        found: list[dict[str, Any]] = []
        with running.ended_by_signal(), deployments.migrated() as like:
            found += (self._elsewhere(FAULTS.get(kind), like, people) for kind in chosen)
        if len(found) < len(chosen):
            raise CommandError("It was ended before its end.")
        if write:
            table.replace(write, found, {kind: FAULTS.get(kind).__doc__ or "" for kind in chosen})
        broken = [line["fault"] for line in found if line.get("broken")]
        if broken:
            self.stderr.write(f"Promises were broken by: {', '.join(broken)}")
            sys.exit(1)

    def _elsewhere(self, fault: type[Fault], like: Path, people: int | None) -> dict[str, Any]:
        if reason := fault.unavailable():
            line = {"fault": fault.kind, "skipped_because": reason}
        else:
            with deployments.deployment(like, fault.env, disk_mb=fault.disk_mb) as env:
                line = self._child(fault.kind, people, env)
        self.stdout.write(json.dumps(line))
        return line

    def _child(self, kind: str, people: int | None, env: dict[str, str]) -> dict[str, Any]:
        options = [f"--people={people}"] if people else []
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "faults", kind, "--here", *options]
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout
            last = ""
            try:
                for last in child.stdout:
                    if not last.startswith("{"):
                        self.stderr.write(f"  {kind}: {last.rstrip()}")
            except BaseException:  # we are ended ourselves
                child.terminate()
                child.wait(60)  # it stops what it has started, before its deployment is removed under it
                raise
        if not last.startswith("{"):
            return {"fault": kind, "broken": [f"it ended with exit code {child.returncode} before its sums"]}
        return dict(json.loads(last))

    def _here(self, fault: Fault, people: int | None) -> None:
        services.ensure()
        stage = Stage(self.stdout.write)
        try:
            figures = fault.run(stage, people or fault.people)
        except InVain as error:
            figures = {"broken": [error.detail, str(stage.states())]}
        load = round(os.getloadavg()[0], 1)
        self.stdout.write(json.dumps({"fault": fault.kind, **figures, "resumed": stage.resumed, "load": load}))
