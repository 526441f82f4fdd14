"""The list of dead letters, of all campaigns."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from campaigns import services
from campaigns.admin.deeds import DEEDS, audited
from campaigns.models import Campaign
from campaigns.selectors.reasons import in_words
from config.lib.admin import ReadOnlyAdmin
from config.lib.errors import DomainError
from delivery.dispositions import Choice
from delivery.models import DeadLetter


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnlyAdmin[DeadLetter]):
    list_display = ["at", "campaign_id", "message_id", "contact_id", "why", "error", "attempts", "resolution"]
    list_filter = ["reason", "resolution"]
    search_fields = ["=campaign_id", "=contact_id", "=fingerprint"]
    search_help_text = "A campaign's or a contact's id, or a fault's fingerprint"
    ordering = ["-pk"]
    actions = ["replay", "drop"]

    @admin.display(description="reason")
    def why(self, letter: DeadLetter) -> str:
        return in_words(letter.reason)

    def has_launch_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("campaigns.launch_campaign")

    @admin.action(description="Send after all", permissions=["launch"])
    def replay(self, request: HttpRequest, chosen: QuerySet[DeadLetter]) -> None:
        self._do(request, chosen, "replay")

    @admin.action(description="Drop", permissions=["launch"])
    def drop(self, request: HttpRequest, chosen: QuerySet[DeadLetter]) -> None:
        self._do(request, chosen, "drop")

    def _do(self, request: HttpRequest, chosen: QuerySet[DeadLetter], name: str) -> None:
        """Campaign by campaign, since each may refuse."""
        by, ids = cast(User, request.user), _ids_by_campaign(chosen)
        for campaign in Campaign.objects.filter(pk__in=ids):
            letters, note = Choice(campaign.pk, ids[campaign.pk]), audited(DEEDS[name].action, campaign, by)
            try:
                done = (
                    services.replay(campaign, letters, by=by, note=note)
                    if name == "replay"
                    else services.drop(letters, by=by, note=note)
                )
            except DomainError as error:
                self.message_user(request, f"{campaign}: {error.detail}", messages.ERROR)
            else:
                self.message_user(request, f"{campaign}: done for {done.count:,} messages.", messages.SUCCESS)


def _ids_by_campaign(chosen: QuerySet[DeadLetter]) -> dict[int, list[int]]:
    found: dict[Any, list[int]] = {}
    for campaign_id, pk in chosen.values_list("campaign_id", "pk"):
        found.setdefault(campaign_id, []).append(pk)
    return found
