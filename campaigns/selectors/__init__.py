"""Reads of campaigns."""

from campaigns.selectors.accounts import Account, waterfall, with_figures
from campaigns.selectors.approvals import (
    NEEDS_APPROVAL,
    approval_problems,
    fingerprint,
    is_approved,
    is_second_person,
    needs_approval,
)
from campaigns.selectors.explanations import Explanation, Happening, explain
from campaigns.selectors.forecasts import Forecast, Overlap, domains, forecast, overlap, zones
from campaigns.selectors.paces import Progress, progress
from campaigns.selectors.plans import EMPTY_AUDIENCE, audience_of, readiness, with_plan
from campaigns.selectors.runs import (
    due_schedules,
    entry_step,
    is_over,
    live_runs,
    runs_to_close,
    runs_to_freeze,
    schedules_between,
)
from campaigns.selectors.sentences import standing
from campaigns.selectors.timelines import Moment, timeline

__all__ = [
    "EMPTY_AUDIENCE",
    "NEEDS_APPROVAL",
    "Account",
    "Explanation",
    "Forecast",
    "Happening",
    "Moment",
    "Overlap",
    "Progress",
    "approval_problems",
    "audience_of",
    "domains",
    "due_schedules",
    "entry_step",
    "explain",
    "fingerprint",
    "forecast",
    "is_approved",
    "is_over",
    "is_second_person",
    "live_runs",
    "needs_approval",
    "overlap",
    "progress",
    "readiness",
    "runs_to_close",
    "runs_to_freeze",
    "schedules_between",
    "standing",
    "timeline",
    "waterfall",
    "with_figures",
    "with_plan",
    "zones",
]
