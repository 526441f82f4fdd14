"""Reads of what a campaign is meant to be: its audience, and what it lacks to be launched."""

from collections.abc import Iterable, Iterator

from django.contrib.auth.models import User
from django.db.models import QuerySet

from campaigns.models import Campaign
from campaigns.selectors.approvals import approval_problems
from compliance.selectors import brand_problems
from config.lib.errors import DomainError, FieldError
from delivery import readiness as delivery_readiness
from delivery.models import Purpose
from segments.models import Contact, ContactList, Segment
from segments.selectors import audience, known_fields
from templates import proofing

EMPTY_AUDIENCE = "empty_audience"


def with_plan(campaign_id: int) -> Campaign:
    """A campaign as it stands now, with all that its messages are made of."""
    related = ("brand", "sender", "list", "template__current")
    return Campaign.objects.select_related(*related).get(pk=campaign_id)


def audience_of(campaign: Campaign) -> QuerySet[Contact]:
    """The people a campaign would reach if its audience were frozen now: by the compiler that freezes it."""
    return audience(
        segments=_ids(campaign.segments.all()),
        lists=_ids(campaign.lists.all()),
        excluded_segments=_ids(campaign.excluded_segments.all()),
        excluded_lists=_ids(campaign.excluded_lists.all()),
    )


def readiness(campaign: Campaign, *, by: User | None = None) -> list[FieldError]:
    """All that a campaign lacks to be launched, and what `by` may not do; empty when it is ready.

    `by` None is the system or the operator's command line.
    """
    audience_problems = _audience_problems(campaign)
    return [
        *audience_problems,
        *_sender_problems(campaign),
        *_archived_problems(campaign),
        *_template_problems(campaign),
        *_purpose_problems(campaign, by),
        *_resend_problems(campaign),
        *([] if audience_problems else approval_problems(campaign, audience_of(campaign), by)),
    ]


def _audience_problems(campaign: Campaign) -> list[FieldError]:
    segments, lists = [*campaign.segments.all()], [*campaign.lists.all()]
    if not segments and not lists:
        return [FieldError("/segments", "Choose at least one segment or list to send to.", "missing")]
    problems = [
        *_unusable("/segments", segments),
        *_unusable("/lists", lists),
        *_unusable("/excluded_segments", campaign.excluded_segments.all()),
        *_unusable("/excluded_lists", campaign.excluded_lists.all()),
    ]
    if not problems and not audience_of(campaign).exists():
        problems.append(FieldError("/segments", "Nobody is in this audience now.", EMPTY_AUDIENCE))
    return problems


def _unusable(pointer: str, chosen: Iterable[Segment | ContactList]) -> Iterator[FieldError]:
    for number, one in enumerate(chosen):
        if one.archived_at:
            yield FieldError(f"{pointer}/{number}", f"{one.name} is archived; choose another.", "archived")
        elif isinstance(one, Segment) and one.current_id is None:
            yield FieldError(f"{pointer}/{number}", f"Segment {one.name} has no rule yet.", "missing")


def _sender_problems(campaign: Campaign) -> list[FieldError]:
    problems = brand_problems(campaign.brand, campaign.sender)
    if problems or campaign.brand is None or campaign.sender is None:
        return problems
    return delivery_readiness.problems(campaign.brand, campaign.sender, campaign.list)


def _archived_problems(campaign: Campaign) -> Iterator[FieldError]:
    for field in ("brand", "sender", "template", "list"):
        chosen = getattr(campaign, field)
        if chosen is not None and chosen.archived_at:
            yield FieldError(f"/{field}", f"{chosen} is archived; choose another.", "archived")


def _template_problems(campaign: Campaign) -> list[FieldError]:
    if campaign.template is None:
        return [FieldError("/template", "Choose a message template.", "missing")]
    if campaign.template.current is None:
        return [FieldError("/template", f"Template {campaign.template} has no version yet.", "missing")]
    try:
        findings = proofing.proof(
            campaign.template.current,
            purpose=campaign.purpose,
            brand_postal_address=campaign.brand.postal_address if campaign.brand else "",
            known_fields=known_fields(),
        )
    except DomainError as error:  # it costs too much to be proofed, and so to be sent
        return [FieldError("/template", error.detail, error.code)]
    return [
        FieldError(f"/template{finding.pointer}", _in_words(finding), finding.code)
        for finding in findings
        if finding.level == "error"
    ]


def _in_words(finding: proofing.Finding) -> str:
    """`Not everybody sees an unsubscribe link (line 3). Add a visible link …`"""
    where = f" (line {finding.line})" if finding.line else ""
    return f"{finding.message[:1].upper()}{finding.message[1:]}{where}. {finding.fix}."


def _purpose_problems(campaign: Campaign, by: User | None) -> list[FieldError]:
    if campaign.purpose != Purpose.TRANSACTIONAL or by is None or by.has_perm("campaigns.send_transactional"):
        return []
    detail = "Sending with transactional purpose needs a permission that you do not have."
    return [FieldError("/purpose", detail, "forbidden")]


def _resend_problems(campaign: Campaign) -> list[FieldError]:
    if not campaign.resend_unknown or campaign.purpose == Purpose.TRANSACTIONAL:
        return []
    detail = "Only transactional mail may go out again by itself when nobody knows whether it did: switch this off."
    return [FieldError("/resend_unknown", detail, "transactional_only")]


def _ids(rows: QuerySet[Segment] | QuerySet[ContactList]) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True))
