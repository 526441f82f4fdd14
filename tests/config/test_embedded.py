"""The launcher with real servers: started, killed, started by two at once, outliving their starter."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import environ
import psutil
import psycopg
import pytest
from django.conf import settings
from redis import Redis as Client

from config.lib import embedded
from config.lib.embedded import binaries, places
from tests.support.waiting import PATIENCE_S

ROOT = Path(settings.BASE_DIR)


@pytest.fixture
def place() -> Path:
    """A folder that the unprivileged user of Postgres can reach, too."""
    return Path(settings.STATE_DIR)


@pytest.fixture(scope="module")
def postgres() -> Iterator[embedded.Postgres]:
    server = embedded.Postgres(Path(settings.STATE_DIR) / "trial", durable=False)
    yield server
    server.stop()


@pytest.fixture
def redis(place: Path) -> Iterator[embedded.Redis]:
    server = embedded.Redis(place / "bell")
    yield server
    server.stop()


def _pid(server: embedded.Postgres | embedded.Redis) -> int:
    process = server._server()
    assert process
    return int(process.pid)


def test_postgres_comes_with_both_roles_and_their_rights(postgres: embedded.Postgres) -> None:
    postgres.ensure()
    with psycopg.connect(postgres.url("postrider_owner")) as owner:
        owner.execute("CREATE TABLE mine (id int)")
    with psycopg.connect(postgres.url("postrider_app")) as app:
        for attack in ("CREATE TABLE yours (id int)", "SELECT * FROM mine", "CREATE DATABASE another"):
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ActiveSqlTransaction)):
                app.execute(attack)
            app.rollback()


def test_ensure_says_whether_it_started_the_server(postgres: embedded.Postgres) -> None:
    postgres.stop()
    assert postgres.ensure()
    assert not postgres.ensure()


def test_ensure_is_quick_when_all_is_up(postgres: embedded.Postgres) -> None:
    postgres.ensure()
    took = []
    for _ in range(30):  # the quickest: others may need the processor meanwhile
        begun = time.perf_counter()
        postgres.ensure()
        took.append(time.perf_counter() - begun)
    assert min(took) < 0.03


def test_postgres_listens_on_no_network(postgres: embedded.Postgres) -> None:
    postgres.ensure()
    assert psutil.Process(_pid(postgres)).net_connections("inet") == []


def test_postgres_killed_with_its_socket_and_pid_files_left_comes_back_with_its_data(
    postgres: embedded.Postgres,
) -> None:
    postgres.ensure()
    with psycopg.connect(postgres.url("postrider_owner")) as owner:
        owner.execute("SET synchronous_commit = on")
        owner.execute("CREATE TABLE kept AS SELECT 1 AS id")
    postgres.stop(how=signal.SIGKILL)
    assert not postgres.running()
    assert postgres.ensure()
    with psycopg.connect(postgres.url("postrider_owner")) as owner:
        assert owner.execute("SELECT * FROM kept").fetchall() == [(1,)]


def test_a_long_recovery_is_waited_out_and_told(
    postgres: embedded.Postgres, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    postgres.ensure()
    postgres.stop(how=signal.SIGKILL)
    data = postgres.home / "data"
    (data / "recovery.signal").touch()
    settings_file = data / "postgresql.auto.conf"
    before = settings_file.read_text()
    # each file of the log takes its time, and nobody is let in before the last
    settings_file.write_text("restore_command = 'sleep 0.3; false'\nhot_standby = off\n")
    monkeypatch.setattr("config.lib.embedded.postgres_server._TELL_EVERY", 0.2)
    try:
        assert postgres.ensure()
    finally:
        settings_file.write_text(before)
    assert "Postgres is starting up" in capsys.readouterr().err


def test_a_pid_file_that_names_a_stranger_is_no_obstacle(postgres: embedded.Postgres) -> None:
    postgres.ensure()
    postgres.stop()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (postgres.home / "data" / "postmaster.pid").write_text(f"{stranger.pid}\n")
        assert postgres.ensure()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_two_starters_at_once_get_one_server(place: Path) -> None:
    server = embedded.Postgres(place / "twice", durable=False)
    script = (
        "import sys; from pathlib import Path; from config.lib.embedded import Postgres;"
        f"print(Postgres(Path({str(server.home)!r}), durable=False).ensure())"
    )
    starters = [subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE) for _ in range(3)]
    said = sorted(starter.communicate(timeout=PATIENCE_S)[0].decode().strip() for starter in starters)
    try:
        assert said == ["False", "False", "True"]
        assert server.running()  # all its starters have ended
    finally:
        server.stop()


def test_a_server_that_cannot_start_says_why_in_one_line(postgres: embedded.Postgres) -> None:
    postgres.stop()
    version = postgres.home / "data" / "PG_VERSION"
    text = version.read_text()
    version.write_text("9.6\n")
    try:
        with pytest.raises(embedded.ServiceError, match=r"FATAL.*data.*see .*log") as caught:
            postgres.ensure()
        assert "\n" not in str(caught.value)
    finally:
        version.write_text(text)


def test_missing_binaries_name_the_remedy(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    for server in (embedded.Postgres(place / "no-postgres"), embedded.Redis(place / "no-redis")):
        with pytest.raises(embedded.ServiceError, match=r"make setup|PATH"):
            server.ensure()


def test_redis_keeps_nothing_evicts_nothing_and_returns_after_a_kill(redis: embedded.Redis) -> None:
    assert redis.ensure()
    with Client.from_url(redis.url(), decode_responses=True) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("save") == {"save": ""}
        client.set("bell", 1)
    redis.stop(how=signal.SIGKILL)
    assert not redis.running()
    assert redis.ensure()
    with Client.from_url(redis.url()) as client:
        assert client.get("bell") is None


def test_a_server_is_stopped_by_another_than_its_starter_who_lives_on(redis: embedded.Redis) -> None:
    script = (
        "import sys; from pathlib import Path; from config.lib.embedded import Redis;"
        f"print(Redis(Path({str(redis.home)!r})).ensure(), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as starter:
        assert starter.stdout
        assert starter.stdout.readline() == "True\n"
        redis.stop()
        assert not redis.running()
        assert starter.poll() is None


def test_stopping_what_does_not_run_is_no_error(place: Path) -> None:
    embedded.stop(place / "never")
    assert embedded.status(place / "never") == {"postgres": False, "redis": False}


def test_addresses_are_the_same_before_and_after_the_start(redis: embedded.Redis) -> None:
    before = redis.url()
    redis.ensure()
    assert redis.url() == before


def test_a_long_path_gets_a_short_socket(place: Path) -> None:
    home = place / ("deep" * 30)
    folder = places.socket_dir(home)
    assert len(os.fsencode(folder / ".s.PGSQL.5432.lock")) <= 100
    assert folder == places.socket_dir(home)
    assert folder != places.socket_dir(home / "other")
    server = embedded.Redis(home)
    server.ensure()
    server.remove()
    assert not folder.exists()


def test_celery_and_django_environ_read_the_addresses(place: Path) -> None:
    address = environ.Env().db_url_config(embedded.database_url(place, "postrider_app"))
    assert (address["USER"], address["NAME"]) == ("postrider_app", "postrider")
    assert address["OPTIONS"]["host"] == str(places.socket_dir(place / "postgres"))
    assert embedded.broker_url("unix:///run/redis.sock?db=3") == "redis+socket:///run/redis.sock?virtual_host=3"
    assert embedded.broker_url("redis://host:6379/2") == "redis://host:6379/2"


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(tmp_path, 12345, 12345)
    with pytest.raises(embedded.ServiceError, match="somebody else"):
        places.make_folder(tmp_path)


def test_state_is_in_the_checkout_unless_postgres_cannot_get_there(tmp_path: Path) -> None:
    open_place = Path("/usr")
    assert embedded.state_dir(open_place) == open_place / ".services"
    if os.geteuid() == 0:
        tmp_path.chmod(0o700)
        assert embedded.state_dir(tmp_path).parent == Path("/var/tmp")


def test_binaries_out_of_reach_are_copied_once_with_their_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install = tmp_path / "packages" / "pg" / "pginstall18"
    (install / "bin").mkdir(parents=True)
    (install / "bin" / "postgres").touch(mode=0o700)
    (tmp_path / "packages" / "pg.libs").mkdir()
    (tmp_path / "packages" / "pg.libs" / "libpq.so").touch(mode=0o600)
    monkeypatch.setattr(binaries, "_newest_postgres", lambda: install)
    stranger = places.Account(uid=54321, gid=54321)
    try:
        found = binaries.postgres(stranger)
        assert stranger.may_enter(found)
        assert (found / "postgres").stat().st_mode & 0o777 == 0o755
        assert (found.parent.parent.parent / "pg.libs" / "libpq.so").exists()
        assert binaries.postgres(stranger) == found
    finally:
        binaries.forget_copy()
    assert not found.exists()
