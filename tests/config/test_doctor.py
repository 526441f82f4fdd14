"""The doctor finds what is made wrong here, and says what to do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from psycopg import sql
from pytest_django import Settings
from redis import Redis

from config import doctor
from config.celery import HEARTBEAT_KEY, app
from config.doctor import Level
from config.lib.append_only import application_role
from tests.conftest import CommittedDb


@pytest.fixture
def redis(settings: Settings) -> Iterator["Redis"]:
    with Redis.from_url(settings.REDIS_URL) as client:
        yield client


def _levels(check: doctor.Check) -> list[Level]:
    return [finding.level for finding in check()]


def test_a_sound_deployment_gets_no_fail(committed_db: CommittedDb, redis: "Redis") -> None:
    redis.set(HEARTBEAT_KEY, datetime.now(UTC).isoformat())
    findings = list(doctor.examine())
    assert [f for f in findings if f.level is Level.FAIL] == []
    assert {f.matter for f in findings if f.level is Level.WARN} <= {"mail server"}
    assert all(f.remedy for f in findings if f.level is not Level.OK)


def test_a_right_too_many_of_the_application_role_is_found(committed_db: CommittedDb) -> None:
    with psycopg.connect(committed_db.owner_url) as owner:
        role = sql.Identifier(application_role())
        owner.execute(sql.SQL("GRANT DELETE ON delivery_deliveryevent_default TO {}").format(role))
    [finding] = doctor.append_only_tables()
    assert finding.level is Level.FAIL
    assert "delivery_deliveryevent_default" in finding.said


def test_a_missing_trigger_is_found(committed_db: CommittedDb) -> None:
    with psycopg.connect(committed_db.owner_url) as owner:
        owner.execute("ALTER TABLE segments_segmentversion DISABLE TRIGGER no_truncate")
    [finding] = doctor.append_only_tables()
    assert "segments_segmentversion" in finding.said


def test_the_owner_at_work_is_found(committed_db: CommittedDb, settings: Settings) -> None:
    from django.db import connections

    connections["default"].close()
    connections["default"].settings_dict["USER"] = connections["owner"].settings_dict["USER"]
    try:
        assert Level.FAIL in _levels(doctor.database)
    finally:
        connections["default"].close()
        connections["default"].settings_dict["USER"] = "postrider_app"


def test_commits_that_may_be_lost_are_found(committed_db: CommittedDb) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    assert _levels(doctor.durability) == [Level.FAIL]


def test_a_migration_that_waits_is_found(committed_db: CommittedDb) -> None:
    with psycopg.connect(committed_db.owner_url) as owner:
        owner.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    [finding] = doctor.migrations()
    assert finding.level is Level.FAIL
    assert "manage.py migrate" in finding.remedy


def test_missing_partitions_are_found(committed_db: CommittedDb) -> None:
    with psycopg.connect(committed_db.owner_url) as owner:
        rows = owner.execute("SELECT relname FROM pg_class WHERE relname ~ '^delivery_deliveryevent_\\d{4}_\\d\\d$'")
        for (name,) in rows.fetchall():
            owner.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
    assert _levels(doctor.log_partitions) == [Level.WARN]
    call_command("migrate", verbosity=0)
    assert _levels(doctor.log_partitions) == [Level.OK]


def test_a_redis_that_evicts_is_found(redis: "Redis") -> None:
    redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert Level.FAIL in _levels(doctor.redis_server)
    finally:
        redis.config_set("maxmemory-policy", "noeviction")


@pytest.mark.parametrize(
    ("age", "level"), [(timedelta(seconds=1), Level.OK), (timedelta(minutes=5), Level.WARN), (None, Level.WARN)]
)
def test_a_silent_beat_is_found(redis: "Redis", age: timedelta | None, level: Level) -> None:
    if age:
        redis.set(HEARTBEAT_KEY, (datetime.now(UTC) - age).isoformat())
    assert _levels(doctor.beat) == [level]


def test_the_heartbeat_task_is_what_the_doctor_reads(redis: "Redis") -> None:
    app.tasks["config.heartbeat"]()
    assert _levels(doctor.beat) == [Level.OK]


def test_a_short_visibility_timeout_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _levels(doctor.task_limits) == [Level.OK]
    monkeypatch.setitem(app.conf.broker_transport_options, "visibility_timeout", 600)
    assert _levels(doctor.task_limits) == [Level.FAIL]


def test_a_server_that_cannot_be_reached_is_one_line(settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    found = [f for f in doctor.examine() if f.matter == "redis server"]
    assert [f.level for f in found] == [Level.FAIL]
    assert "\n" not in found[0].said


def test_a_mail_server_that_does_not_answer_is_found(settings: Settings) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert _levels(doctor.mail_server) == [Level.WARN]


def test_the_command_prints_a_line_a_matter_and_fails_on_fail(
    committed_db: CommittedDb,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("doctor")
    said = capsys.readouterr().out.splitlines()
    assert len(said) >= len(doctor.CHECKS)
    assert all(line[:4].strip() in {"OK", "WARN"} for line in said)
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    with pytest.raises(SystemExit) as ended:
        call_command("doctor")
    assert ended.value.code == 1
    assert "FAIL redis server" in capsys.readouterr().out


def test_a_full_disk_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    for free, level in ((10**9 // 2, Level.FAIL), (2 * 10**9, Level.WARN), (10**11, Level.OK)):
        monkeypatch.setattr("shutil.disk_usage", lambda path, free=free: type("Usage", (), {"free": free}))
        assert set(_levels(doctor.disk)) == {level}
