"""The supervisor over real processes."""

import sys

import psutil
import pytest

from config.lib.supervisor import Program, Supervisor
from tests.support.waiting import until

SLEEPER = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"]
STUBBORN_CODE = """
import signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(subprocess.Popen(["sleep", "60"]).pid, flush=True)
time.sleep(60)
"""
PATIENT_CODE = """
import signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
def stop(number, frame):
    time.sleep(0.2)
    child.communicate(b"go\\n")
    print("child ended with", child.returncode, flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, stop)
print("here", flush=True)
time.sleep(60)
"""
STUBBORN = [sys.executable, "-c", STUBBORN_CODE]


class Lines(list[tuple[str, str]]):
    def add(self, name: str, line: str) -> None:
        self.append((name, line))


def test_lines_carry_the_name_of_their_program() -> None:
    lines = Lines()
    with Supervisor([Program("one", SLEEPER), Program("two", SLEEPER)], say=lines.add):
        until(lambda: len(lines) == 2)
    assert sorted(lines) == [("one", "here"), ("two", "here")]


def test_a_program_that_dies_is_started_again_and_it_says_so() -> None:
    lines = Lines()
    with Supervisor([Program("one", SLEEPER)], say=lines.add) as supervisor:
        until(supervisor.pids)
        first = supervisor.pids()["one"]
        until(lambda: ("one", "here") in lines)
        psutil.Process(first).kill()
        until(lambda: supervisor.pids().get("one", first) != first)
    assert any("SIGKILL" in line and "again" in line for _, line in lines)
    assert supervisor.restarts == 1


def test_a_program_that_does_not_exist_is_reported_not_raised() -> None:
    lines = Lines()
    with Supervisor([Program("one", ["/nowhere/at/all"])], say=lines.add):
        until(lambda: lines)
    assert "No such file" in lines[0][1]


def test_stop_ends_children_of_children_that_ignore_sigterm() -> None:
    lines = Lines()
    stranger = psutil.Popen(["sleep", "60"])
    try:
        with Supervisor([Program("one", STUBBORN)], say=lines.add, grace=0.5):
            until(lambda: lines)
            grandchild = psutil.Process(int(lines[0][1]))
        until(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)
        assert stranger.is_running()
    finally:
        stranger.kill()
        stranger.wait()


def test_stop_lets_a_program_end_its_children_itself() -> None:
    lines = Lines()
    with Supervisor([Program("one", [sys.executable, "-c", PATIENT_CODE])], say=lines.add):
        until(lambda: lines)
    until(lambda: ("one", "child ended with 0") in lines)


def test_what_a_dead_program_leaves_behind_does_not_run_on() -> None:
    lines = Lines()
    with Supervisor([Program("one", STUBBORN)], say=lines.add, grace=0.5) as supervisor:
        until(lambda: lines)
        grandchild = psutil.Process(int(lines[0][1]))
        psutil.Process(supervisor.pids()["one"]).kill()
        until(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)


def test_the_environment_of_a_program_is_ours_and_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = Lines()
    monkeypatch.setenv("OURS", "1")
    command = [sys.executable, "-c", "import os, time; print(os.environ['OURS'], os.environ['OWN']); time.sleep(60)"]
    with Supervisor([Program("one", command, env={"OWN": "2"})], say=lines.add):
        until(lambda: lines)
    assert lines[0] == ("one", "1 2")
