"""Bulk jobs whose workers are killed."""

import signal
import subprocess
import sys
import time

from django.conf import settings
from django.utils import timezone

from segments.models import BulkJob, BulkTarget, Contact
from segments.services import bulk
from segments.services.attributes import register_attribute
from tests.conftest import CommittedDb

WORKER = """
import django, sys; django.setup()
from django.utils import timezone
from segments.services import bulk
bulk.STRETCH = 20
bulk.carry_on(int(sys.argv[1]), at=timezone.now())
"""


def test_killed_workers_leave_nobody_out_and_do_nobody_twice(committed_db: CommittedDb) -> None:
    register_attribute(name="plan", type="string")
    Contact.objects.bulk_create(Contact(external_id=f"c-{n}", attributes={"plan": "free"}) for n in range(2000))
    job = bulk.order_job(action="attribute", asked={"attribute": "plan", "value": "x"}, choice={}, by=None)
    for seen in (0, 400, 800):
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(job.pk)], env=committed_db.env, cwd=settings.BASE_DIR
        )
        while process.poll() is None and job.done <= seen:
            time.sleep(0.002)
            job.refresh_from_db()
        process.send_signal(signal.SIGKILL)
        process.wait()
        BulkJob.objects.filter(state__in=BulkJob.AT_WORK).update(lease_until=None)
    whole = bulk.carry_on(job.pk, at=timezone.now())
    assert (whole.state, whole.total, whole.done, whole.changed) == ("completed", 2000, 2000, 2000)
    assert BulkTarget.objects.filter(job=job, changed=True, before="free").count() == 2000
    assert bulk.carry_on(bulk.undo_job(whole, by=None, at=timezone.now()).pk, at=timezone.now()).changed == 2000
    assert Contact.objects.filter(attributes__plan="free").count() == 2000
