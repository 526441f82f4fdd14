"""What the engine writes, to look at."""

from typing import Any

from django.contrib import admin

from campaigns.models import Approval, Enrolment, EnrolmentEvent, JourneyVersion, Run, Step
from config.lib.admin import ReadOnlyAdmin


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin[Approval]):
    list_display = ["campaign", "by", "at", "fingerprint"]
    list_select_related = ["campaign", "by"]


class StepInline(admin.TabularInline[Step, JourneyVersion]):
    model = Step
    can_delete = False
    max_num = 0


@admin.register(JourneyVersion)
class JourneyVersionAdmin(ReadOnlyAdmin[JourneyVersion]):
    list_display = ["campaign", "number", "entry", "created_at"]
    list_select_related = ["campaign"]
    search_fields = ["campaign__name"]
    inlines = [StepInline]


@admin.register(Step)
class StepAdmin(ReadOnlyAdmin[Step]):
    list_display = ["version", "key", "kind", "config"]
    list_filter = ["kind"]
    list_select_related = ["version"]
    search_fields = ["version__campaign__name"]


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin[Run]):
    list_display = ["campaign", "number", "state", "audience", "started_at", "frozen_at", "ended_at"]
    list_filter = ["state"]
    list_select_related = ["campaign"]
    search_fields = ["campaign__name"]
    date_hierarchy = "started_at"


@admin.register(Enrolment)
class EnrolmentAdmin(ReadOnlyAdmin[Enrolment]):
    list_display = ["run", "contact_id", "step", "state", "outcome", "due_at"]
    list_filter = ["state"]
    list_select_related = ["run__campaign", "step"]
    search_fields = ["=contact_id"]
    search_help_text = "The number of a contact"


@admin.register(EnrolmentEvent)
class EnrolmentEventAdmin(ReadOnlyAdmin[EnrolmentEvent]):
    list_display: Any = ["at", "kind", "contact_id", "campaign_id", "run_id", "step_id", "outcome"]
    list_filter = ["kind"]
    search_fields = ["=contact_id"]
    search_help_text = "The number of a contact"
