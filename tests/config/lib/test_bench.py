"""What benches measure with."""

import subprocess
import sys

from django.conf import settings

_TELL = "from config.lib.bench import peak_rss_mb, rss_mb; import os; print(peak_rss_mb(), rss_mb(os.getpid()))"


def test_the_memory_of_a_process_is_not_that_of_the_one_that_started_it() -> None:
    held = b"x" * (200 * 2**20)
    told = subprocess.run([sys.executable, "-c", _TELL], cwd=settings.BASE_DIR, capture_output=True, check=True)
    peak, now = map(int, told.stdout.split())
    assert 0 < now <= peak + 1 < len(held) / 2**20
