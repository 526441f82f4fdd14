"""postgresql.conf for the machine we are on."""

import os
import shutil
from pathlib import Path

_MB = 1024**2
_CGROUPS = Path("/sys/fs/cgroup")


def memory_bytes() -> int:
    """The memory this process may use: the machine's, or less where a container sets a limit."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([physical, *_cgroup_limits()])


def _cgroup_limits() -> list[int]:
    try:
        own = Path("/proc/self/cgroup").read_text().strip().rpartition(":")[2].lstrip("/")
    except OSError:
        return []
    group = _CGROUPS / own
    folders = [f for f in (group, *group.parents) if f.is_relative_to(_CGROUPS)]
    files = [*(folder / "memory.max" for folder in folders), _CGROUPS / "memory" / "memory.limit_in_bytes"]
    texts = [file.read_text().strip() for file in files if file.is_file()]
    return [int(text) for text in texts if text.isdigit()]


def configuration(sockets: Path, *, durable: bool, memory: int | None = None) -> str:
    """The text of postgresql.conf. `durable=False` trades safety for speed: for tests only."""
    memory = memory or memory_bytes()
    values = {**_PLACE, "unix_socket_directories": f"'{sockets}'", **_sizes(memory, durable=durable), **_QUEUE, **_LOG}
    if not durable:
        values |= _VOLATILE
    if shutil.disk_usage("/dev/shm").free < 512 * _MB if Path("/dev/shm").exists() else False:  # noqa: S108
        values["dynamic_shared_memory_type"] = "sysv"  # a container's 64 MB /dev/shm is too small for parallel plans
    return "".join(f"{name} = {value}\n" for name, value in values.items())


def _sizes(memory: int, *, durable: bool) -> dict[str, str]:
    def share(part: float, least: int, most: int) -> str:
        return f"{min(max(int(memory * part / _MB), least), most)}MB"

    return {
        "shared_buffers": share(1 / 8, 64, 4096 if durable else 256),
        "effective_cache_size": share(1 / 2, 128, 1 << 20),
        "work_mem": share(1 / 400, 4, 64),
        "maintenance_work_mem": share(1 / 32, 32, 1024),
        "max_wal_size": "4GB",
        "min_wal_size": "128MB",
    }


_PLACE = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "lc_messages": "'C'",
}
_QUEUE = {
    # The ledger is a queue: rows are updated five times in a minute, so vacuum must come early and finish fast.
    "autovacuum_naptime": "10s",
    "autovacuum_vacuum_scale_factor": "0.02",
    "autovacuum_vacuum_insert_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.02",
    "autovacuum_vacuum_cost_limit": "2000",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",  # our statements are short: compiling them costs more than it saves
    # A hash table of millions misses the processor's cache at every probe, which the planner does not count; indexes in
    # the order of contacts are merged in a fifth to a half of the time (`bench segment`).
    "enable_parallel_hash": "off",
}
_LOG = {
    "log_checkpoints": "off",
    "log_line_prefix": "'%m [%p] %u '",
    # No addresses in the log: neither the statement nor the DETAIL with the row that failed.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_VOLATILE = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
