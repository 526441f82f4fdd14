import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from config.lib.embedded import tuning

MB = 1024**2


def _megabytes(text: str, name: str) -> int:
    found = re.search(rf"^{name} = (\d+)MB$", text, re.MULTILINE)
    assert found
    return int(found[1])


@given(memory=st.integers(256 * MB, 2**42))
def test_postgres_never_plans_for_more_memory_than_there_is(memory: int) -> None:
    text = tuning.configuration(Path("/run"), durable=True, memory=memory)
    assert 64 <= _megabytes(text, "shared_buffers") <= max(64, memory // MB // 4)
    assert _megabytes(text, "effective_cache_size") <= memory // MB
    assert "fsync" not in text


def test_memory_is_never_more_than_the_machine_has() -> None:
    assert 0 < tuning.memory_bytes() < 2**50


def test_logs_hold_no_statement_and_no_row() -> None:
    text = tuning.configuration(Path("/run"), durable=False)
    assert "log_min_error_statement = panic" in text
    assert "log_error_verbosity = terse" in text
    assert "fsync = off" in text
