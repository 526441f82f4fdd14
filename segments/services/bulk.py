"""The life of a bulk job: asked for, its people chosen by one statement, gone through in stretches, undone by another.

Whoever carries on resumes behind `contact_done`, so nobody is left out or done twice by a worker that dies.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta
from itertools import islice
from time import monotonic
from typing import Any

import orjson
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext as _

from config.lib.errors import Conflict, DomainError, NotFound
from config.lib.leases import MAX_ATTEMPTS, Lease, LeaseLost, free, take
from config.lib.sql import Statements
from segments.actions import ACTIONS, ContactAction, Order
from segments.models import BulkJob, BulkTarget
from segments.selectors.choosing import chosen

_SQL = Statements("segments", "bulk")
State = BulkJob.State
STRETCH = 5000  # people a transaction, fewer where that takes long: a writing transaction holds all counters back
KEPT = timedelta(days=30)  # whom it concerned, and so undoing it
_PATIENCE = 1.0  # seconds
_FORGET_ROWS = 50_000


class JobStopped(DomainError):
    """Its worker stopped five times without progress. The log of the workers says why; then carry it on."""

    code = "job_stopped"


class JobOver(Conflict):
    """This job is over."""

    code = "job_over"


class NotUndoable(Conflict):
    """This cannot be undone, or it is undone already."""

    code = "not_undoable"


def order_job(*, action: str, asked: Mapping[str, Any], choice: Mapping[str, Any], by: int | None) -> BulkJob:
    """Ask for something to be done to the people of a choice; a worker takes it up within seconds.

    Raises NotFound for an action that is none, and what the action says of what was given.
    """
    if action not in ACTIONS:
        raise NotFound
    chosen({name: value for name, value in choice.items() if name != "contacts"})
    given = ACTIONS.get(action)().read(asked)
    return BulkJob.objects.create(action=action, given=given, choice=dict(choice), created_by_id=by)


def is_undoable(job: BulkJob, *, at: datetime) -> bool:
    """Whether it can be taken back, if nobody did that yet."""
    over = job.finished_at is not None and job.state not in BulkJob.AT_WORK and job.finished_at > at - KEPT
    return over and not job.undoes_id and job.changed > 0 and ACTIONS.get(job.action).undoable


def undo_job(job: BulkJob, *, by: int | None, at: datetime) -> BulkJob:
    """Take back what a job changed, but for what was changed again since. Raises NotUndoable."""
    if not is_undoable(job, at=at):
        raise NotUndoable
    try:
        with transaction.atomic():
            return BulkJob.objects.create(
                action=job.action, given=job.given, undoes=job, state=State.WORKING, total=job.changed, created_by_id=by
            )
    except IntegrityError:
        raise NotUndoable from None


def cancel_job(job: BulkJob, *, at: datetime) -> None:
    """Stop it where it is: what it has done stays, and can be undone. Raises JobOver."""
    at_work = BulkJob.objects.filter(pk=job.pk, state__in=BulkJob.AT_WORK)
    if not at_work.update(state=State.CANCELLED, lease_until=None, finished_at=at):
        raise JobOver
    job.refresh_from_db()


def resume_job(job: BulkJob) -> None:
    """Carry on a job that failed, where it stood. Raises JobOver."""
    state = State.WORKING if job.undoes_id or job.total else State.CHOOSING
    failed = BulkJob.objects.filter(pk=job.pk, state=State.FAILED)
    if not failed.update(state=state, error="", attempts=0, finished_at=None):
        raise JobOver
    job.refresh_from_db()


def waiting_jobs(*, at: datetime) -> list[int]:
    """Jobs with work to do and nobody at it."""
    at_work = BulkJob.objects.filter(state__in=BulkJob.AT_WORK)
    return list(free(at_work, at=at).order_by("pk").values_list("pk", flat=True))


def carry_on(job_id: int, *, at: datetime) -> BulkJob:
    """Do what a job waits for, to its end. Nothing when another worker has it.

    What a person can mend becomes state failed with the reason; other errors leave it to the next worker, five times.
    """
    lease = take(BulkJob.objects.filter(state__in=BulkJob.AT_WORK), job_id)
    job = BulkJob.objects.get(pk=job_id)
    if lease is None:
        return job
    with suppress(LeaseLost):
        try:
            _work(job, lease, at)
        except DomainError as error:
            lease.release(state=State.FAILED, error=error.detail, finished_at=at)
        except Exception:
            lease.give_up()
            raise
    job.refresh_from_db()
    return job


def _work(job: BulkJob, lease: Lease, at: datetime) -> None:
    if job.attempts > MAX_ATTEMPTS:
        raise JobStopped
    action, order = ACTIONS.get(job.action)(), Order(job.pk, job.given, job.created_by_id, at)
    if job.state == State.CHOOSING:
        _choose(job, lease)
        if leads_to := action.begin(order):
            lease.release(state=State.COMPLETED, leads_to=leads_to, finished_at=at)
            return
        lease.renew(state=State.WORKING)
    rows, more = STRETCH, True
    while more:
        began = monotonic()
        more = _go_through(job, lease, action, order, rows)
        if monotonic() - began > _PATIENCE:
            rows = max(rows // 2, 100)
    lease.release(state=State.COMPLETED, finished_at=at)


def _choose(job: BulkJob, lease: Lease) -> None:
    """Write down whom it concerns. They come from one statement, so they are those of one moment."""
    _forget(job.pk)
    lease.renew(total=0)
    ids = chosen(job.choice).values_list("pk", flat=True).iterator(chunk_size=STRETCH)
    while some := list(islice(ids, 2 * STRETCH)):
        with lease.transaction(), connection.cursor() as cursor:
            with cursor.copy(_SQL.text("copy_targets")) as copy:
                for contact_id in some:
                    copy.write_row((job.pk, contact_id))
            lease.renew(total=F("total") + len(some))


def _go_through(job: BulkJob, lease: Lease, action: ContactAction, order: Order, rows: int) -> bool:
    """The next stretch of people; whether there was one. Raises LeaseLost."""
    job.refresh_from_db(fields=["contact_done"])
    statement = "next_changed" if job.undoes_id else "next_stretch"
    found = _SQL.rows(statement, job=job.undoes_id or job.pk, after=job.contact_done, rows=rows)
    if not found:
        return False
    ids = [row[0] for row in found]
    if action.commits:
        lease.renew()
    with nullcontext() if action.commits else lease.transaction():
        changed = _done(job, action, order, found)
        progress = {"done": F("done") + len(ids), "changed": F("changed") + changed, "contact_done": ids[-1]}
        lease.renew(**progress)
    return True


def _done(job: BulkJob, action: ContactAction, order: Order, found: Sequence[tuple[Any, ...]]) -> int:
    if job.undoes_id:
        return action.take_back({row[0]: row[1] and orjson.loads(row[1]) for row in found}, order)
    ids = [row[0] for row in found]
    before = action.carry_out(ids, order)
    packed = [None if before.get(pk) is None else orjson.dumps(before[pk]).decode() for pk in ids]
    _SQL.count("note", job=job.pk, ids=ids, changed=[pk in before for pk in ids], before=packed)
    return len(before)


def forget_targets(*, before: datetime) -> int:
    """Give up whom jobs of before that time concerned, and with that undoing them. How many jobs."""
    old = BulkJob.objects.filter(Exists(BulkTarget.objects.filter(job=OuterRef("pk"))), finished_at__lt=before)
    for job in old:
        _forget(job.pk)
    return len(old)


def said(job: BulkJob) -> str:
    """What came of it, in words."""
    action = ACTIONS.get(job.action)()
    if job.undoes_id:
        return _("%(n)d of %(total)d undone; the others were changed again since.") % {
            "n": job.changed, "total": job.total,
        } if job.changed < job.total else _("%(n)d undone.") % {"n": job.changed}  # fmt: skip
    return action.said(job.given, changed=job.changed, total=job.done)


def in_words(job: BulkJob) -> tuple[str, str]:
    """(what it does, to what) of a job."""
    label = str(ACTIONS.get(job.action).label) if job.action in ACTIONS else job.action
    detail = " ".join(str(job.given[key]) for key in ("name", "attribute", "verb", "value") if job.given.get(key))
    return (_("Undo: %(what)s") % {"what": label} if job.undoes_id else label), detail


def _forget(job_id: int) -> None:
    more = True
    while more:
        (more,) = _SQL.row("forget_targets", job=job_id, rows=_FORGET_ROWS)
