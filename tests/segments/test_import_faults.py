"""Killed workers, rival workers and people written by others at the same moment: no row is lost, none done twice."""

import signal
import subprocess
import sys
import threading
import time
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import AdminShutdown, DeadlockDetected

from config.lib.leases import LEASE, MAX_ATTEMPTS, Lease, LeaseLost, take
from segments import tasks
from segments.models import Contact, Import, ImportRow
from segments.selectors.imports import open_file, waiting_imports
from segments.services import imports, staging, upserting
from segments.services.contacts import upsert_contact
from segments.services.upserting import TooMuchContention
from tests.conftest import CommittedDb
from tests.factories import segments as make
from tests.support.waiting import PATIENCE_S

WORKER = """
import django, sys; django.setup()
from django.utils import timezone
from segments.services import imports, staging, upserting
staging.CHUNK = upserting.STRETCH = int(sys.argv[2])
imports.carry_on(int(sys.argv[1]), at=timezone.now())
"""


def worker(import_: Import, env: dict[str, str], chunk: int = 50) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", WORKER, str(import_.pk), str(chunk)]
    return subprocess.Popen(command, env=env, cwd=settings.BASE_DIR)


def let_the_lease_run_out(import_: Import) -> None:
    Import.objects.filter(pk=import_.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def kill_when(import_: Import, env: dict[str, str], rows_done: int) -> None:
    process = worker(import_, env)
    while process.poll() is None:
        import_.refresh_from_db()
        if import_.rows_done > rows_done:
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.002)
    process.wait()


def test_a_killed_worker_is_taken_over_without_loss_or_repetition(committed_db: CommittedDb) -> None:
    rows = 6000
    people = [[f"p{n}@example.test", f"P{n}"] if n % 10 else ["wrong", ""] for n in range(rows)]
    import_ = imports.prepare(make.received(make.csv_bytes(["email", "first_name"], *people)))
    kills = 0
    for state in (Import.State.STAGING, Import.State.RUNNING):
        for part in (0.2, 0.6):
            kill_when(import_, committed_db.env, rows_done=int(part * rows * 0.9))
            import_.refresh_from_db()
            if import_.state == state and import_.rows_done:
                kills += 1
            let_the_lease_run_out(import_)
        assert imports.carry_on(import_.pk, at=timezone.now()).state != Import.State.FAILED
        if state == Import.State.STAGING:
            import_ = imports.start(Import.objects.get(pk=import_.pk))
    import_.refresh_from_db()
    assert kills >= 2
    assert import_.counts == {
        "rows": rows, "new": 5400, "changed": 0, "unchanged": 0, "suppressed": 0, "invalid": 600, "duplicate": 0,
            "conflict": 0,
    }  # fmt: skip
    assert import_.results == {"new": 5400, "invalid": 600}
    assert Contact.objects.count() == 5400
    assert list(ImportRow.objects.order_by("line").values_list("line", flat=True)) == list(range(2, rows + 2))


@pytest.mark.django_db
def test_only_one_worker_has_the_lease() -> None:
    import_ = imports.prepare(make.received(b"email\na@example.test\n"))
    lease = take(Import.objects.filter(state__in=Import.AT_WORK), import_.pk)
    assert lease
    assert take(Import.objects.filter(state__in=Import.AT_WORK), import_.pk) is None
    assert waiting_imports(at=timezone.now()) == []
    lease.renew(line_done=7)
    assert waiting_imports(at=timezone.now() + 2 * LEASE) == [import_.pk]
    let_the_lease_run_out(import_)
    thief = take(Import.objects.filter(state__in=Import.AT_WORK), import_.pk)
    assert thief
    with pytest.raises(LeaseLost):
        lease.renew(line_done=8)
    with pytest.raises(LeaseLost):
        lease.release()
    lease.give_up()
    import_.refresh_from_db()
    assert (import_.line_done, import_.lease_until) == (7, thief.until)


@pytest.mark.django_db
def test_a_worker_that_lost_its_lease_leaves_the_rest_to_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "CHUNK", 1)
    import_ = imports.prepare(make.received(b"email\na@example.test\nb@example.test\n"))

    def stolen(now: Import) -> AbstractContextManager[BinaryIO]:
        let_the_lease_run_out(now)
        return open_file(now)

    monkeypatch.setattr(staging, "open_file", stolen)
    left = imports.carry_on(import_.pk, at=timezone.now())
    assert (left.state, left.rows_done) == (Import.State.STAGING, 0)
    monkeypatch.undo()
    assert imports.carry_on(import_.pk, at=timezone.now()).counts["new"] == 2


