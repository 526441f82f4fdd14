"""The secrets of a deployment: from the environment; in development made once and kept in the state folder.

Each key list is `id:hex,id:hex`, the newest first, so that a rotation is one edit and old links keep working.
"""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

KeyList = tuple[tuple[int, bytes], ...]
_SIZES = {"TOKEN_KEYS": 64, "ADDRESS_KEYS": 32, "PUBLIC_ID_KEY": 32}


@dataclass(frozen=True)
class Secrets:
    secret_key: str
    token_keys: KeyList
    address_keys: KeyList
    public_id_key: bytes


def generate() -> dict[str, str]:
    """A fresh value for every secret, as `manage.py secrets` prints them for an operator."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "TOKEN_KEYS": f"1:{secrets.token_hex(_SIZES['TOKEN_KEYS'])}",
        "ADDRESS_KEYS": f"1:{secrets.token_hex(_SIZES['ADDRESS_KEYS'])}",
        "PUBLIC_ID_KEY": secrets.token_hex(_SIZES["PUBLIC_ID_KEY"]),
    }


def load(env: environ.Env, state_dir: Path, *, required: bool) -> Secrets:
    """The secrets of this deployment. Raises ImproperlyConfigured naming each one that is missing or malformed."""
    values = {name: env.str(name, default="") for name in ("SECRET_KEY", *_SIZES)}
    missing = [name for name, value in values.items() if not value]
    if missing and required:
        raise ImproperlyConfigured(
            f"{', '.join(missing)} must be set in production: `manage.py secrets` run in development prints new ones"
        )
    if missing:
        stored = _stored(state_dir / "secrets.env")
        values.update({name: stored[name] for name in missing})
    return Secrets(
        secret_key=values["SECRET_KEY"],
        token_keys=_key_list("TOKEN_KEYS", values["TOKEN_KEYS"]),
        address_keys=_key_list("ADDRESS_KEYS", values["ADDRESS_KEYS"]),
        public_id_key=_key("PUBLIC_ID_KEY", values["PUBLIC_ID_KEY"], _SIZES["PUBLIC_ID_KEY"]),
    )


def _stored(path: Path) -> dict[str, str]:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text("".join(f"{name}={value}\n" for name, value in generate().items()))
        with suppress(FileExistsError):  # atomic: of two first starts at once, one file wins and both read it
            os.link(draft, path)
        draft.unlink()
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def _key_list(name: str, text: str) -> KeyList:
    pairs = []
    for part in text.split(","):
        key_id, colon, key = part.strip().partition(":")
        if not colon or not key_id.isdigit() or int(key_id) > 255:
            raise ImproperlyConfigured(f"{name} is a list of id:hex with ids from 0 to 255, newest first")
        pairs.append((int(key_id), _key(name, key, _SIZES[name])))
    return tuple(pairs)


def _key(name: str, text: str, size: int) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != size:
        raise ImproperlyConfigured(f"{name}: a key is {size} bytes in hex ({2 * size} digits)")
    return key
