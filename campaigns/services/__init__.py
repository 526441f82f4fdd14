"""What can be done to a campaign."""

from campaigns.services.after_all import drop, mark_sent, replay, send_again
from campaigns.services.approving import approve
from campaigns.services.drafts import archive, clone, create, edit
from campaigns.services.launching import hold, launch, recompute_schedules, release, schedule, unschedule
from campaigns.services.lifecycle import adjust, cancel, end, pause, resume

__all__ = [
    "adjust",
    "approve",
    "archive",
    "cancel",
    "clone",
    "create",
    "drop",
    "edit",
    "end",
    "hold",
    "launch",
    "mark_sent",
    "pause",
    "recompute_schedules",
    "release",
    "replay",
    "resume",
    "schedule",
    "send_again",
    "unschedule",
]
