"""The house of DESIGN 2: floors, rooms, names and plug-ins, as rules that fail."""

import ast
import importlib.metadata
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string

ROOT = Path(settings.BASE_DIR)
FLOORS = [{"analytics"}, {"campaigns"}, {"delivery"}, {"compliance", "templates"}, {"segments"}]
APPS = [app for floor in reversed(FLOORS) for app in sorted(floor)]
PLUG_INS = {
    name: value
    for name, value in vars(sys.modules["config.settings"]).items()
    if name.isupper() and isinstance(value, list) and value and all(str(v).split(".")[0] in APPS for v in value)
    if name != "INSTALLED_APPS"
}


def _floor(app: str) -> int:
    return next(number for number, floor in enumerate(reversed(FLOORS)) if app in floor)


def test_imports_keep_the_contracts_of_floors_and_rooms() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "importlinter.cli", "lint-imports"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_foreign_keys_point_down_the_floors() -> None:
    wrong = [
        f"{model.__name__}.{field.name} → {field.related_model.__name__}"
        for app in APPS
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey | models.ManyToManyField)
        if not _may_point(app, field.related_model._meta.app_label)
    ]
    assert wrong == []


def _may_point(app: str, target: str) -> bool:
    return target not in APPS or target == app or _floor(target) < _floor(app)


def test_no_folder_named_templates_inside_an_app() -> None:
    """It would be taken for web pages, or for the app of message templates."""
    assert [path for app in APPS for path in (ROOT / app).rglob("templates")] == []


def test_web_pages_come_from_one_folder() -> None:
    assert settings.TEMPLATES[0]["DIRS"] == [ROOT / "config" / "html"]


@pytest.mark.parametrize("setting", sorted(PLUG_INS))
def test_plug_ins_import_with_kinds_of_their_own(setting: str) -> None:
    kinds = [import_string(path).kind for path in PLUG_INS[setting]]
    assert all(isinstance(kind, str) and kind for kind in kinds)
    assert len(set(kinds)) == len(kinds)


def _imports(folder: str) -> Iterator[str]:
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.split(".")[0]


def test_what_the_product_imports_is_named_in_requirements() -> None:
    """Not merely brought along by something else, which may drop it."""
    direct = (ROOT / "requirements.txt").read_text().split("# What these bring along")[0]
    named = {
        line.split("==")[0].split("[")[0].lower().replace("_", "-") for line in direct.splitlines() if "==" in line
    }
    whose = importlib.metadata.packages_distributions()
    imported = {name for app in (*APPS, "config") for name in _imports(app)} - set(sys.stdlib_module_names)
    owners = {name: {dist.lower().replace("_", "-") for dist in whose.get(name, [])} for name in imported}
    assert {name for name, dists in owners.items() if dists and not dists & named} == set()


def test_files_stay_small() -> None:
    """Look again at 250 lines, stop at 400 (DESIGN 2)."""
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for folder in (*APPS, "config")
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts
    }
    assert {path: size for path, size in sizes.items() if size > 400} == {}
