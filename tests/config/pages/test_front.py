"""The front end's packages come by name and checksum, from whichever registry the machine uses."""

import json
from pathlib import Path

from django.conf import settings

LOCK = Path(settings.BASE_DIR) / "package-lock.json"


def test_the_lock_file_names_no_registry() -> None:
    packages = json.loads(LOCK.read_text())["packages"]
    assert [name for name, one in packages.items() if "resolved" in one] == []
    assert [name for name, one in packages.items() if name and not one.get("integrity")] == []


def test_packages_are_pinned_exactly() -> None:
    given = json.loads((LOCK.parent / "package.json").read_text())
    wanted = {**given["dependencies"], **given["devDependencies"]}
    assert [name for name, version in wanted.items() if not version[0].isdigit()] == []
