"""Bulk jobs: one thing done to many contacts by a worker."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from config.api.auditing import audit
from config.api.endpoints import Endpoint, find, shown
from config.api.parameters import ident
from config.api.permissions import require
from config.lib import public_ids
from config.lib.errors import FieldError, Invalid
from segments.actions import ACTIONS
from segments.api.serializers import BulkJobBody, BulkJobShown
from segments.models import BulkJob
from segments.services import bulk

_KIND = "bulk_job"


class BulkJobs(Endpoint):
    scopes = {"GET": "contacts:read", "POST": "contacts:read"}  # each action has a need of its own

    @extend_schema(operation_id="list_bulk_jobs", responses=BulkJobShown(many=True))
    def get(self, request: Any) -> Response:
        """All bulk jobs, the newest first."""
        return self.page(BulkJob.objects.all(), BulkJobShown)

    @extend_schema(operation_id="order_bulk_job", request=BulkJobBody, responses={202: BulkJobShown})
    def post(self, request: Any) -> Response:
        """Have something done to many contacts. A worker chooses them by one statement and goes through them."""
        body = self.body(BulkJobBody)
        if body["action"] not in ACTIONS:
            raise Invalid(FieldError("/action", f"choose from {', '.join(ACTIONS.kinds())}", "unknown"))
        require(request, ACTIONS.get(body["action"]).need)
        choice = _choice(body)
        with transaction.atomic():
            asked = body["given"]
            job = bulk.order_job(action=body["action"], asked=asked, choice=choice, by=request.user.pk)
            audit(request, "bulk_job_ordered", _KIND, job.pk, {"action": job.action, "of": sorted(choice)})
        location = f"/api/v1/bulk-jobs/{public_ids.encode(_KIND, job.pk)}"
        job.refresh_from_db()
        return shown(BulkJobShown(job).data, status=202, location=location)


class OneBulkJob(Endpoint):
    scopes = {"GET": "contacts:read"}

    @extend_schema(operation_id="get_bulk_job", parameters=[ident()], responses=BulkJobShown)
    def get(self, request: Any, public_id: str) -> Response:
        """How far it is, and what came of it."""
        return shown(BulkJobShown(find(BulkJob.objects, _KIND, public_id)).data)


class CancelBulkJob(Endpoint):
    scopes = {"POST": "contacts:read"}

    @extend_schema(operation_id="cancel_bulk_job", parameters=[ident()], request=None, responses=BulkJobShown)
    def post(self, request: Any, public_id: str) -> Response:
        """Stop it where it is: what it has done stays, and can be undone."""
        job = _allowed(request, public_id)
        with transaction.atomic():
            bulk.cancel_job(job, at=timezone.now())
            audit(request, "bulk_job_cancelled", _KIND, job.pk)
        return shown(BulkJobShown(job).data)


class UndoBulkJob(Endpoint):
    scopes = {"POST": "contacts:read"}

    @extend_schema(operation_id="undo_bulk_job", parameters=[ident()], request=None, responses={202: BulkJobShown})
    def post(self, request: Any, public_id: str) -> Response:
        """Take back what it changed, but for what was changed again since; this is a job, too."""
        job = _allowed(request, public_id)
        with transaction.atomic():
            back = bulk.undo_job(job, by=request.user.pk, at=timezone.now())
            audit(request, "bulk_job_undone", _KIND, job.pk)
        back.refresh_from_db()
        return shown(BulkJobShown(back).data, status=202)


def _allowed(request: Any, public_id: str) -> BulkJob:
    job = find(BulkJob.objects, _KIND, public_id)
    require(request, ACTIONS.get(job.action).need)
    return job


def _choice(body: dict[str, Any]) -> dict[str, Any]:
    """Raises Invalid when nobody is named: everybody is said by an empty `filters`."""
    if ("contact_ids" in body) == ("filters" in body):
        raise Invalid(
            FieldError("/contact_ids", "give contact_ids, or filters; empty filters mean everybody", "missing")
        )
    if "filters" in body:
        if wrong := [name for name in body["filters"] if name not in ("list", "segment", "import", "country", "mail")]:
            raise Invalid(*(FieldError(f"/filters/{name}", "is no filter", "unknown") for name in wrong))
        return dict(body["filters"])
    return {"contacts": body["contact_ids"]}
