"""What can be done to a campaign."""

from campaigns.services.approving import approve
from campaigns.services.drafts import archive, clone, create, edit
from campaigns.services.launching import hold, launch, recompute_schedules, release, schedule, unschedule
from campaigns.services.lifecycle import cancel, end, pause, resume

__all__ = [
    "approve",
    "archive",
    "cancel",
    "clone",
    "create",
    "edit",
    "end",
    "hold",
    "launch",
    "pause",
    "recompute_schedules",
    "release",
    "resume",
    "schedule",
    "unschedule",
]
