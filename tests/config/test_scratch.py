"""A deployment of its own for a check or a bench: apart from this one, and gone afterwards."""

from pathlib import Path

import psycopg
import pytest

from config import scratch
from config.lib import embedded


def test_it_is_apart_and_leaves_nothing_behind(django_db_setup: None) -> None:
    with scratch.deployment() as env:
        state = Path(env["POSTRIDER_STATE"])
        embedded.redis(state).ensure()
        with psycopg.connect(env["DATABASE_OWNER_URL"]) as connection:
            connection.execute("CREATE TABLE made_here ()")
    assert not state.exists()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(env["DATABASE_OWNER_URL"])
