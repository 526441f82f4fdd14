"""Postfix's bench tools: found where they are, asked for nowhere else."""

from pathlib import Path

import pytest

from delivery import postfix_tools


def programs(folder: Path, says: str) -> None:
    folder.mkdir(parents=True)
    for name in ("smtp-sink", "smtp-source"):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho '{says}' >&2\nexit 1\n")
        program.chmod(0o755)


@pytest.fixture(autouse=True)
def _bare_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(postfix_tools, "_SYSTEM_FOLDERS", [])


def test_tools_on_the_path_are_taken(tmp_path: Path) -> None:
    programs(tmp_path / "bin", "usage")
    tools = postfix_tools.find(tmp_path)
    assert tools
    assert tools.smtp_sink == tmp_path / "bin" / "smtp-sink"
    assert tools.sink_command(2525)[-2:] == ["127.0.0.1:2525", "256"]
    command = tools.source_command(2525, messages=10, size=20_000, sessions=2)
    assert command[:2] == [str(tmp_path / "bin" / "smtp-source"), "-d"]


def test_unpacked_tools_are_taken_when_they_run(tmp_path: Path) -> None:
    programs(tmp_path / "postfix-tools/usr/sbin", "smtp-sink: fatal: usage: smtp-sink [-c] port")
    tools = postfix_tools.find(tmp_path)
    assert tools
    assert "postfix-tools/usr/lib/postfix" in tools.env["LD_LIBRARY_PATH"]


def test_unpacked_tools_without_their_libraries_are_none(tmp_path: Path) -> None:
    programs(tmp_path / "postfix-tools/usr/sbin", "error while loading shared libraries: libdb-5.3.so")
    assert postfix_tools.find(tmp_path) is None


def test_without_debians_tools_nothing_is_unpacked(tmp_path: Path) -> None:
    assert postfix_tools.unpack(tmp_path) is None
    assert postfix_tools.find(tmp_path) is None


def test_a_failing_download_unpacks_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("apt-get", "dpkg-deb"):
        (folder / name).write_text("#!/bin/sh\nexit 100\n")
        (folder / name).chmod(0o755)
    assert postfix_tools.unpack(tmp_path) is None


def test_missing_libraries_are_fetched_too(tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    scripts = {
        "apt-get": f'echo "$@" >> {tmp_path}/asked; case "$*" in *download*) : > x.deb;; esac',
        "apt-cache": "echo 'postfix'; echo '  Depends: libc6'; echo '  Depends: libdb5.3'; echo '  Depends: dpkg'",
        "dpkg-deb": ":",
    }
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    assert postfix_tools.unpack(tmp_path) is None  # nothing runs in the end, but all was tried
    asked = (tmp_path / "asked").read_text().splitlines()
    assert [line.split()[-1] for line in asked] == ["update", "postfix", "libdb5.3"]