@pytest.mark.django_db
def test_an_error_frees_the_import_for_the_next_worker_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    import_ = imports.prepare(make.received(b"email\na@example.test\n"))

    def crash(*args: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(imports, "stage", crash)
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(RuntimeError):
            imports.carry_on(import_.pk, at=timezone.now())
        assert waiting_imports(at=timezone.now()) == [import_.pk]
    failed = imports.carry_on(import_.pk, at=timezone.now())
    assert failed.state == Import.State.FAILED
    assert "without progress" in failed.error


@pytest.mark.django_db
def test_a_failed_run_can_be_carried_on_where_it_stood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upserting, "STRETCH", 1)
    import_ = imports.start(make.checked(b"email\na@example.test\nb@example.test\nc@example.test\n"))
    lease = take(Import.objects.filter(state__in=Import.AT_WORK), import_.pk)
    assert lease
    assert upserting._write_next(import_, lease, rows=1)
    lease.release(state=Import.State.FAILED, error="stopped")
    done = imports.carry_on(imports.start(import_).pk, at=timezone.now())
    assert (done.state, done.results, done.rows_done) == (Import.State.COMPLETED, {"new": 3}, 3)


def test_people_made_by_others_meanwhile_are_found_and_not_lost(committed_db: CommittedDb) -> None:
    """The other's transaction is open while the stretch is written, and commits before it is through."""
    import_ = imports.start(make.checked(b"email,first_name\na@example.test,Ana\nb@example.test,Ben\n"))

    def other() -> None:
        with transaction.atomic():
            make.contact(email="b@example.test", external_id="b", first_name="Other")
            inserted.set()
            time.sleep(0.3)
        connection.close()

    inserted = threading.Event()
    thread = threading.Thread(target=other)
    thread.start()
    assert inserted.wait(PATIENCE_S)
    done = imports.carry_on(import_.pk, at=timezone.now())
    thread.join()
    assert done.results == {"new": 1, "changed": 1}
    ben = Contact.objects.get(email="b@example.test")
    assert (ben.first_name, ben.external_id) == ("Ben", "b")


def test_an_address_taken_by_others_meanwhile_is_a_conflict_not_a_crash(committed_db: CommittedDb) -> None:
    make.contact(email="old@example.test", external_id="c-1")
    import_ = imports.start(make.checked(b"email,id\nnew@example.test,c-1\n"))

    def other() -> None:
        with transaction.atomic():
            make.contact(email="new@example.test", external_id="c-2")
            inserted.set()
            time.sleep(0.3)
        connection.close()

    inserted = threading.Event()
    thread = threading.Thread(target=other)
    thread.start()
    assert inserted.wait(PATIENCE_S)
    done = imports.carry_on(import_.pk, at=timezone.now())
    thread.join()
    assert done.results == {"conflict": 1}
    assert Contact.objects.get(external_id="c-1").email == "old@example.test"


@pytest.mark.django_db
def test_a_deadlock_is_tried_again_and_other_trouble_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    import_ = imports.start(make.checked(b"email\na@example.test\n"))
    write_stretch, troubles = upserting._write_stretch, [AdminShutdown(), DeadlockDetected()]

    def troubled(now: Import, lease: Lease, rows: int) -> bool:
        if troubles:
            raise OperationalError from troubles.pop()
        return write_stretch(now, lease, rows)

    monkeypatch.setattr(upserting, "_write_stretch", troubled)
    with pytest.raises(OperationalError):
        imports.carry_on(import_.pk, at=timezone.now())
    assert imports.carry_on(import_.pk, at=timezone.now()).results == {"new": 1}


def test_two_upserts_of_one_new_person_at_once_make_one_person(committed_db: CommittedDb) -> None:
    def upsert(number: int) -> None:
        upsert_contact({"email": "ana@example.test", "external_id": "c-1", "first_name": f"Ana {number}"})
        connection.close()

    threads = [threading.Thread(target=upsert, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Contact.objects.get().first_name.startswith("Ana ")


@pytest.mark.django_db
def test_endless_contention_is_left_to_a_later_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    import_ = imports.start(make.checked(b"email\na@example.test\n"))
    monkeypatch.setattr(upserting, "TRIES", 0)
    with pytest.raises(TooMuchContention):
        imports.carry_on(import_.pk, at=timezone.now())
    monkeypatch.undo()
    assert imports.carry_on(import_.pk, at=timezone.now()).state == Import.State.COMPLETED


@pytest.mark.django_db
def test_the_tick_rings_for_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[tuple[int]] = []
    monkeypatch.setattr(tasks.carry_on_import, "apply_async", lambda args, **options: rung.append(args))
    import_ = imports.prepare(make.received(b"email\na@example.test\n"))
    tasks.tick()
    assert rung == [(import_.pk,)]
    tasks.carry_on_import(import_.pk)
    tasks.tick()
    assert rung == [(import_.pk,)]
    import_.refresh_from_db()
    assert import_.state == Import.State.CHECKED
    tasks.forget_import_files()
    import_.refresh_from_db()
    assert import_.file
    assert Path(import_.file.path).exists()
