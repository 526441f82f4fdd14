"""Bulk jobs: something done to many contacts, watched, cancelled, undone."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from config.api.auditing import audit
from config.lib import public_ids
from config.lib.errors import Conflict
from config.pages.filters import Choice
from config.pages.lists import Column, Empty, ListPage
from config.pages.views import Action, Page, find
from segments.actions import ACTIONS
from segments.models import BulkJob
from segments.services import bulk

State = BulkJob.State
STATES: dict[str, tuple[str, StrOrPromise]] = {
    State.CHOOSING: ("scheduled", gettext_lazy("Finding the people")),
    State.WORKING: ("active", gettext_lazy("At work")),
    State.COMPLETED: ("completed", gettext_lazy("Done")),
    State.CANCELLED: ("cancelled", gettext_lazy("Cancelled")),
    State.FAILED: ("failed", gettext_lazy("Stopped")),
}
_CRUMBS = ((gettext_lazy("Bulk jobs"), reverse_lazy("audience:jobs")),)


def ordered(
    page: Page, action: str, asked: Mapping[str, Any], choice: Mapping[str, Any], back: str = ""
) -> HttpResponse:
    """Ask for it, and go on. People who are ticked are few, and it is done at once; of many a worker takes care."""
    request = page.request
    with transaction.atomic():
        job = bulk.order_job(action=action, asked=asked, choice=choice, by=request.user.pk)
        audit(request, "bulk_job_ordered", "bulk_job", job.pk, {"action": action, "of": sorted(choice)})
    if "contacts" in choice:
        job = bulk.carry_on(job.pk, at=timezone.now())
    if job.state == State.FAILED:
        raise Conflict(job.error)
    if job.state in BulkJob.AT_WORK:
        return page.done(_("It has begun. You can close this page: the work goes on."), url_of(job))
    if job.leads_to:
        return page.done(_("The file is being written."), job.leads_to)
    undo = reverse("audience:job-undo", args=[_id(job)]) if bulk.is_undoable(job, at=timezone.now()) else ""
    return page.done(bulk.said(job), back or request.get_full_path(), undo=undo)


class Jobs(ListPage):
    """What was done to many, the latest first."""

    needs = {"GET": "contacts:read"}
    name, kind = "jobs", "bulk_job"
    noun = (gettext_lazy("bulk job"), gettext_lazy("bulk jobs"))
    title = gettext_lazy("Bulk jobs")
    sentence = gettext_lazy("What was done to many contacts at once. Most of it can be undone for 30 days.")
    columns = (
        Column("what", gettext_lazy("What"), lambda row: str(what(row))),
        Column("state", gettext_lazy("State"), lambda row: STATES[row.state], "template",
               template="segments/import_chip.html"),
        Column("total", gettext_lazy("People"), kind="number"),
        Column("changed", gettext_lazy("Changed"), kind="number"),
        Column("created_by", gettext_lazy("By"), lambda row: row.created_by or ""),
        Column("created_at", gettext_lazy("Asked for"), kind="ago", sort="id"),
    )  # fmt: skip
    filters = (Choice("state", gettext_lazy("State"), [(state, words) for state, (_tone, words) in STATES.items()]),)
    default_sort = "-created_at"
    empty = Empty(
        gettext_lazy("Nothing was done to many yet"),
        gettext_lazy("Tick contacts, or narrow their list and take them all: onto a list, a new value."),
        Action(gettext_lazy("Contacts"), reverse_lazy("audience:contacts"), "contacts:read"), icon="audience",
    )  # fmt: skip

    def rows(self) -> QuerySet[BulkJob]:
        return BulkJob.objects.select_related("created_by")

    def url_of(self, row: BulkJob) -> str:
        return url_of(row)


class OneJob(Page):
    """How far it is, what came of it, and the way back. The part that moves is asked for by htmx."""

    needs = {"GET": "contacts:read"}
    template_name = "segments/job.html"
    crumbs = _CRUMBS

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        job = find(BulkJob.objects.select_related("created_by", "undoes"), "bulk_job", public_id)
        self.title, self.chip = what(job), STATES[job.state]
        may = self.may(ACTIONS.get(job.action).need)
        undone_by = BulkJob.objects.filter(undoes=job).first()
        return self.render(
            "segments/job_state.html" if self.htmx else "",
            job=job, public_id=public_id, at_work=job.state in BulkJob.AT_WORK, said=bulk.said(job) if job.done else "",
            can_undo=may and not undone_by and bulk.is_undoable(job, at=timezone.now()),
            can_cancel=may and job.state in BulkJob.AT_WORK, can_resume=may and job.state == State.FAILED,
            undone_by=undone_by and url_of(undone_by), undoes=job.undoes and url_of(job.undoes),
        )  # fmt: skip


class _Deed(Page):
    """One thing done to a job; who may do what the job does may do that, too."""

    needs = {"POST": "contacts:read"}
    verb = ""

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        job = find(BulkJob.objects.all(), "bulk_job", public_id)
        if not self.may(ACTIONS.get(job.action).need):
            raise Conflict(_("That cannot be done here."))
        with transaction.atomic():
            led_to = self.act(job)
            audit(request, f"bulk_job_{self.verb}", "bulk_job", job.pk)
        return redirect(url_of(led_to))

    def act(self, job: BulkJob) -> BulkJob:
        raise NotImplementedError


class Cancel(_Deed):
    verb = "cancelled"

    def act(self, job: BulkJob) -> BulkJob:
        bulk.cancel_job(job, at=timezone.now())
        return job


class Resume(_Deed):
    verb = "resumed"

    def act(self, job: BulkJob) -> BulkJob:
        bulk.resume_job(job)
        return job


class Undo(_Deed):
    verb = "undone"

    def act(self, job: BulkJob) -> BulkJob:
        assert isinstance(self.request.user, User)
        return bulk.undo_job(job, by=self.request.user.pk, at=timezone.now())


def url_of(job: BulkJob) -> str:
    """The page of a job."""
    return reverse("audience:job", args=[_id(job)])


def what(job: BulkJob) -> str:
    """What it does, in words."""
    return ": ".join(part for part in bulk.in_words(job) if part)


def _id(job: BulkJob) -> str:
    return public_ids.encode("bulk_job", job.pk)
