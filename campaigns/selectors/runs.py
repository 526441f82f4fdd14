"""Reads of what the engine has to do."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from campaigns.models import Campaign, Enrolment, JourneyVersion, Run, Step
from delivery.selectors import ledger


def due_schedules(*, at: datetime) -> QuerySet[Campaign]:
    """Scheduled campaigns whose time has come and that nobody holds, the longest due first."""
    return _schedules().filter(scheduled_at__lte=at).order_by("scheduled_at", "pk")


def schedules_between(after: datetime, until: datetime) -> list[datetime]:
    """The instants of the schedules that fall due in (after, until], in order."""
    soon = _schedules().filter(scheduled_at__gt=after, scheduled_at__lte=until)
    return [at for at in soon.order_by("scheduled_at").values_list("scheduled_at", flat=True).distinct() if at]


def runs_to_freeze() -> list[int]:
    """Runs that wait to be frozen and that no living worker freezes."""
    unleased = Q(lease_until=None) | Q(lease_until__lt=Now())
    return list(Run.objects.filter(unleased, state=Run.State.FREEZING).order_by("pk").values_list("pk", flat=True))


def runs_to_close() -> list[int]:
    """Cancelled runs in which somebody still waits."""
    closing = Run.objects.filter(state=Run.State.CLOSING).order_by("pk").values_list("pk", flat=True)
    return [pk for pk in closing if _somebody_waits(pk)]


def live_runs() -> QuerySet[Run]:
    """Runs that have a whole audience, or will never have one, and have not ended."""
    live = Run.objects.filter(state__in=[Run.State.RUNNING, Run.State.CLOSING])
    return live.select_related("campaign").order_by("pk")


def is_over(run: Run) -> bool:
    """Whether nobody waits in a run and no message may still go out.

    Asked in this order: a planner commits its people and their messages in one transaction.
    """
    return not _somebody_waits(run.pk) and ledger.is_settled(run.campaign_id)


def entry_step(version: JourneyVersion) -> Step:
    return Step.objects.get(version=version, key=version.entry)


def _somebody_waits(run_id: int) -> bool:
    return Enrolment.objects.filter(run=run_id, state=Enrolment.State.WAITING).exists()


def _schedules() -> QuerySet[Campaign]:
    return Campaign.objects.filter(state=Campaign.State.SCHEDULED, held_reason="")
