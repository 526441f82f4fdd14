"""Make the virtual environment and install the pinned requirements; does nothing when nothing changed.

Runs on the bare Python of the machine, before anything is installed. `make setup` calls it.
"""

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
REQUIREMENTS = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]


def wanted():
    """What an environment stands for: these requirements, this Python, this place (it cannot be moved)."""
    digest = hashlib.sha256((sys.version + sys.base_prefix + str(ROOT)).encode())
    for file in REQUIREMENTS:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def installed():
    return os.access(PYTHON, os.X_OK) and STAMP.exists() and STAMP.read_text() == wanted()


def usable():
    """Whether .venv is of this Python and in its place; else it is made anew."""
    ask = "import pip, sys; print(sys.version, sys.prefix)"
    try:
        return subprocess.check_output([PYTHON, "-c", ask], text=True).strip() == f"{sys.version} {VENV}"
    except (OSError, subprocess.CalledProcessError):
        return False


def run(remedy, *command):
    if subprocess.call(command) != 0:
        sys.exit(f"setup: {remedy}")


def main():
    if sys.version_info < (3, 11):  # noqa: UP036 (an older Python on PATH is what this is for)
        found = ".".join(map(str, sys.version_info[:2]))
        sys.exit(f"setup: Python 3.11 or later is needed, this is {found}: try `make setup PYTHON=python3.12`")
    if installed():
        return
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        sys.exit("setup: this Python cannot make virtual environments: install its venv package (python3-venv)")
    print("Setting up .venv (a minute or two, once) …", flush=True)
    if not usable():
        run("cannot make .venv: see the lines above", sys.executable, "-m", "venv", "--clear", VENV)
    pip = (PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "-qq", "-r", REQUIREMENTS[-1])
    run("cannot install the requirements: see the lines above (is there a network?)", *pip)
    STAMP.write_text(wanted())


if __name__ == "__main__":
    main()
