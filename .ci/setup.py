"""Make the virtual environment and install the pinned requirements; does nothing when nothing changed.

Runs on the bare Python of the machine, before anything is installed. `make setup` calls it.
"""

import hashlib
import importlib.util
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "installed")
REQUIREMENTS = [os.path.join(ROOT, name) for name in ("requirements.txt", "requirements-dev.txt")]


def wanted():
    """What an environment stands for: these requirements, this Python, this place (it cannot be moved)."""
    digest = hashlib.sha256((sys.version + sys.base_prefix + ROOT).encode())
    for path in REQUIREMENTS:
        with open(path, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def installed():
    try:
        with open(STAMP) as file:
            return os.access(PYTHON, os.X_OK) and file.read() == wanted()
    except OSError:
        return False


def usable():
    """Whether .venv is of this Python; else it is made anew."""
    try:
        return (
            subprocess.check_output([PYTHON, "-c", "import pip, sys; print(sys.version)"], text=True).strip()
            == sys.version
        )
    except (OSError, subprocess.CalledProcessError):
        return False


def run(remedy, *command):
    if subprocess.call(command) != 0:
        sys.exit("setup: " + remedy)


def main():
    if sys.version_info < (3, 11):
        found = ".".join(map(str, sys.version_info[:2]))
        sys.exit("setup: Python 3.11 or later is needed, this is " + found + ": try `make setup PYTHON=python3.12`")
    if installed():
        return
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        sys.exit("setup: this Python cannot make virtual environments: install its venv package (python3-venv)")
    print("Setting up .venv (a minute or two, once) …", flush=True)
    if not usable():
        run("cannot make .venv: see the lines above", sys.executable, "-m", "venv", "--clear", VENV)
    pip = (PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "-qq", "-r", REQUIREMENTS[-1])
    run("cannot install the requirements: see the lines above (is there a network?)", *pip)
    with open(STAMP, "w") as file:
        file.write(wanted())


if __name__ == "__main__":
    main()
